#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/client/dns_client.hpp"
#include "agent/http_message.hpp"

namespace agent::cli {
namespace {

void print(const Options& options, const std::string& type, const client::DnsRecord& record) {
  if (options.json()) return;
  std::cout << type << "  " << record.text;
  if (record.ttl) std::cout << "  ttl " << record.ttl;
  std::cout << "\n";
}

int resolve(const Options& options, const std::string& name, const std::string& asked) {
  const auto server = options.dns_address();
  if (!server) return complain(server.error());
  const std::vector<std::string> types =
      asked.empty() ? std::vector<std::string>{"A", "AAAA"} : std::vector<std::string>{asked};
  Json json{{"name", name}, {"server", server->to_string()}, {"answers", Json::array()}};
  std::string failure;
  for (const auto& type : types) {
    const auto answer = client::look_up(*server, name, type);
    if (failure.empty()) failure = answer.failure;
    for (const auto& record : answer.records) {
      json["answers"].push_back({{"type", type}, {"data", record.text}, {"ttl", record.ttl}});
      print(options, type, record);
    }
  }
  const bool any = !json["answers"].empty();
  if (!any) json["error"] = failure;
  if (options.json()) std::cout << to_text(json, 2) << "\n";
  if (!any)
    std::cerr << "error: " << name << " at " << server->to_string() << ": " << failure << "\n";
  return any ? kDone : kFailed;
}

}  // namespace

void add_resolve(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand("resolve", "What the agent's DNS answers for a name");
  auto options = std::make_shared<Options>();
  auto name = std::make_shared<std::string>(), type = std::make_shared<std::string>();
  command->add_option("name", *name, "a host: ratings.mesh.internal")->required();
  command->add_option("-t,--type", *type, "A, AAAA, SRV or TXT (default: A and AAAA)")
      ->check(CLI::IsMember({"A", "AAAA", "SRV", "TXT"}));
  command->add_option("--dns", options->dns, "DNS address of the agent (default 127.0.0.1:7753)");
  add_options(*command, *options);
  command->callback([=, &exit] { exit = resolve(*options, *name, *type); });
}

}  // namespace agent::cli
