// dns.passOn: servers written down or in a resolv.conf, and those that lead back to the agent.
#include "agent/config_pass_on.hpp"

#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>

#include <catch2/catch.hpp>

namespace {

// A resolv.conf that lives as long as the test.
class ResolvConf {
 public:
  explicit ResolvConf(std::string_view text) {
    path = (std::filesystem::temp_directory_path() / "nearmost-resolv-XXXXXX").string();
    ::close(::mkstemp(path.data()));
    std::ofstream(path) << text;
  }
  ~ResolvConf() { std::remove(path.c_str()); }
  ResolvConf(const ResolvConf&) = delete;
  ResolvConf& operator=(const ResolvConf&) = delete;
  std::string path;
};

agent::LoadedConfig parse(const std::string& dns) {
  return agent::parse_config("agent.yaml", "cluster: east\ndns: " + dns + "\n");
}

std::string told(const resources::Problems& problems) {
  std::string out;
  for (const auto& problem : problems) out += problem.to_string() + "\n";
  return out;
}

}  // namespace

TEST_CASE("a resolv.conf gives its servers, each once", "[agent_config]") {
  const ResolvConf file(
      "# nameserver 10.0.0.1\nsearch x.example\nnameserver 10.0.0.10\n"
      "  nameserver\tfd00::53 \nnameserver 10.0.0.10\nnameserver fe80::1%eth0\n"
      "nameserver\noptions edns0\n");
  const auto loaded = parse("{passOn: [{zone: ., to: " + file.path + "}]}");
  CHECK(told(loaded.problems) == "");
  REQUIRE(loaded.config.dns.pass_on.size() == 1);
  const auto& rule = loaded.config.dns.pass_on.front();
  REQUIRE(rule.to.size() == 2);
  CHECK(rule.to[0].to_string() == "10.0.0.10:53");
  CHECK(rule.to[1].to_string() == "[fd00::53]:53");
  CHECK_THAT(agent::print(loaded.config),
             Catch::Contains("passOn: [{zone: ., to: " + file.path + "}]"));
}

TEST_CASE("each mistake in passOn is named with its line, its field and a remedy",
          "[agent_config]") {
  const ResolvConf empty("search x.example\n"), own("nameserver 10.0.0.1\n");
  struct Case {
    std::string dns, problem;  // the only problem there is
  };
  const Case cases[] = {
      {"{passOn: {zone: .}}", "agent.yaml:2:15: error: dns.passOn: expected a list"},
      {"{passOn: [{to: [10.0.0.1]}]}", "dns.passOn[0].zone: missing"},
      {"{passOn: [{zone: .}]}", "dns.passOn[0].to: missing"},
      {"{passOn: [{zone: ., to: []}]}", "dns.passOn[0].to: no servers"},
      {"{passOn: [{zone: \"*.x\", to: 10.0.0.1}]}", "dns.passOn[0].zone: \"*.x\" is not a name"},
      {"{passOn: [{zone: ., to: dns.example}]}",
       "dns.passOn[0].to: \"dns.example\" is not the address of a DNS server; write it like"},
      {"{passOn: [{zone: ., to: [10.0.0.1, 0.0.0.0]}]}",
       "dns.passOn[0].to[1]: \"0.0.0.0\": nobody can be asked there"},
      {"{passOn: [{zone: ., to: /nowhere/resolv.conf}]}",
       "dns.passOn[0].to: /nowhere/resolv.conf does not exist; name the servers"},
      {"{passOn: [{zone: ., to: " + empty.path + "}]}",
       "names no server that could be asked; name the servers"},
      {"{passOn: [{zone: a.b, to: 10.0.0.1}, {zone: A.b., to: 10.0.0.2}]}",
       "dns.passOn[1]: zone a.b twice; name all its servers in one rule"},
      {"{passOn: [{zone: ., to: [1.0.0.1, 1.0.0.2, 1.0.0.3, 1.0.0.4, 1.0.0.5, 1.0.0.6, 1.0.0.7, "
       "1.0.0.8, 1.0.0.9]}]}",
       "dns.passOn[0].to: 9 servers, at most 8"},
      {"{passOn: [{zone: ., to: 127.0.0.53}]}",
       "dns.passOn[0].to: 127.0.0.53:53 is systemd-resolved, which may ask this agent again; write "
       "`to: /run/systemd/resolve/resolv.conf`"},
      {"{listen: \"10.0.0.1:53\", passOn: [{zone: ., to: [10.0.0.2, 10.0.0.1]}]}",
       "dns.passOn[0].to: 10.0.0.1:53 is this agent's own dns.listen; name the servers that answer "
       "for other names"},
      {"{listen: \"10.0.0.1:53\", passOn: [{zone: ., to: " + own.path + "}]}",
       "in place of " + own.path},
      {"{passOn: [{zone: x.mesh.internal, to: 10.0.0.1}]}",
       "warning: dns.passOn[0]: names in x.mesh.internal are answered here"},
      {"{clients: [10.0.0.1/8]}", "dns.clients[0]: \"10.0.0.1/8\" is not a network"},
      {"{localities: {10.0.0.1/8: {region: us}}}",
       "dns.localities.10.0.0.1/8: \"10.0.0.1/8\" is not a network; write it like"},
      {"{localities: {10.0.0.0/8: {}}}", "nothing is said of where that is; write"},
      {"{localities: {10.0.0.0/8: {region: us, zoned: a}}}",
       "dns.localities.10.0.0.0/8.zoned: unknown field; did you mean"},
      {"{localities: {\"fd00::/16\": {region: us}, \"fd00:0::/16\": {region: eu}}}",
       "network fd00::/16 twice; name each network once"},
      {"{localities: {10.0.0.0/8: {region: us}, 10.0.0.0/8: {region: eu}}}",
       "dns.localities.10.0.0.0/8: \"10.0.0.0/8\" is given twice, first on line 2; keep one"},
      {"{trustedForwarders: [0.0.0.0/0]}",
       "dns.trustedForwarders[0]: every client could say that it is another; name the servers"},
  };
  for (const auto& [dns, problem] : cases) {
    auto problems = parse("{" + dns.substr(1)).problems;
    // What is asked from afar with a door on loopback is another story.
    std::erase_if(problems, [](const auto& p) { return p.field == "dns.listen"; });
    INFO(dns << "\n" << told(problems));
    CHECK(problems.size() == 1);
    CHECK_THAT(told(problems), Catch::Contains(problem));
  }
}

TEST_CASE("nobody from elsewhere is passed on unless it is said", "[agent_config]") {
  const auto& clients = parse("{}").config.dns.clients;
  const auto allowed = [&](std::string_view text) {
    return std::ranges::any_of(clients, [ip = base::IpAddress::parse(text).value()](
                                            const auto& network) { return network.contains(ip); });
  };
  for (const auto* ip : {"127.0.0.1", "10.1.2.3", "172.31.0.1", "192.168.1.1", "169.254.20.10",
                         "::1", "fe80::1", "fd00::1"})
    CHECK(allowed(ip));
  for (const auto* ip : {"8.8.8.8", "172.32.0.1", "100.64.0.1", "2001:db8::1"})
    CHECK_FALSE(allowed(ip));
}
