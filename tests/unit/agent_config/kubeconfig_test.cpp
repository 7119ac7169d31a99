#include "agent/kubeconfig.hpp"

#include "tests/unit/agent_config/parsing.hpp"

#include <catch2/catch.hpp>

using agent::fault_of_server;
using discovery::sources::kubernetes::Access;
using discovery::sources::kubernetes::FileOrText;
using parsing::told;

namespace {

const std::string kText = R"(apiVersion: v1
kind: Config
current-context: east
contexts:
- {name: east, context: {cluster: one, user: nearmost, namespace: shop}}
- {name: west, context: {cluster: two, user: robot}}
- {name: lost, context: {cluster: three}}
clusters:
- name: one
  cluster: {server: "https://10.0.0.1:6443/", certificate-authority-data: Y2EgcGVtCg==}
- name: two
  cluster: {server: "https://rancher.example/k8s/clusters/c-1", certificate-authority: /etc/hosts}
users:
- {name: nearmost, user: {token: sesame}}
- name: robot
  user: {client-certificate-data: Y2VydA==, client-key-data: a2V5, tokenFile: hosts, token: sesame}
)";

struct Read {
  std::optional<Access> access;
  std::string problems;
};

Read read(const std::string& text, const std::string& context = "") {
  Read out;
  resources::Problems problems;
  out.access = agent::parse_kubeconfig("/etc/kubeconfig", text, context, problems);
  out.problems = told(problems);
  return out;
}

std::string replaced(std::string what, const std::string& by) {
  auto text = kText;
  const auto at = text.find(what);
  REQUIRE(at != text.npos);
  return text.replace(at, what.size(), by);
}

}  // namespace

TEST_CASE("the current context says which server, and as whom", "[kubeconfig]") {
  const auto current = read(kText);
  CHECK(current.problems == "");
  REQUIRE(current.access);
  CHECK(*current.access ==
        Access{"https://10.0.0.1:6443", {"", "ca pem\n"}, {"", "sesame"}, {}, {}});
}

TEST_CASE("another context is named; data goes before files, a token's file before a token",
          "[kubeconfig]") {
  const auto named = read(kText, "west");
  CHECK(named.problems == "");
  REQUIRE(named.access);
  CHECK(*named.access == Access{"https://rancher.example/k8s/clusters/c-1",
                                {"/etc/hosts", ""},
                                {"/etc/hosts", ""},
                                {"", "cert"},
                                {"", "key"}});
}

TEST_CASE("what a context lacks is told, and what others have wrong is not", "[kubeconfig]") {
  CHECK(read(kText, "eats").problems ==
        "/etc/kubeconfig:5:1: error: contexts: there is no context \"eats\"; did you mean "
        "\"east\"?\n");
  CHECK_FALSE(read(kText, "eats").access);
  CHECK_THAT(read(kText, "lost").problems, Catch::Contains("there is no cluster \"three\""));
  CHECK_THAT(read(replaced("current-context: east", "")).problems,
             Catch::Contains("no context is named; write kubernetes: {context: NAME}"));
  CHECK(read(replaced("a2V5", "n-o")).problems == "");
  CHECK_THAT(read(replaced("a2V5", "n-o"), "west").problems,
             Catch::Contains("client-key-data: is no base64"));
  CHECK_THAT(read(replaced("client-key-data: a2V5, ", ""), "west").problems,
             Catch::Contains("client-certificate-data") ||
                 Catch::Contains("a client's certificate and its key go together"));
  CHECK_THAT(read(replaced("/etc/hosts", "no-such-ca"), "west").problems,
             Catch::Contains("/etc/no-such-ca does not exist"));
}

TEST_CASE("what an agent will not do is refused with a remedy", "[kubeconfig]") {
  const auto with = [](const std::string& user) {
    return read(replaced("token: sesame", user)).problems;
  };
  CHECK(with("exec: {command: aws}") ==
        "/etc/kubeconfig:14:33: error: exec: an agent runs no other program for its credentials; "
        "make a service account's token (kubectl create token) and name its file: tokenFile\n");
  CHECK_THAT(with("auth-provider: {name: gcp}"), Catch::Contains("auth-provider"));
  CHECK_THAT(with("username: u, password: p"), Catch::Contains("no passwords"));
  CHECK_THAT(with("as: admin"), Catch::Contains("speaks for itself"));
  const auto cluster = [](const std::string& more) {
    return read(replaced("certificate-authority-data: Y2EgcGVtCg==", more)).problems;
  };
  CHECK_THAT(cluster("insecure-skip-tls-verify: true"),
             Catch::Contains("anybody could be this server") &&
                 Catch::Contains("name its CA: certificate-authority"));
  CHECK(cluster("insecure-skip-tls-verify: false") == "");
  CHECK_THAT(cluster("proxy-url: \"http://p\""), Catch::Contains("not by a proxy"));
  CHECK_THAT(read("a: [").problems, Catch::Contains("/etc/kubeconfig:"));
  CHECK_THAT(read("").problems, Catch::Contains("is no kubeconfig"));
}

TEST_CASE("an API server is at a URL", "[kubeconfig]") {
  for (const auto* good :
       {"https://a", "https://a:1", "https://[fd00::1]", "https://[fd00::1]:6443", "https://a/b/c",
        "http://127.0.0.1:8080", "http://localhost:1"})
    CHECK(fault_of_server(good) == "");
  for (const auto* bad : {"", "a:1", "https://", "https://a:b", "ftp://a", "https://a?b"}) {
    CAPTURE(bad);
    CHECK_THAT(fault_of_server(bad), Catch::Contains("is not where an API server is"));
  }
  CHECK_THAT(fault_of_server("http://10.0.0.1:8080"), Catch::Contains("plain text"));
}
