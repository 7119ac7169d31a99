// A small mesh to route in: destinations with endpoints in clusters, route tables written as
// values, and requests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "forwarder/compile.hpp"

namespace scene {

struct Incoming {
  explicit Incoming(std::string_view method, std::string_view host, std::string_view target,
                    std::vector<forwarder::http::Header> headers = {}, std::uint16_t port = 80);
  Incoming(const Incoming&) = delete;

  forwarder::http::RequestHead head;
  forwarder::Request value;
};

resources::HttpMatcher prefix(std::string path);
resources::HttpMatcher separated(std::string path);  // prefix
resources::HttpMatcher exact(std::string path);
resources::HttpMatcher regex(std::string path);
resources::HttpMatcher method(std::string name);
resources::ValueMatch header(std::string name, std::string value);

resources::DestinationRef service(std::string name, std::uint16_t port = 80);
resources::DestinationRef virtual_destination(std::string name, std::uint16_t port = 80);
resources::DestinationRef weighing(resources::DestinationRef ref, std::uint32_t weight);

resources::HttpRoute route(std::vector<resources::HttpMatcher> matchers,
                           resources::HttpAction action);
resources::ForwardTo to(std::string service_name);
resources::DirectResponse says(std::string body);
resources::Delegate delegate_to(std::vector<std::string> names);

// In namespace "shop".
resources::RouteTable table(std::string name, std::vector<std::string> hosts,
                            std::vector<resources::HttpRoute> routes);

class Mesh {
 public:
  Mesh();
  // A service in namespace "shop" with one HTTP port 80, its endpoints in `cluster`; also a
  // destination <name>.shop.mesh.internal across the clusters that have it.
  Mesh& has(std::string cluster, std::string name, std::vector<std::string> endpoints,
            base::Labels labels = {});
  Mesh& loses(std::string_view name);
  // VirtualDestination shop/<name> with the host, over the service of that name. Hosts that a table
  // names lead to the forwarder, as the assembler has it.
  Mesh& has_virtual(std::string host, std::string name, std::uint16_t port = 80,
                    std::string protocol = "HTTP");
  Mesh& loses_virtual(std::string_view host);
  // That host is answered with its endpoints only.
  Mesh& headless(std::string host) { return headless_ = std::move(host), *this; }
  // By default on 127.0.0.9.
  Mesh& listens_on(std::vector<std::string> addresses);
  discovery::view::Service& service(std::string_view cluster, std::string_view name);
  // What other clusters have is not heard yet.
  Mesh& unsynced() { return synced_ = false, *this; }
  Mesh& synced() { return synced_ = true, *this; }
  // When tables from here on are made.
  Mesh& at(base::TimePoint now) { return now_ = now, *this; }
  // No other agent is ever heard.
  Mesh& alone() { return others_ = forwarder::Others::none, *this; }

  forwarder::Compiled compile(const resources::SharedList<resources::RouteTable>& tables);
  forwarder::Compiled compile_all(const resources::Documents& documents);

 private:
  std::vector<discovery::view::Service> services_;
  std::vector<discovery::view::Destination> virtual_;
  std::string headless_;
  std::vector<base::IpAddress> addresses_;
  bool synced_ = true;
  base::TimePoint now_ = forwarder::kEver;
  forwarder::Others others_ = forwarder::Others::may_be_heard;
  forwarder::KeptTable kept_;
};

// What becomes of a request: "shop/main[0] → ratings.mesh.internal:80 /path", "404", "500 why",
// "301 location".
std::string outcome(const forwarder::Table& table, const Incoming& request);
// The name of the route that takes it, "" for none.
std::string route_of(const forwarder::Table& table, const Incoming& request);
forwarder::Decision decide(const forwarder::Table& table, const Incoming& request,
                           std::uint64_t seed = 1);

}  // namespace scene
