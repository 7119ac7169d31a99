#include <cstdlib>

#include "agent/config.hpp"
#include "tests/unit/agent_config/parsing.hpp"

#include <catch2/catch.hpp>

using parsing::parse;
using parsing::told;

namespace {

// What a pod's environment says, for the time of a test.
class Pod {
 public:
  Pod(const char* host, const char* port) {
    setenv("KUBERNETES_SERVICE_HOST", host, 1);
    setenv("KUBERNETES_SERVICE_PORT", port, 1);
  }
  ~Pod() {
    unsetenv("KUBERNETES_SERVICE_HOST");
    unsetenv("KUBERNETES_SERVICE_PORT");
  }
};

std::string faults(const std::string& kubernetes) {
  return told(parse("cluster: east\nkubernetes: " + kubernetes + "\n").problems);
}

}  // namespace

TEST_CASE("in a pod `kubernetes: true` is all that is said", "[agent_config]") {
  const Pod pod("10.96.0.1", "443");
  const auto loaded = parse("cluster: east\nkubernetes: true\n");
  CHECK(told(loaded.problems) == "");
  REQUIRE(loaded.config.kubernetes);
  CHECK(loaded.config.kubernetes->server == "https://10.96.0.1:443");
  CHECK(loaded.config.kubernetes->ca == "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
  CHECK(loaded.config.kubernetes->token == "/var/run/secrets/kubernetes.io/serviceaccount/token");
  CHECK_FALSE(parse("cluster: east\nkubernetes: false\n").config.kubernetes);
  const Pod v6("fd00::1", "6443");
  CHECK(parse("cluster: east\nkubernetes: true\n").config.kubernetes->server ==
        "https://[fd00::1]:6443");
}

TEST_CASE("elsewhere the server is named, and neither CA nor token is the pod's",
          "[agent_config]") {
  const Pod pod("10.96.0.1", "443");
  const auto loaded = parse("cluster: east\nkubernetes: {server: \"https://api.example:6443/\"}\n");
  CHECK(told(loaded.problems) == "");
  REQUIRE(loaded.config.kubernetes);
  CHECK(*loaded.config.kubernetes == agent::KubernetesConfig{"https://api.example:6443", "", ""});
  CHECK(parse(agent::print(loaded.config)).config == loaded.config);
}

TEST_CASE("what is wrong with `kubernetes` is told with its remedy", "[agent_config]") {
  CHECK_THAT(faults("true"),
             Catch::Contains("this is no pod") && Catch::Contains("or {server: https://HOST:PORT"));
  CHECK_THAT(faults("{server: \"http://10.0.0.1:8080\"}"),
             Catch::Contains("kubernetes.server") && Catch::Contains("plain text"));
  CHECK(faults("{server: \"http://127.0.0.1:8080\"}") == "");
  CHECK_THAT(faults("{server: \"10.0.0.1:8080\"}"), Catch::Contains("write https://HOST:PORT"));
  CHECK_THAT(faults("{server: \"https://a:1\", token: no-such-file}"),
             Catch::Contains("no-such-file"));
  CHECK_THAT(faults("{sever: \"https://a:1\"}"), Catch::Contains("did you mean"));
  CHECK_THAT(told(parse("cluster: east\nrole: leaf\ngossip: {peers: [\"127.0.0.1:7700\"]}\n"
                        "kubernetes: {server: \"https://a:1\"}\n")
                      .problems),
             Catch::Contains("a leaf publishes nothing"));
}

TEST_CASE("labels of Pods are read where something names them, or not at all", "[agent_config]") {
  const auto read = [](const std::string& labels) {
    return *parse("cluster: east\nkubernetes: {server: \"https://a:1\", podLabels: " + labels +
                  "}\n")
                .config.kubernetes;
  };
  CHECK(agent::KubernetesConfig().reads_pods);
  CHECK(read("[version, track, version]").pod_labels ==
        std::vector<std::string>{"track", "version"});
  CHECK(read("[version]").reads_pods);
  CHECK_FALSE(read("false").reads_pods);
  CHECK_THAT(faults("{server: \"https://a:1\", podLabels: true}"),
             Catch::Contains("write false, or the keys of labels"));
  CHECK_THAT(faults("{server: \"https://a:1\", podLabels: version}"),
             Catch::Contains("podLabels") && !Catch::Contains("is the default"));
}

TEST_CASE("elsewhere a kubeconfig may say all", "[agent_config]") {
  CHECK_THAT(faults("{context: east}"), Catch::Contains("a context of no kubeconfig"));
  CHECK_THAT(faults("{kubeconfig: no-such-file}"), Catch::Contains("no-such-file"));
  CHECK_THAT(faults("{kubeconfig: /etc/hosts}"), Catch::Contains("/etc/hosts"));
  CHECK_THAT(faults("{kubeconfig: /etc/hosts, server: \"https://a:1\"}"),
             Catch::Contains("keep kubeconfig, or server, ca and token"));
  agent::Config config;
  config.cluster = "east";
  config.kubernetes = agent::KubernetesConfig{"", "", "", "/etc/hosts", "east"};
  CHECK_THAT(agent::print(config), Catch::Contains("/etc/hosts") && Catch::Contains("context"));
}
