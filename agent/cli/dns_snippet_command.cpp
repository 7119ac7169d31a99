#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/dns_snippet.hpp"
#include "agent/http_message.hpp"
#include "discovery/sources/files.hpp"
#include "resources/suggest.hpp"

namespace agent::cli {
namespace {

struct SnippetOptions {
  std::string kind, config = "agent.yaml", output;
  std::vector<std::string> to, bind;
};

// What cannot be read names no hosts; `nearmost check` says why.
resources::Documents documents_of(const Config& config) {
  const auto read = discovery::sources::read_files(config.resources);
  auto loaded = resources::load(read.files);
  if (resources::has_errors(loaded.problems) || !read.unreadable.empty())
    std::cerr << "warning: hosts of documents that cannot be read are not in it: see `nearmost "
                 "check`\n";
  return std::move(loaded.documents);
}

base::Result<Stub> stub_for(const SnippetOptions& asked) {
  std::vector<std::string_view> fields{"cluster", "dns.zones", "dns.ttl", "import"};
  if (asked.to.empty()) fields.push_back("dns.listen");
  const auto config = config_of(asked.config, fields);
  if (!config) return config.error();
  auto stub = stub_of(*config, documents_of(*config));
  if (!asked.to.empty()) stub.to.clear();
  for (const auto& text : asked.to) {
    const auto ip = base::IpAddress::parse(text);
    const auto to =
        ip ? base::SocketAddress{*ip, kNameServerPort} : base::SocketAddress::parse(text);
    if (!to.ok()) return to.error();
    stub.to.push_back(*to);
  }
  for (const auto& text : asked.bind) {
    const auto ip = base::IpAddress::parse(text);
    if (!ip) return ip.error();
    stub.bind.push_back(*ip);
  }
  return stub;
}

int run(const SnippetOptions& asked) {
  const auto stub = stub_for(asked);
  if (!stub) return complain(stub.error());
  const auto text = snippet(asked.kind, *stub);
  if (!text) return complain(text.error());
  if (asked.output == "json")
    std::cout << to_text({{"kind", asked.kind}, {"names", stub->names}, {"text", *text}}, 2)
              << "\n";
  else
    std::cout << *text;
  return kDone;
}

}  // namespace

void add_dns_snippet(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "dns-snippet", "Configuration of another DNS server, so that it asks this agent");
  auto asked = std::make_shared<SnippetOptions>();
  command->add_option("kind", asked->kind, resources::joined(snippet_kinds()))->required();
  command->add_option("-c,--config", asked->config, "agent.yaml")->capture_default_str();
  command->add_option("--to", asked->to,
                      "where that server reaches the agent: ADDRESS[:PORT], again for more "
                      "(default: dns.listen)");
  command->add_option("--bind", asked->bind,
                      "nodelocaldns: an address that its other blocks bind, again for more");
  add_output(*command, asked->output);
  command->callback([=, &exit] { exit = run(*asked); });
}

}  // namespace agent::cli
