// What a change of documents does to the rows leads to the rows that they all make, whatever
// changes.
#include "discovery/sources/kept_rows.hpp"

#include <map>

#include "base/random.hpp"
#include "resources/kept_documents.hpp"

#include <catch2/catch.hpp>

using namespace discovery;

namespace {

using Known = std::map<base::Bytes, base::Bytes>;

// Nothing is written that is as it was, and nothing gone that was not there.
void apply(Known& known, const RowChanges& changes) {
  for (const auto& key : changes.gone) REQUIRE(known.erase(key) == 1);
  for (const auto& [key, value] : changes.written) {
    const auto at = known.find(key);
    REQUIRE((at == known.end() || at->second != value));
    known[key] = value;
  }
}

Known known(const std::vector<EncodedRow>& rows) {
  Known known;
  for (const auto& [key, value] : rows) known[key] = value;
  return known;
}

std::string lines(const resources::Problems& problems) {
  std::string text;
  for (const auto& problem : problems) text += problem.to_string() + '\n';
  return text;
}

std::string metadata(base::Random& random, const std::string& name) {
  const char* exported[] = {"",
                            "",
                            "",
                            ", annotations: {nearmost.io/export: \"false\"}",
                            ", annotations: {nearmost.io/export: \"perhaps\"}",
                            ", annotations: {cluster.solo.io/cluster: west}"};
  return "metadata: {name: " + name + ", namespace: n" + std::to_string(random.below(2)) +
         exported[random.chance(0.02)    ? 4
                  : random.below(6) == 4 ? 0
                                         : random.below(4)] +
         "}\n";
}

std::string document(base::Random& random) {
  const auto n = [&random] { return std::to_string(random.below(4)); };
  switch (random.below(4)) {
    case 0:
      return "service: s" + n() + "\nnamespace: n" + std::to_string(random.below(2)) + "\nport: 8" +
             n() + "\nendpoints: [10.0.0." + std::to_string(1 + random.below(4)) + ", x" + n() +
             ".example]\n";
    case 1:
      return "apiVersion: v1\nkind: Service\n" + metadata(random, "s" + n()) +
             "spec: {ports: [{port: 80}]" +
             (random.chance(0.3) ? ", type: ExternalName, externalName: x" + n() + ".example"
                                 : "") +
             "}\n";
    case 2:
      return "apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\naddressType: IPv4\n"
             "metadata: {name: e" +
             n() + ", namespace: n" + std::to_string(random.below(2)) +
             ", labels: {kubernetes.io/service-name: s" + n() +
             "}}\nports: [{port: 80}]\nendpoints: [{addresses: [10.0.1." +
             std::to_string(1 + random.below(4)) + "], " +
             (random.chance(0.5) ? "zone: z" + n() : "nodeName: m" + n()) +
             (random.chance(0.5) ? ", targetRef: {kind: Pod, name: p" + n() + ", uid: u" + n() + "}"
                                 : "") +
             "}]\n";
    default:
      return "apiVersion: networking.gloo.solo.io/v2\nkind: VirtualDestination\n" +
             metadata(random, "d" + n()) + "spec: {hosts: [h" + n() +
             ".mesh.internal], services: [{name: s" + n() + "}], ports: [{number: 80}]}\n";
  }
}

}  // namespace

TEST_CASE("changes of rows lead to the rows that all documents make", "[sources]") {
  base::Random random(7);
  resources::KeptDocuments documents;
  sources::KeptRows kept;
  sources::ExportRule rule;
  Known rows, home;
  std::vector<resources::File> files;
  for (int i = 0; i < 8; ++i) files.push_back({"f" + std::to_string(i) + ".yaml", ""});
  sources::Seen seen;
  std::size_t problems = 0;
  for (int step = 0; step < 3'000; ++step) {
    for (auto edits = random.below(3); edits > 0; --edits)
      files[random.below(files.size())].text =
          document(random) + (random.chance(0.3) ? "---\n" + document(random) : "");
    if (random.chance(0.05)) std::swap(files[random.below(8)], files[random.below(8)]);
    if (random.chance(0.02))
      rule.except_namespaces =
          random.chance(0.5) ? std::vector<std::string>{"n1"} : std::vector<std::string>{};
    if (random.chance(0.2)) {
      auto& addresses = seen.names["x" + std::to_string(random.below(4)) + ".example"].addresses;
      addresses.clear();
      for (auto n = random.below(3); n > 0; --n)
        addresses.push_back(base::IpAddress::v4(static_cast<std::uint32_t>(0x0a000200 + n)));
    }
    if (random.chance(0.2)) {
      const sources::EndpointName endpoint{"n" + std::to_string(random.below(2)),
                                           "s" + std::to_string(random.below(4)),
                                           "10.0.0." + std::to_string(1 + random.below(4))};
      if (!seen.failing.emplace(endpoint, "refuses connections").second)
        seen.failing.erase(endpoint);
    }
    if (random.chance(0.1)) {
      auto places = seen.places ? *seen.places : sources::NodePlaces();
      const auto n = [&random] { return std::to_string(random.below(4)); };
      places.nodes[resources::node_number("m" + n())] = {"r" + n(), "z" + n(), ""};
      places.regions["z" + n()] = "r" + n();
      seen.places = std::make_shared<const sources::NodePlaces>(std::move(places));
    }
    if (random.chance(0.2)) {
      auto pods = seen.pods ? *seen.pods : sources::PodLabels();
      const auto n = [&random] { return std::to_string(random.below(4)); };
      const auto ref =
          resources::PodRef::of("n" + std::to_string(random.below(2)), "p" + n(), "u" + n());
      if (random.chance(0.3))
        pods.pods.erase(ref.name);
      else
        pods.pods[ref.name] = {ref, {{"version", "v" + n()}}};
      seen.pods = random.chance(0.05) ? nullptr
                                      : std::make_shared<const sources::PodLabels>(std::move(pods));
    }
    const auto loaded = documents.load(files).documents;
    documents.forget_unused();
    const auto update = kept.update(loaded, rule, seen);
    apply(rows, update.rows);
    apply(home, update.home);
    const auto made = sources::make_rows(loaded, rule, seen);
    REQUIRE(rows == known(made.rows));
    REQUIRE(home == known(made.home));
    REQUIRE(lines(update.problems) == lines(made.problems));
    problems += made.problems.empty() ? 0 : 1;
  }
  CHECK(problems > 100);
  CHECK(problems < 2'900);
}
