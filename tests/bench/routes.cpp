// routes [--json FILE]: what the forwarder's index and its compiler cost beside their peers: a
// matcher that tries one route after the other, as Envoy does, and RE2::Set as it comes.
//
// All times are this thread's processor time. Look-ups take their keys at random from all, so that
// nearly each finds the caches cold: 100,000 routes do not fit in them.
#include <re2/re2.h>
#include <re2/set.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "forwarder/compile.hpp"
#include "tests/bench/processor.hpp"
#include "tests/bench/report.hpp"

namespace {

using bench::ms;
using bench::processor_time;
using bench::Report;

constexpr std::size_t kMany = 100'000, kTables = 1'000, kPatterns = 1'000;

// Times what it is called with, for each of `n` calls; in nanoseconds each.
template <class Call>
double each(std::size_t n, Call call) {
  const auto began = processor_time();
  for (std::size_t i = 0; i < n; ++i) call(i);
  return ms(processor_time() - began) * 1e6 / static_cast<double>(n);
}

std::string team(std::size_t n) {
  // As long as paths are, and nothing in common but the beginning.
  return "/api/v1/team-" + std::to_string(n * 7'919 % 1'000'003) + "/service-" + std::to_string(n);
}

resources::HttpMatcher on_path(resources::PathMatch::Kind kind, std::string path) {
  resources::HttpMatcher matcher;
  matcher.path = resources::PathMatch{kind, std::move(path), false};
  return matcher;
}

resources::RouteTable table_of(const std::string& name, const std::string& host) {
  resources::RouteTable table;
  table.metadata.name = name;
  table.metadata.namespace_ = "bench";
  table.hosts = {host};
  return table;
}

void add_route(resources::RouteTable& table, resources::HttpMatcher matcher, std::size_t service) {
  auto& route = table.http.emplace_back();
  route.matchers.push_back(std::move(matcher));
  resources::ForwardTo forward;
  auto& to = forward.destinations.emplace_back();
  to.ref.name = "service" + std::to_string(service);
  to.ref.namespace_ = "shop";
  to.port.number = 80;
  route.action = std::move(forward);
}

// Half exact, half prefixes.
resources::RouteTable many_routes(const std::string& name, const std::string& host,
                                  std::size_t first, std::size_t n) {
  auto table = table_of(name, host);
  using Kind = resources::PathMatch::Kind;
  for (auto i = first; i < first + n; ++i)
    add_route(table, on_path(i % 2 ? Kind::exact : Kind::prefix, team(i)), i % kTables);
  return table;
}

// One that every pattern has to be looked at for: none begins with a literal.
std::string pattern(std::size_t n) {
  return ".*/item" + std::to_string(n) + "/[a-z0-9]+(?:/edit)?";
}

// A mesh of a thousand services with ten endpoints each.
class Mesh {
 public:
  Mesh() {
    for (std::size_t n = 0; n < kTables; ++n) {
      services_.push_back(service(n, 10));
      destinations_.push_back(destination(n));
    }
    std::ranges::sort(destinations_, {}, [](const auto& d) { return d->host; });
  }
  void change_endpoints() {
    auto& one = destinations_[destinations_.size() / 2];
    auto next = std::make_shared<discovery::view::Destination>(*one);
    auto service = std::make_shared<discovery::view::Service>(*next->services.front());
    auto& ip = service->endpoints.front().ip;
    ip = base::IpAddress::v4(0x0b000000 + ++changes_);
    const auto was = std::ranges::find(services_, next->services.front());
    *was = service;
    next->services = {std::move(service)};
    one = std::move(next);
  }
  std::shared_ptr<const discovery::view::Resolution> resolve() {
    auto view = std::make_shared<discovery::view::View>();
    view->cluster = "east";
    view->synced = true;
    view->services = services_;
    view->destinations = destinations_;
    return resolver_.resolve(std::move(view));
  }

 private:
  static std::shared_ptr<const discovery::view::Service> service(std::size_t n,
                                                                 std::uint32_t size) {
    auto made = std::make_shared<discovery::view::Service>();
    made->cluster = "east";
    made->namespace_ = "shop";
    made->name = "service" + std::to_string(n);
    made->ports = {{"http", 80, "", 8080, ""}};
    const auto traits = std::make_shared<const discovery::view::Traits>(
        discovery::view::Traits{"east", {}, {{"http", 8080}}, {}, {}, {}});
    for (std::uint32_t i = 0; i < size; ++i) {
      auto& endpoint = made->endpoints.emplace_back();
      endpoint.ip = base::IpAddress::v4(0x0a000000 + static_cast<std::uint32_t>(n) * 256 + i);
      endpoint.traits = traits;
    }
    return made;
  }
  std::shared_ptr<const discovery::view::Destination> destination(std::size_t n) const {
    auto made = std::make_shared<discovery::view::Destination>();
    made->host = "service" + std::to_string(n) + ".shop.mesh.internal";
    made->namespace_ = "shop";
    made->name = "service" + std::to_string(n);
    made->cluster = "east";
    made->ports = {{80, "http", "HTTP", "", 0}};
    made->services = {services_[n]};
    return made;
  }

  std::vector<std::shared_ptr<const discovery::view::Service>> services_;
  std::vector<std::shared_ptr<const discovery::view::Destination>> destinations_;
  discovery::view::Resolver resolver_;
  std::uint32_t changes_ = 0;
};

const forwarder::ForwarderConfig kConfig{
    "east", {base::IpAddress::v4(0x7f000001)}, forwarder::Others::none};

resources::Documents documents_of(const resources::SharedList<resources::RouteTable>& tables) {
  resources::Documents documents;
  documents.route_tables = tables;
  return documents;
}

struct Asked {
  forwarder::http::RequestHead head;
  forwarder::Request request;
  Asked(std::string_view host, std::string_view path) {
    head.method = "GET";
    head.authority = host;
    head.path = path;
    request.port = 80;
    request.head = &head;
  }
};

void measure_lookups(Report& report, Mesh& mesh) {
  report.title("look-up in 100,000 routes of one host, keys at random");
  forwarder::KeptTable kept;
  const auto documents = documents_of({many_routes("main", "h", 0, kMany)});
  const auto resolution = mesh.resolve();
  const auto began = processor_time();
  const auto compiled = forwarder::compile(documents, *resolution, kConfig, kept);
  report.at_most("compile, from documents", ms(processor_time() - began), 1'000, "ms");
  if (!compiled.problems.empty()) std::printf("%s\n", compiled.problems[0].to_string().c_str());

  base::Random random(1);
  std::vector<std::string> paths(200'000);
  for (auto& path : paths) path = team(random.below(kMany));
  Asked asked("h", "");
  const auto* host = compiled.table->routes->find(asked.request)->routes.get();
  std::size_t found = 0;
  const auto index = each(paths.size(), [&](std::size_t i) {
    asked.head.path = paths[i];
    found += host->find(asked.request) != nullptr;
  });
  if (found != paths.size()) std::printf("only %zu found\n", found);
  const auto linear = each(300, [&](std::size_t i) {
    asked.head.path = paths[i];
    for (const auto* entry : host->entries())
      if (!mismatch(entry->matcher, asked.request)) break;
  });
  report.at_most("one look-up", index, 500, "ns");
  report.at_most("trying them in order", linear, 0, "ns");
  const auto decided = each(paths.size(), [&](std::size_t i) {
    asked.head.path = paths[i];
    found += compiled.table->decide(asked.request, random).route.empty();
  });
  report.at_most("the whole decision, host and action too", decided, 0, "ns");
}

void measure_last(Report& report, Mesh& mesh) {
  report.title("the last of 10,000 routes beside the only one, asked again and again");
  const auto resolution = mesh.resolve();
  double cost[2]{};
  for (const std::size_t n : {std::size_t{1}, std::size_t{10'000}}) {
    forwarder::KeptTable kept;
    const auto compiled = forwarder::compile(documents_of({many_routes("main", "h", 0, n)}),
                                             *resolution, kConfig, kept);
    const auto path = team(n - 1);
    Asked asked("h", path);
    base::Random random(1);
    auto& least = cost[n > 1];
    for (int round = 0; round < 5; ++round) {
      const auto now =
          each(200'000, [&](std::size_t) { compiled.table->decide(asked.request, random); });
      least = round == 0 ? now : std::min(least, now);
    }
  }
  report.at_most("decision among one", cost[0], 0, "ns");
  report.at_most("decision, the last of 10,000", cost[1], 0, "ns");
}

void measure_changes(Report& report, Mesh& mesh) {
  report.title("a change among 1,000 tables of 100 routes, 1,000 services of 10 endpoints");
  resources::SharedList<resources::RouteTable> tables;
  for (std::size_t n = 0; n < kTables; ++n)
    tables.push_back(many_routes("t" + std::to_string(n), "h" + std::to_string(n), n * 100, 100));
  forwarder::KeptTable kept;
  auto resolution = mesh.resolve();
  auto last = forwarder::compile(documents_of(tables), *resolution, kConfig, kept);
  const auto compile = [&] {
    const auto documents = documents_of(tables);
    const auto began = processor_time();
    auto next = forwarder::compile(documents, *resolution, kConfig, kept);
    const auto took = ms(processor_time() - began);
    last = std::move(next);
    return took;
  };
  const auto median = [](auto measure) {
    std::vector<double> times;
    for (int i = 0; i < 31; ++i) times.push_back(measure());
    return bench::percentile(times, 0.5);
  };
  report.at_most("nothing changed", median(compile), 0, "ms");
  report.at_most("endpoints of one service", median([&] {
                   mesh.change_endpoints();
                   resolution = mesh.resolve();
                   return compile();
                 }),
                 2, "ms");
  std::size_t n = 0;
  report.at_most("one table", median([&] {
                   auto pointers = tables.pointers();
                   const auto which = ++n * 31 % kTables;
                   auto changed = *pointers[which];
                   std::swap(changed.http.front(), changed.http.back());
                   pointers[which] =
                       std::make_shared<const resources::RouteTable>(std::move(changed));
                   tables = {};
                   for (auto& one : pointers) tables.push_back(std::move(one));
                   return compile();
                 }),
                 2, "ms");
}

void measure_patterns(Report& report, Mesh& mesh) {
  report.title("1,000 regular expressions without a common beginning");
  auto table = table_of("main", "h");
  for (std::size_t n = 0; n < kPatterns; ++n)
    add_route(table, on_path(resources::PathMatch::Kind::regex, pattern(n)), n);
  forwarder::KeptTable kept;
  const auto resolution = mesh.resolve();
  const auto compiled =
      forwarder::compile(documents_of({std::move(table)}), *resolution, kConfig, kept);
  re2::RE2::Set as_it_comes(re2::RE2::Options(), re2::RE2::ANCHOR_BOTH);
  for (std::size_t n = 0; n < kPatterns; ++n) as_it_comes.Add(pattern(n), nullptr);
  as_it_comes.Compile();

  base::Random random(1);
  std::vector<std::string> paths(20'000);
  for (auto& path : paths) {
    const auto n = random.below(kPatterns);
    path = "/shop/item" + std::to_string(n) + "/a" + std::to_string(random.below(100));
  }
  Asked asked("h", "");
  std::size_t found = 0;
  const auto look = [&](std::size_t i) {
    asked.head.path = paths[i % paths.size()];
    found += !compiled.table->decide(asked.request, random).route.empty();
  };
  each(paths.size(), look);
  const auto ours = each(paths.size(), look);
  if (found != 2 * paths.size()) std::printf("only %zu found\n", found);
  std::vector<int> places;
  const auto peer = each(500, [&](std::size_t i) { as_it_comes.Match(paths[i], &places); });
  report.at_most("decision", ours, 2'000, "ns");
  report.at_most("RE2::Set with its own bounds", peer, 0, "ns");
}

}  // namespace

int main(int count, char** arguments) {
  Report report;
  Mesh mesh;
  measure_lookups(report, mesh);
  measure_last(report, mesh);
  measure_changes(report, mesh);
  measure_patterns(report, mesh);
  if (count == 3 && std::string_view(arguments[1]) == "--json" &&
      !report.write("routes", arguments[2]))
    return 1;
}
