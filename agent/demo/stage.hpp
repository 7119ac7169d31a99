// Three clusters on this machine's loopback, as the demo plays them: certificates, agent.yaml,
// documents, and for each cluster one agent and one process with its sample services.
//
// east is 127.0.1.x, west 127.0.2.x, eu 127.0.3.x; the agent of each is x = 1, with the default
// ports. Everything is written to one temporary folder. Thread: one.
#pragma once

#include <array>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "agent/client/http_client.hpp"
#include "agent/demo/process.hpp"
#include "base/address.hpp"
#include "base/time.hpp"

namespace agent::demo {

inline constexpr std::array kClusters = {"east", "west", "eu"};

class Stage {
 public:
  // Writes the folder; starts nothing.
  static base::Result<Stage> make();
  // Removes the folder unless keep() was called.
  ~Stage();
  Stage(Stage&&) = default;

  base::Result<void> start_services(std::size_t cluster);
  base::Result<void> start_agent(std::size_t cluster);
  void kill_services(std::size_t cluster) { services_[cluster].kill(9); }
  void kill_agent(std::size_t cluster) { agents_[cluster].kill(9); }
  // The name of a process that has ended by itself, with the end of its log.
  std::optional<std::string> casualty();
  void keep();
  // Returns when SIGINT or SIGTERM asks for the end.
  void wait_for_signal();

  const std::string& folder() const { return folder_; }
  base::IpAddress address(std::size_t cluster) const;
  std::string config(std::size_t cluster) const;

  // GET /api/v1/… of a cluster's agent; null when it does not answer.
  nlohmann::ordered_json ask(std::size_t cluster, const std::string& path) const;
  // The A records that a cluster's agent gives; sorted.
  std::vector<std::string> resolve(std::size_t cluster, const std::string& name) const;
  // A request through a cluster's forwarder.
  client::HttpAnswer request(std::size_t cluster, const std::string& host, int port,
                             const std::string& path,
                             const std::vector<std::string>& headers = {}) const;

 private:
  Stage() = default;
  base::Result<void> write_certificates() const;
  base::Result<void> write_cluster(std::size_t cluster) const;

  std::string folder_;
  std::array<Process, kClusters.size()> agents_, services_;
  struct Owned {  // what a moved-from Stage must not remove
    bool folder = true;
    Owned() = default;
    Owned(Owned&& other) noexcept : folder(std::exchange(other.folder, false)) {}
  } owned_;
};

}  // namespace agent::demo
