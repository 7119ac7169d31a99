// A rehearsal that has seen other documents before finds what one finds that has not, and what a
// store keeps of files never changes what it accepts.
#include "agent/alone.hpp"

#include <catch2/catch.hpp>

#include "agent/document_store.hpp"
#include "agent/settings.hpp"
#include "base/random.hpp"

using namespace agent;

namespace {

std::string gloo(const char* kind, const std::string& name, const std::string& spec) {
  return std::string("apiVersion: networking.gloo.solo.io/v2\nkind: ") + kind +
         "\nmetadata: {name: " + name + "}\nspec: " + spec + "\n";
}

// One of few, so that routes find and lose what they lead to, and ports their forwarder.
std::string document(base::Random& random, bool services_only) {
  const auto n = [&random] { return std::to_string(random.below(3)); };
  switch (services_only ? random.below(3) : random.below(7)) {
    case 0:
      return "service: s" + n() + "\nports: {http: 808" + n() + ", db: " + n() +
             "432}\nendpoints: [10.0.0." + std::to_string(1 + random.below(3)) +
             ", {address: 10.0.1.1, labels: {version: v" + n() + "}}]\n";
    case 1:
      return "service: s" + n() + "\nport: 8080\nendpoints: [{address: 10.0.0." +
             std::to_string(1 + random.below(3)) + ", ready: false}]\n";
    case 2:
      return "apiVersion: v1\nkind: Service\nmetadata: {name: s" + n() +
             "}\nspec: {ports: [{port: 80, targetPort: 8080}]}\n";
    case 3:
      return gloo(
          "VirtualDestination", "d" + n(),
          "{hosts: [h" + n() + ".mesh.internal], services: [{name: s" + n() +
              "}], ports: [{number: 80, protocol: " + (random.chance(0.5) ? "HTTP" : "TCP") +
              ", targetPort: {number: 808" + n() + "}}]}");
    case 4:
      return gloo("RouteTable", "t" + n(),
                  "{hosts: [h" + n() +
                      ".mesh.internal], http: [{forwardTo: {destinations: [{ref: "
                      "{name: s" +
                      n() + "}, port: {number: 808" + n() + "}}]}}]}");
    case 5:
      return gloo("RouteTable", "t" + n(),
                  "{hosts: [s" + n() +
                      ".default.mesh.internal], http: [{matchers: [{uri: {regex: '" +
                      (random.chance(0.3) ? "(" : "/a.*") +
                      "'}}], forwardTo: {destinations: [{ref: {name: d" + n() +
                      "}, kind: VIRTUAL_DESTINATION, subset: {version: v" + n() + "}}]}}]}");
    default:
      return "a: [\n";
  }
}

std::string lines(const resources::Problems& problems) {
  std::string text;
  for (const auto& problem : problems) text += problem.to_string() + '\n';
  return text;
}

std::string describe(const Alone& alone) {
  auto text = lines(alone.problems);
  for (const auto& conflict : alone.conflicts) text += conflict + '\n';
  for (const auto& listener : alone.listeners) text += listener.to_string() + '\n';
  for (const auto& status : alone.statuses) {
    text += status.object + ' ' + std::string(to_string(status.state)) + '\n';
    for (const auto& note : status.notes) text += "  " + note + '\n';
  }
  return text;
}

std::string describe(const AcceptedDocuments& accepted) {
  auto text = lines(accepted.problems);
  for (const auto& file : accepted.held_back) text += "held back " + file + '\n';
  for (const auto& file : accepted.never_good) text += "never good " + file + '\n';
  const auto add = [&text](const auto& list) {
    for (const auto& one : list)
      text += one.metadata.name + ' ' + one.metadata.place.file + ':' +
              std::to_string(one.metadata.place.line) + '\n';
  };
  add(accepted.documents.services);
  add(accepted.documents.static_services);
  add(accepted.documents.virtual_destinations);
  add(accepted.documents.route_tables);
  return text;
}

Config east() {
  return parse_config("agent.yaml", "cluster: east\nforwarder: {listen: 127.0.0.9}\n").config;
}

void edit(std::vector<resources::File>& files, base::Random& random, bool services_only) {
  for (auto edits = random.below(3); edits > 0; --edits)
    files[random.below(files.size())].text =
        document(random, services_only) +
        (random.chance(0.3) ? "---\n" + document(random, services_only) : "");
}

std::vector<resources::File> no_files() {
  std::vector<resources::File> files;
  for (int i = 0; i < 6; ++i) files.push_back({"f" + std::to_string(i) + ".yaml", ""});
  return files;
}

}  // namespace

TEST_CASE("a rehearsal finds what one finds that has seen nothing before", "[agent]") {
  base::Random random(11);
  const auto config = east();
  auto files = no_files();
  Rehearsal rehearsal;
  resources::KeptDocuments kept;
  for (int step = 0; step < 1'000; ++step) {
    edit(files, random, step / 50 % 2 == 1);
    const auto documents = kept.load(files).documents;
    kept.forget_unused();
    const auto others = others_of(config);
    if (random.chance(0.5))
      REQUIRE(describe(rehearsal.serve(config, documents, others)) ==
              describe(Rehearsal().serve(config, documents, others)));
    auto errors = Rehearsal().serve(config, documents, others).problems;
    std::erase_if(errors, [](const auto& p) { return p.severity != resources::Severity::error; });
    REQUIRE(lines(rehearsal.errors(config, documents, others)) == lines(errors));
  }
}

TEST_CASE("a store that keeps what was rehearsed accepts what another accepts", "[agent]") {
  base::Random random(12);
  const auto config = east();
  auto files = no_files();
  Rehearsal rehearsal;
  DocumentStore store, other;
  const DocumentStore::Judge keeps = [&](const auto& documents) {
    return rehearsal.errors(config, documents, others_of(config));
  };
  const DocumentStore::Judge forgets = [&](const auto& documents) {
    return Rehearsal().errors(config, documents, others_of(config));
  };
  for (int step = 0; step < 500; ++step) {
    edit(files, random, false);
    REQUIRE(describe(*store.accept(files, {}, keeps)) ==
            describe(*other.accept(files, {}, forgets)));
  }
}

TEST_CASE("a store reads the files that changed", "[agent]") {
  DocumentStore store;
  auto files = no_files();
  for (std::size_t i = 0; i < files.size(); ++i)
    files[i].text = "service: s" + std::to_string(i) + "\nport: 80\nendpoints: []\n";
  store.accept(files);
  CHECK(store.parsed() == files.size());
  files[2].text += "labels: {app: s2}\n";
  store.accept(files);
  CHECK(store.parsed() == files.size() + 1);
  // Held back for as long as it is bad: its last good text is not read again, nor is the bad one.
  files[3].text = "a: [\n";
  for (int i = 0; i < 3; ++i) store.accept(files);
  CHECK(store.parsed() == files.size() + 2);
}
