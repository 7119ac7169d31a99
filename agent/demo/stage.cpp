#include "agent/demo/stage.hpp"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "agent/client/admin_client.hpp"
#include "agent/client/dns_client.hpp"
#include "agent/config.hpp"
#include "agent/demo/documents.hpp"
#include "agent/tls.hpp"

namespace agent::demo {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRegions[] = {"us", "us", "eu"};
constexpr const char* kZones[] = {"us-east-1", "us-west-1", "eu-central-1"};
constexpr std::string_view kTrustDomain = "demo.nearmost";

base::Result<void> write_file(const fs::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.flush()) return base::unavailable("cannot write " + path.string());
  return {};
}

std::string last_lines(const std::string& path, std::size_t bytes) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  return text.substr(text.size() > bytes ? text.size() - bytes : 0);
}

}  // namespace

base::Result<Stage> Stage::make() {
  std::error_code error;
  auto folder = (fs::temp_directory_path(error) / "nearmost-demo-XXXXXX").string();
  if (error || !mkdtemp(folder.data())) return base::from_errno("make a temporary folder", errno);
  Stage stage;
  stage.folder_ = folder;
  if (auto written = stage.write_certificates(); !written) return written.error();
  for (std::size_t i = 0; i < kClusters.size(); ++i)
    if (auto written = stage.write_cluster(i); !written) return written.error();
  return stage;
}

Stage::~Stage() {
  if (!owned_.folder || folder_.empty()) return;
  for (auto* processes : {&agents_, &services_})
    for (auto& process : *processes) process = Process();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

base::Result<void> Stage::write_certificates() const {
  const auto authority = folder_ + "/authority";
  const auto now = std::chrono::system_clock::now();
  if (auto made = tls::init_ca(authority, std::string(kTrustDomain), now); !made)
    return made.error();
  for (const char* cluster : kClusters)
    if (auto issued = tls::issue(authority, cluster, now); !issued) return issued.error();
  return {};
}

base::Result<void> Stage::write_cluster(std::size_t cluster) const {
  const fs::path home = fs::path(folder_) / kClusters[cluster];
  std::error_code error;
  fs::create_directories(home / "resources", error);
  if (error) return base::unavailable("cannot make " + home.string() + ": " + error.message());
  for (const auto& file : documents(kClusters[cluster]))
    if (auto written = write_file(home / "resources" / file.name, file.text); !written)
      return written;

  Config config;
  const auto ip = address(cluster);
  config.cluster = kClusters[cluster];
  config.locality = {kRegions[cluster], kZones[cluster], ""};
  config.gossip.listen = {ip, kGossipPort};
  config.gossip.trust_domain = kTrustDomain;
  for (std::size_t other = 0; other < kClusters.size(); ++other)
    if (other != cluster) config.gossip.peers.push_back({address(other).to_string(), kGossipPort});
  const auto tls = "../authority/" + config.cluster + "/";
  config.gossip.tls = TlsFiles{tls + "cert.pem", tls + "key.pem", tls + "ca.pem"};
  config.dns.listen = {{ip, kDnsPort}};
  config.forwarder.listen = {ip};
  config.admin = {ip, kAdminPort};
  config.probes = {ip, kProbesPort};
  config.resources = {"resources"};
  return write_file(home / "agent.yaml", print(config));
}

base::Result<void> Stage::start_services(std::size_t cluster) {
  const auto home = folder_ + "/" + kClusters[cluster];
  auto process = Process::start(
      {"sample", "--cluster", kClusters[cluster], "--resources", home + "/resources"},
      home + "/services.log");
  if (!process) return process.error();
  services_[cluster] = std::move(*process);
  return {};
}

base::Result<void> Stage::start_agent(std::size_t cluster) {
  auto process = Process::start({"agent", "-c", config(cluster)},
                                folder_ + "/" + kClusters[cluster] + "/agent.log");
  if (!process) return process.error();
  agents_[cluster] = std::move(*process);
  return {};
}

std::optional<std::string> Stage::casualty() {
  for (std::size_t i = 0; i < kClusters.size(); ++i) {
    const auto home = folder_ + "/" + kClusters[i];
    if (agents_[i].pid() > 0 && !agents_[i].running())
      return std::string(kClusters[i]) + "'s agent ended:\n" +
             last_lines(home + "/agent.log", 2000);
    if (services_[i].pid() > 0 && !services_[i].running())
      return std::string(kClusters[i]) + "'s services ended:\n" +
             last_lines(home + "/services.log", 2000);
  }
  return std::nullopt;
}

void Stage::keep() { owned_.folder = false; }

void Stage::wait_for_signal() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigprocmask(SIG_BLOCK, &signals, nullptr);
  int received = 0;
  sigwait(&signals, &received);
}

base::IpAddress Stage::address(std::size_t cluster) const {
  return base::IpAddress::v4(0x7f000001 | static_cast<std::uint32_t>(cluster + 1) << 8);
}

std::string Stage::config(std::size_t cluster) const {
  return folder_ + "/" + kClusters[cluster] + "/agent.yaml";
}

nlohmann::ordered_json Stage::ask(std::size_t cluster, const std::string& path) const {
  auto answer = client::get({address(cluster), kAdminPort}, path);
  return answer ? std::move(*answer) : nlohmann::ordered_json();
}

std::vector<std::string> Stage::resolve(std::size_t cluster, const std::string& name) const {
  std::vector<std::string> addresses;
  for (const auto& record : client::look_up({address(cluster), kDnsPort}, name, "A").records)
    addresses.push_back(record.text);
  std::sort(addresses.begin(), addresses.end());
  return addresses;
}

client::HttpAnswer Stage::request(std::size_t cluster, const std::string& host, int port,
                                  const std::string& path,
                                  const std::vector<std::string>& headers) const {
  return client::ask({"http://" + host + ":" + std::to_string(port) + path, "GET",
                      address(cluster).to_string() + ":" + std::to_string(port), headers});
}

}  // namespace agent::demo
