// What is loaded with what is kept is what is loaded of nothing, whatever is edited; and what did
// not change is not read again.
#include "resources/kept_documents.hpp"

#include <catch2/catch.hpp>

#include "base/random.hpp"
#include "tests/unit/resources/reading.hpp"

using namespace resources;

namespace {

template <class List>
void describe(std::string& text, const char* kind, const List& list) {
  for (const auto& one : list)
    text += std::string(kind) + ' ' + one.metadata.cluster + '/' + one.metadata.namespace_ + '/' +
            one.metadata.name + " at " + one.metadata.place.file + ':' +
            std::to_string(one.metadata.place.line) + '\n';
}

std::string describe(const Documents& documents) {
  std::string text;
  describe(text, "VirtualDestination", documents.virtual_destinations);
  describe(text, "RouteTable", documents.route_tables);
  describe(text, "Service", documents.services);
  describe(text, "EndpointSlice", documents.endpoint_slices);
  describe(text, "service", documents.static_services);
  describe(text, "RetryTimeoutPolicy", documents.retry_timeout_policies);
  return text;
}

std::string describe(const Loaded& loaded) {
  auto text = describe(loaded.documents) + "broken:\n" + describe(loaded.broken);
  for (const auto& line : lines(loaded.problems)) text += line + '\n';
  return text;
}

std::string gloo(const char* kind, const std::string& name, const std::string& spec,
                 const std::string& cluster = "") {
  return std::string("apiVersion: networking.gloo.solo.io/v2\nkind: ") + kind +
         "\nmetadata: {name: " + name +
         (cluster.empty() ? "" : ", annotations: {cluster.solo.io/cluster: " + cluster + "}") +
         "}\nspec: " + spec + "\n";
}

// One of few, so that they clash, close cycles and are mended again.
std::string document(base::Random& random) {
  const auto n = [&random] { return std::to_string(random.below(4)); };
  switch (random.below(10)) {
    case 0:
      return "service: s" + n() + "\nport: 8" + n() + "\nendpoints: [10.0.0." + n() + "]\n";
    case 1:
      return "service: s" + n() + "\nprot: 80\n";
    case 2:
      return "apiVersion: v1\nkind: Service\nmetadata: {name: s" + n() +
             "}\nspec: {ports: [{port: 80}]}\n";
    case 3:
      return "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n"
             "metadata: {name: e" +
             n() + ", labels: {kubernetes.io/service-name: s" + n() +
             "}}\nports: [{port: 80}]\nendpoints: [{addresses: [10.0.1." + n() + "]}]\n";
    case 4:
    case 5:
      return gloo("VirtualDestination", "d" + n(),
                  "{hosts: [h" + n() + ".mesh.internal, h" + n() +
                      "x.mesh.internal], services: [{name: s" + n() + "}], ports: [{number: 80}]}",
                  random.chance(0.3) ? "west" : "");
    case 6:
      return gloo("RouteTable", "t" + n(),
                  "{http: [{delegate: {routeTables: [{name: t" + n() + "}]}}]}");
    case 7:
      return gloo("RouteTable", "t" + n(),
                  "{hosts: [h" + n() +
                      ".mesh.internal], http: [{delegate: {routeTables: [{name: t" + n() +
                      "}]}}]}");
    case 8:
      return "apiVersion: resilience.policy.gloo.solo.io/v2\nkind: RetryTimeoutPolicy\n"
             "metadata: {name: p" +
             n() + "}\nspec: {config: {requestTimeout: 1s}}\n";
    default:
      return "a: [\n";
  }
}

std::string text(base::Random& random) {
  std::string text;
  for (auto documents = random.below(4); documents > 0; --documents)
    text += "---\n" + document(random);
  return text;
}

}  // namespace

TEST_CASE("with what is kept the same is loaded as of nothing", "[resources]") {
  base::Random random(4);
  KeptDocuments kept;
  std::vector<File> files;
  for (int step = 0; step < 2'000; ++step) {
    const auto which = random.below(6);
    const auto name = "f" + std::to_string(which) + (which % 2 ? ".yaml" : ".yml");
    const auto known = std::ranges::find(files, name, &File::name);
    if (known == files.end())
      files.insert(files.begin() + static_cast<std::ptrdiff_t>(random.below(files.size() + 1)),
                   {name, text(random)});
    else if (random.chance(0.2))
      files.erase(known);
    else
      known->text = text(random);
    REQUIRE(describe(kept.load(files)) == describe(load(files)));
    if (random.chance(0.7)) kept.forget_unused();
  }
}

TEST_CASE("a file that did not change is not read again, and its documents are the same objects",
          "[resources]") {
  KeptDocuments kept;
  std::vector<File> files{{"a.yaml", "service: a\nport: 80\nendpoints: []\n"},
                          {"b.yaml", "service: b\nport: 80\nendpoints: []\n"}};
  const auto before = kept.load(files).documents.static_services;
  kept.forget_unused();
  CHECK(kept.parsed() == 2);
  files[1].text += "labels: {app: b}\n";
  const auto after = kept.load(files).documents.static_services;
  CHECK(kept.parsed() == 3);
  CHECK(&before[0] == &after[0]);
  CHECK(&before[1] != &after[1]);

  // Of two texts that are loaded in turn both are kept, until they are no longer needed.
  files[1].text = "service: b\nport: 80\nendpoints: []\n";
  CHECK(&kept.load(files).documents.static_services[1] == &before[1]);
  kept.forget_unused();
  kept.load(files);
  kept.forget_unused();
  files[1].text += "labels: {app: b}\n";
  kept.load(files);
  CHECK(kept.parsed() == 4);

  // The name counts, too: it stands in every place.
  kept.load({{"c.yaml", files[0].text}});
  CHECK(kept.parsed() == 5);
}
