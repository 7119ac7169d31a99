#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/http_server.hpp"
#include "agent/sample_service.hpp"
#include "discovery/sources/files.hpp"
#include "resources/documents.hpp"

// Sample services for the demo and for trying things out: HTTP servers that say who they are.
namespace agent::cli {
namespace {

struct SampleOptions {
  std::string cluster, listen, service = "sample", version = "v1", resources, output;
};

struct Sample {
  SampleService service;
  std::unique_ptr<HttpServer> server;

  explicit Sample(SampleService::Identity identity) : service(std::move(identity)) {}
};

using Samples = std::vector<std::unique_ptr<Sample>>;

base::Result<void> open(Samples& samples, base::net::EventLoop& loop,
                        const base::SocketAddress& address, SampleService::Identity identity) {
  auto& sample = *samples.emplace_back(std::make_unique<Sample>(std::move(identity)));
  auto server = HttpServer::open(loop, {address}, [&sample](const HttpRequest& request) {
    return sample.service.respond(request);
  });
  if (!server) return server.error();
  sample.server = std::move(*server);
  return {};
}

// Plays every endpoint of every short-form service in the folder.
base::Result<void> open_all(Samples& samples, base::net::EventLoop& loop,
                            const SampleOptions& asked) {
  const auto loaded = resources::load(discovery::sources::read_files({asked.resources}).files);
  for (const auto& problem : loaded.problems) std::cerr << problem.to_string() << "\n";
  if (resources::has_errors(loaded.problems)) return base::invalid("the documents have errors");
  for (const auto& service : loaded.documents.static_services)
    for (const auto& endpoint : service.endpoints) {
      const auto version = endpoint.labels.find("version");
      const auto port = endpoint.port ? endpoint.port : service.ports.front().number;
      auto opened =
          open(samples, loop, {endpoint.ip, port},
               {service.metadata.name, version == endpoint.labels.end() ? "v1" : version->second,
                asked.cluster});
      if (!opened) return opened;
    }
  return {};
}

int run(const SampleOptions& asked) {
  std::signal(SIGPIPE, SIG_IGN);
  auto loop = base::net::EventLoop::make();
  if (!loop) return complain(loop.error());
  Samples samples;
  base::Result<void> opened;
  if (!asked.resources.empty()) {
    opened = open_all(samples, **loop, asked);
  } else {
    const auto address = base::SocketAddress::parse(asked.listen);
    if (!address) return complain(address.error());
    opened = open(samples, **loop, *address, {asked.service, asked.version, asked.cluster});
  }
  if (!opened) return complain(opened.error());
  if (asked.output == "json")
    std::cout << Json{{"serving", samples.size()}}.dump() << std::endl;
  else
    std::cout << samples.size() << " sample services serve" << std::endl;
  (*loop)->run();
  return kDone;
}

}  // namespace

void add_sample(CLI::App& app, int& exit) {
  auto* command =
      app.add_subcommand("sample", "HTTP services that say who they are, to try things out");
  auto asked = std::make_shared<SampleOptions>();
  command->add_option("--cluster", asked->cluster, "the cluster they claim to be in");
  command->add_option("--listen", asked->listen, "address:port of one service");
  command->add_option("--service", asked->service, "its name");
  command->add_option("--version", asked->version, "its version");
  command->add_option("--resources", asked->resources,
                      "play every service in this folder's documents");
  add_output(*command, asked->output);
  command->callback([=, &exit] { exit = run(*asked); });
}

}  // namespace agent::cli
