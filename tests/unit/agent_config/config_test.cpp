#include "agent/config.hpp"

#include <filesystem>
#include <fstream>

#include <sys/stat.h>

#include "tests/unit/agent_config/parsing.hpp"

#include <catch2/catch.hpp>

using parsing::parse;
using parsing::told;

namespace {

using agent::Config;

// A folder that lives as long as the test.
class Folder {
 public:
  Folder() : path_(std::filesystem::temp_directory_path() / "nearmost-config-XXXXXX") {
    std::string name = path_.string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string write(const std::string& name, std::string_view text = "") const {
    std::filesystem::create_directories((path_ / name).parent_path());
    std::ofstream(path_ / name) << text;
    return (path_ / name).string();
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace

TEST_CASE("a name is all that an agent needs", "[agent_config]") {
  const auto loaded = parse("cluster: east\n");
  const auto& config = loaded.config;
  const auto& problems = loaded.problems;
  CHECK(told(problems) == "");
  CHECK(config.cluster == "east");
  CHECK(config.gossip.listen.to_string() == "127.0.0.1:7700");
  CHECK(config.dns.listen.front().to_string() == "127.0.0.1:7753");
  CHECK(config.admin.to_string() == "127.0.0.1:7780");
  CHECK(config.probes.to_string() == "127.0.0.1:7781");
  CHECK(config.forwarder.listen.front().to_string() == "127.0.0.1");
  CHECK(config.dns.zones == std::vector<std::string>{"mesh.internal"});
}

TEST_CASE("every field is read, and paths stand below the folder of the file", "[agent_config]") {
  const Folder folder;
  for (const auto* name : {"pki/east.pem", "pki/east.key", "pki/ca.pem", "resources/a.yaml"})
    folder.write(name);
  const auto file = folder.write("agent.yaml", R"(
cluster: east
replica: 1
locality: {region: us-east, zone: us-east-1a}
gossip:
  listen: 0.0.0.0:7700
  advertise: east.example.net:7700
  peers: [west.example.net:7700, "[2001:db8::1]:7700"]
  tls: {cert: pki/east.pem, key: ./pki/east.key, ca: pki/ca.pem}
  trustDomain: example.net
  trustedDomains: {other.mesh: {ca: pki/ca.pem, clusters: [berlin, munich]}}
  limits: {frameBytes: 131072, rowBytes: 2048, rowsPerOrigin: 1000, bytesPerOrigin: 100000, changesPerSecond: 50}
dns:
  listen: [127.0.0.53:53, "[::1]:53"]
  zones: [Mesh.Internal., corp.example]
  ttl: 10s
  degradedTtl: 1s
  negativeTtl: 500ms
  maxAnswers: 4
  workers: 2
  passOn: [{zone: ., to: [10.0.0.10, "10.0.0.11:5353", "fd00::53"]}, {zone: Corp., to: 10.9.0.1}]
  clients: [10.0.0.0/8]
  localities: {10.1.0.0/16: {region: us-east, zone: us-east-1a}, "fd00::/16": {region: eu}}
  trustedForwarders: [10.0.0.53/32]
forwarder:
  listen: [127.0.0.1, "::1"]
  workers: 3
  limits: {headBytes: 16384, targetBytes: 4096, headers: 64, bodyBytes: 1048576, connections: 500}
  timeouts: {header: 5s, bodyIdle: 20s, connect: 250ms, tunnelIdle: 2h}
  accessLog: {path: /tmp/access.log, format: json}
admin: {listen: 127.0.0.1:9000}
probes: {listen: 0.0.0.0:9001}
resources: ./resources/
networks: [vpc-1]
export: {exceptNamespaces: [kube-*, ops]}
import:
  hosts: [Pay.Example., "*.shop.example"]
  networks: {west: [10.2.0.0/16, "fd00:2::/32"]}
log: {level: debug, format: json}
state: {dir: state}
)");
  const auto loaded = agent::load_config(file);
  const auto& config = loaded.config;
  const auto& problems = loaded.problems;
  CHECK(problems.empty());
  CHECK(config.replica == 1);
  CHECK(config.locality.to_string() == "us-east/us-east-1a");
  CHECK(config.gossip.advertise->to_string() == "east.example.net:7700");
  REQUIRE(config.gossip.peers.size() == 2);
  CHECK(config.gossip.peers[1].to_string() == "[2001:db8::1]:7700");
  CHECK(config.gossip.tls ==
        agent::TlsFiles{folder / "pki/east.pem", folder / "pki/east.key", folder / "pki/ca.pem"});
  CHECK(config.gossip.trust_domain == "example.net");
  CHECK(config.gossip.trusted_domains.at("other.mesh").ca == folder / "pki/ca.pem");
  CHECK(config.gossip.trusted_domains.at("other.mesh").clusters ==
        std::vector<std::string>{"berlin", "munich"});
  CHECK(config.gossip.limits.frame_bytes == 131072);
  CHECK(config.gossip.limits.rows == 1000);
  CHECK(config.gossip.limits.changes_per_second == 50);
  CHECK(config.export_.except_namespaces == std::vector<std::string>{"kube-*", "ops"});
  CHECK(config.import_.hosts == std::vector<std::string>{"pay.example", "*.shop.example"});
  CHECK(config.import_.networks.at("west").size() == 2);
  CHECK(config.dns.listen.size() == 2);
  CHECK(config.dns.zones == std::vector<std::string>{"mesh.internal", "corp.example"});
  CHECK(config.dns.ttl == std::chrono::seconds(10));
  CHECK(config.dns.negative_ttl == std::chrono::milliseconds(500));
  CHECK(config.dns.max_answers == 4);
  CHECK(config.dns.workers == 2);
  REQUIRE(config.dns.pass_on.size() == 2);
  CHECK(config.dns.pass_on[0].zone == ".");
  REQUIRE(config.dns.pass_on[0].to.size() == 3);
  CHECK(config.dns.pass_on[0].to[0].to_string() == "10.0.0.10:53");
  CHECK(config.dns.pass_on[0].to[1].to_string() == "10.0.0.11:5353");
  CHECK(config.dns.pass_on[0].to[2].to_string() == "[fd00::53]:53");
  CHECK(config.dns.pass_on[1].zone == "corp");
  CHECK(config.dns.clients.size() == 1);
  REQUIRE(config.dns.localities.size() == 2);
  CHECK(config.dns.localities[0].locality.to_string() == "us-east/us-east-1a");
  CHECK(config.dns.trusted_forwarders.size() == 1);
  CHECK(config.forwarder.listen.size() == 2);
  CHECK(config.forwarder.workers == 3);
  REQUIRE(config.forwarder.access_log);
  CHECK(config.forwarder.access_log->path == "/tmp/access.log");
  CHECK(config.forwarder.access_log->format == forwarder::net::AccessFormat::json);
  CHECK(config.forwarder.limits.head.head == 16384);
  CHECK(config.forwarder.limits.head.target == 4096);
  CHECK(config.forwarder.limits.head.headers == 64);
  CHECK(config.forwarder.limits.body == 1048576);
  CHECK(config.forwarder.limits.connections == 500);
  CHECK(config.forwarder.timeouts.header == std::chrono::seconds(5));
  CHECK(config.forwarder.timeouts.body_idle == std::chrono::seconds(20));
  CHECK(config.forwarder.timeouts.connect == std::chrono::milliseconds(250));
  CHECK(config.forwarder.timeouts.tunnel_idle == std::chrono::hours(2));
  CHECK(config.forwarder.timeouts.idle == forwarder::net::Timeouts{}.idle);
  CHECK(config.admin.port == 9000);
  CHECK(config.probes.ip.is_unspecified());
  CHECK(config.resources == std::vector<std::string>{folder / "resources/"});
  CHECK(config.networks == std::vector<std::string>{"vpc-1"});
  CHECK(config.log.level == base::LogLevel::debug);
  CHECK(config.log.format == base::LogFormat::json);
  CHECK(config.state_dir == folder / "state");

  SECTION("and printed so that reading it again gives the same") {
    const auto again = agent::parse_config("elsewhere.yaml", agent::print(config));
    CHECK_FALSE(resources::has_errors(again.problems));
    CHECK(again.config == config);
  }
}

TEST_CASE("what is printed of the defaults reads back as the defaults", "[agent_config]") {
  Config config;
  config.cluster = "east";
  CHECK(parse(agent::print(config)).config == config);
  config.forwarder.listen.clear();
  config.replicas = 3;
  CHECK(parse(agent::print(config)).config == config);
}

TEST_CASE("each mistake is named with its line, its field and a remedy", "[agent_config]") {
  struct Case {
    std::string_view text, problem;  // the only problem there is
  };
  const Case cases[] = {
      {"locality: {region: a}\n",
       "agent.yaml:1:1: error: cluster: missing; this field is required"},
      {"cluster: East\n",
       "agent.yaml:1:10: error: cluster: \"East\" is not a DNS label; write \"east\""},
      {"cluster: a.b\n", "is not a DNS label; a-z, 0-9 and - inside"},
      {"cluster: east\nclutser: west\n",
       "agent.yaml:2:1: error: clutser: unknown field; did you mean \"cluster\"?"},
      {"cluster: east\ngossip:\n  peer: [a:1]\n",
       "agent.yaml:3:3: error: gossip.peer: unknown field; did you mean"},
      {"cluster: east\nreplica: 99\n",
       "agent.yaml:2:10: error: replica: expected a number from 0 to 15"},
      {"cluster: east\nreplicas: 17\n",
       "agent.yaml:2:11: error: replicas: expected a number from 1 to 16"},
      {"cluster: east\nreplica: 1\nreplicas: 2\n",
       "agent.yaml:2:10: error: replica: beside `replicas`, by which each agent takes a number by "
       "itself; write one of the two"},
      {"cluster: east\ngossip: {listen: 7700}\n",
       "gossip.listen: \"7700\" is not an address with a port"},
      {"cluster: east\ngossip: {listen: localhost:7700}\n", "is not an address with a port"},
      {"cluster: east\ngossip: {peers: [west]}\n",
       "gossip.peers[0]: \"west\" is not a host with a port"},
      {"cluster: east\ngossip: {peers: [\"a b:1\"]}\n", "gossip.peers[0]: \"a b\" is no host"},
      {"cluster: east\ngossip: {peers: [\"http://west:1\"]}\n", "gossip.peers[0]: "},
      {"cluster: \"e\\nast\"\n", "cluster: \"e\\nast\" is not a DNS label"},
      {"cluster: east\ngossip: {peers: [\"0.0.0.0:7700\"]}\n",
       "nobody can be reached at a wildcard"},
      {"cluster: east\ngossip:\n  listen: 10.0.0.1:7700\n",
       "agent.yaml:3:11: error: gossip.listen: a gossip listener off loopback needs certificates; "
       "issue them"},
      {"cluster: east\ngossip: {listen: 0.0.0.0:7700, insecure: true}\n",
       "warning: gossip.listen: listens on every address but names none"},
      {"cluster: east\ngossip: {tls: {dir: absent}}\n", "gossip.tls.dir: absent does not exist"},
      {"cluster: east\ngossip: {tls: {cert: /dev/null}}\n",
       "gossip.tls: cert, key and ca belong together"},
      {"cluster: east\ndns: {zones: [\"*.x\"]}\n", "dns.zones[0]: \"*.x\" is not a name"},
      {"cluster: east\ndns: {zones: []}\n", "dns.zones: no zones"},
      {"cluster: east\ndns: {zones: [a.b, A.B.]}\n", "dns.zones[1]: zone a.b twice"},
      {"cluster: east\nforwarder: false\ndns: {listen: 0.0.0.0:53}\n",
       "dns.listen: 0.0.0.0 means every address"},
      {"cluster: east\ndns: {ttl: 5}\n", "dns.ttl: "},
      {"cluster: east\ndns: {ttl: 48h}\n", "dns.ttl: longer than 24h"},
      {"cluster: east\ndns: {maxAnswers: 0}\n", "dns.maxAnswers: expected a number from 1 to 64"},
      {"cluster: east\nforwarder: {listen: 0.0.0.0}\n",
       "a wildcard would take every service's port"},
      {"cluster: east\nforwarder: {limits: {headBytes: 1MB}}\n",
       "agent.yaml:2:33: error: forwarder.limits.headBytes: expected a whole number"},
      {"cluster: east\nforwarder: {limits: {headBytes: 100000}}\n",
       "forwarder.limits.headBytes: expected a number from 1024 to 61440"},
      {"cluster: east\nforwarder:\n  limits: {headBytes: 2048}\n  timeouts: {conect: 1s}\n",
       "agent.yaml:4:14: error: forwarder.timeouts.conect: unknown field; did you mean"},
      {"cluster: east\nforwarder: {limits: {headBytes: 2048, targetBytes: 4096}}\n",
       "forwarder.limits.targetBytes: more than headBytes, of which it is a part; at most 2048"},
      {"cluster: east\nforwarder: {accessLog: /no/such/folder/access.log}\n",
       "there is no folder /no/such/folder"},
      {"cluster: east\nforwarder: {accessLog: {path: /tmp}}\n", "/tmp is a folder"},
      {"cluster: east\nforwarder: {accessLog: {format: json}}\n", "path"},
      {"cluster: east\nforwarder: {accessLog: {path: \"-\", format: xml}}\n", "xml"},
      {"cluster: east\nforwarder: {timeouts: {connect: 0s}}\n",
       "agent.yaml:2:33: error: forwarder.timeouts.connect: "},
      {"cluster: east\nforwarder: {listen: 127.0.0.1:80}\n",
       "has a port; the ports are the destinations'"},
      {"cluster: east\nadmin: {listen: 10.0.0.1:7780}\n", "admin.listen: admin takes orders"},
      {"cluster: east\nadmin: {listen: 127.0.0.1:7700}\n",
       "agent.yaml:2:17: error: admin.listen: gossip.listen and admin.listen are both "
       "127.0.0.1:7700"},
      {"cluster: east\nresources: [absent]\n", "resources[0]: absent does not exist"},
      {"cluster: east\nlog: {level: inof}\n",
       "log.level: \"inof\" is not a known value; did you mean \"info\"?"},
      {"cluster: east\nexport: {exceptNamespaces: [\"*-kube\"]}\n",
       "export.exceptNamespaces[0]: \"*-kube\" is not a namespace; write its name"},
      {"cluster: east\nimport: {hosts: [\"a.*.b\"]}\n",
       "import.hosts[0]: \"a.*.b\" is not a host; write a name"},
      {"cluster: east\nimport: {networks: {west: [10.2.0.1/16]}}\n",
       "import.networks.west[0]: \"10.2.0.1/16\" is not a network; write it like 10.2.0.0/16"},
      {"cluster: east\nimport: {networks: {West: [10.2.0.0/16]}}\n",
       "import.networks.West: \"West\" is no cluster's name"},
      {"cluster: east\nimport: {networks: {east: [10.2.0.0/16]}}\n",
       "import.networks.east: this is the agent's own cluster"},
      {"cluster: east\nimport: {networks: {west: []}}\n", "nothing of west could serve"},
      {"cluster: east\ngossip: {limits: {rowsPerOrigin: 1000000}}\n",
       "gossip.limits.rowsPerOrigin: expected a number from 1 to 250000"},
      {"cluster: east\ngossip: {trustedDomains: {other.mesh: {ca: /dev/null, clusters: [b]}}}\n",
       "gossip.trustedDomains: trust domains are proven by certificates, and there are none"},
      {"cluster: east\nlocality: {zone: a}\n", "warning: locality: a zone without a region"},
      {"cluster: east\n---\ncluster: west\n", "agent.yaml:3:1: error: a second document"},
      {"",
       "error: cluster: the file says nothing; the least that an agent needs is `cluster: NAME`"},
      {"cluster: [east\n", "agent.yaml:"},
  };
  for (const auto& [text, problem] : cases) {
    const auto problems = parse(text).problems;
    INFO(text << told(problems));
    CHECK(problems.size() == 1);
    CHECK_THAT(told(problems), Catch::Contains(std::string(problem)));
  }
}

TEST_CASE("a cluster's name belongs to one trust domain", "[agent_config]") {
  const Folder folder;
  for (const auto* name : {"tls/cert.pem", "tls/key.pem", "tls/ca.pem", "other.pem"})
    folder.write(name);
  const auto problems_of = [&](const std::string& domains) {
    return told(agent::load_config(folder.write("agent.yaml",
                                                "cluster: east\ngossip:\n  tls: {dir: tls}\n"
                                                "  trustedDomains: {" +
                                                    domains + "}\n"))
                    .problems);
  };
  CHECK(problems_of("other.mesh: {ca: other.pem, clusters: [berlin]}").empty());
  CHECK_THAT(
      problems_of("other.mesh: {ca: other.pem, clusters: [east]}"),
      Catch::Contains("cluster east belongs to trust domain nearmost; a name belongs to one"));
  CHECK_THAT(
      problems_of("a.mesh: {ca: other.pem, clusters: [b]}, "
                  "c.mesh: {ca: other.pem, clusters: [b]}"),
      Catch::Contains("gossip.trustedDomains.c.mesh: cluster b belongs to trust domain a.mesh"));
  CHECK_THAT(problems_of("nearmost: {ca: other.pem, clusters: [b]}"),
             Catch::Contains("this is gossip.trustDomain, the agent's own"));
  CHECK_THAT(problems_of("other.mesh: {ca: other.pem, clusters: []}"),
             Catch::Contains("no clusters"));
  CHECK_THAT(problems_of("other.mesh: {clusters: [b]}"), Catch::Contains("ca: missing"));
  CHECK_THAT(problems_of("other.mesh: {ca: absent.pem, clusters: [b]}"),
             Catch::Contains("does not exist"));
}

TEST_CASE("all mistakes of a file are told at once, in the order of lines", "[agent_config]") {
  const auto problems =
      parse("gossip: {listen: nowhere}\ndns: {tll: 5s}\ncluster: East\nreplica: x\n").problems;
  REQUIRE(problems.size() == 4);
  for (std::uint32_t i = 0; i < 4; ++i) CHECK(problems[i].place.line == i + 1);
}

TEST_CASE("a file that cannot be read is a problem with its reason", "[agent_config]") {
  const auto problems = agent::load_config("absent/agent.yaml").problems;
  REQUIRE(problems.size() == 1);
  CHECK_THAT(problems[0].to_string(),
             Catch::Contains("absent/agent.yaml") && Catch::Contains("No such file"));
}

TEST_CASE("a folder or a pipe is no agent.yaml, and nobody waits for its writer",
          "[agent_config]") {
  const Folder folder;
  const auto pipe = std::filesystem::path(folder.write("x")).parent_path() / "pipe";
  REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
  for (const auto& path : {pipe, pipe.parent_path()}) {
    const auto problems = agent::load_config(path.string()).problems;
    REQUIRE(problems.size() == 1);
    CHECK_THAT(problems[0].to_string(), Catch::Contains("is no regular file"));
  }
}

TEST_CASE("certificates beside the file are found without a word", "[agent_config]") {
  const Folder folder;
  for (const auto* name : {"tls/cert.pem", "tls/key.pem", "tls/ca.pem"}) folder.write(name);
  const auto file = folder.write("agent.yaml", "cluster: east\ngossip: {listen: 10.0.0.1:7700}\n");
  const auto loaded = agent::load_config(file);
  const auto& config = loaded.config;
  const auto& problems = loaded.problems;
  CHECK(told(problems) == "");
  CHECK(config.gossip.tls ==
        agent::TlsFiles{folder / "tls/cert.pem", folder / "tls/key.pem", folder / "tls/ca.pem"});
}

TEST_CASE("certificates are also found where `nearmost tls issue` leaves them", "[agent_config]") {
  const Folder folder;
  for (const auto* name : {"tls/ca-key.pem", "tls/east/cert.pem", "tls/west/cert.pem"})
    folder.write(name);
  const auto file = folder.write("agent.yaml", "cluster: east\ngossip: {listen: 10.0.0.1:7700}\n");
  const auto loaded = agent::load_config(file);
  const auto& config = loaded.config;
  const auto& problems = loaded.problems;
  CHECK(told(problems) == "");
  CHECK(config.gossip.tls->cert == folder / "tls/east/cert.pem");
}

TEST_CASE("a reload tells what it can change from what needs a restart", "[agent_config]") {
  Config before, after;
  before.cluster = after.cluster = "east";
  CHECK(agent::changes(before, after).empty());

  after.log.level = base::LogLevel::debug;
  after.dns.ttl = std::chrono::seconds(9);
  CHECK(agent::changes(before, after) == std::vector<std::string>{"dns.ttl", "log.level"});
  CHECK(agent::changes_that_need_a_restart(before, after).empty());

  after.cluster = "west";
  after.gossip.listen.port = 1;
  after.forwarder.listen.clear();
  CHECK(agent::changes_that_need_a_restart(before, after) ==
        std::vector<std::string>{"cluster", "gossip.listen", "forwarder", "forwarder.listen",
                                 "forwarder.workers", "forwarder.limits", "forwarder.timeouts"});
}

TEST_CASE("a reload takes the fields that may change and leaves the others", "[agent_config]") {
  agent::Config before, after;
  before.cluster = "east";
  after.cluster = "west";
  after.locality = {"us", "z", ""};
  after.gossip.listen.port = 1;
  after.gossip.peers = {{"west.example.net", 7700}};
  after.gossip.insecure = true;
  after.dns.listen.clear();
  after.dns.zones = {"x.internal"};
  after.dns.ttl = after.dns.degraded_ttl = after.dns.negative_ttl = std::chrono::seconds(9);
  after.dns.max_answers = 3;
  after.dns.workers = 7;
  after.dns.pass_on = {{".", {after.gossip.listen}, ""}};
  after.dns.clients.clear();
  after.dns.localities = {{{}, {"us", "z", ""}}};
  after.dns.trusted_forwarders = {{}};
  after.forwarder.listen.clear();
  after.admin.port = 2;
  after.probes.port = 3;
  after.resources = {"elsewhere"};
  after.networks = {"vpc-1"};
  after.log.level = base::LogLevel::error;
  after.log.format = base::LogFormat::json;
  const auto live = agent::with_live_changes(before, after);
  CHECK(agent::changes_that_need_a_restart(before, live).empty());
  CHECK(agent::changes(live, after) == agent::changes_that_need_a_restart(before, after));
}

TEST_CASE("what is found wrong later can name its line", "[agent_config]") {
  const auto loaded = parse("cluster: east\ngossip:\n  listen: 127.0.0.1:7700\ndns: {ttl: 1s}\n");
  CHECK(loaded.place("gossip.listen").line == 3);
  CHECK(loaded.place("dns.listen").line == 4);  // not written: the nearest above it
  CHECK(loaded.place("admin.listen") == resources::Place{loaded.path, 0, 0});
}
