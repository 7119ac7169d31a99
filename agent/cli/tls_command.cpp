#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/http_message.hpp"
#include "agent/tls.hpp"

namespace agent::cli {
namespace {

struct TlsOptions {
  std::string dir = "./tls", trust_domain = tls::kDefaultTrustDomain, cluster, output;
  bool force = false, leaf = false;

  tls::Existing existing() const { return force ? tls::Existing::overwrite : tls::Existing::keep; }
};

int tell(const base::Result<tls::Written>& written, const TlsOptions& asked) {
  if (!written) return complain(written.error());
  if (asked.output == "json") {
    std::cout << to_text({{"wrote", written->files}, {"next", written->next}}, 2) << "\n";
    return kDone;
  }
  for (const auto& file : written->files) std::cout << "wrote " << file << "\n";
  std::cout << written->next << "\n";
  return kDone;
}

}  // namespace

void add_tls(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand("tls", "Certificates for the links between agents");
  command->require_subcommand(1);
  auto asked = std::make_shared<TlsOptions>();

  auto* init = command->add_subcommand("init", "Makes a certificate authority for the mesh, once");
  init->add_option("--dir", asked->dir, "where the authority is kept")->capture_default_str();
  init->add_option("--trust-domain", asked->trust_domain, "the mesh's name in every certificate")
      ->capture_default_str();
  add_output(*init, asked->output);
  init->add_flag("--force", asked->force, "replace an authority that is there");
  init->callback([=, &exit] {
    exit = tell(tls::init_ca(asked->dir, asked->trust_domain, std::chrono::system_clock::now(),
                             asked->existing()),
                *asked);
  });

  auto* issue =
      command->add_subcommand("issue", "Makes the certificate of one cluster, in DIR/CLUSTER");
  issue->add_option("--dir", asked->dir, "where the authority is kept")->capture_default_str();
  issue->add_option("--cluster", asked->cluster, "the cluster's name, as in its agent.yaml")
      ->required();
  add_output(*issue, asked->output);
  issue->add_flag(
      "--leaf", asked->leaf,
      "for agents with role: leaf, in DIR/CLUSTER/leaf: it cannot speak for the cluster");
  issue->add_flag("--force", asked->force, "replace files that are there");
  issue->callback([=, &exit] {
    exit = tell(
        tls::issue(asked->dir, asked->cluster, std::chrono::system_clock::now(), asked->existing(),
                   "", asked->leaf ? tls::Bearer::leaf : tls::Bearer::agent),
        *asked);
  });
}

}  // namespace agent::cli
