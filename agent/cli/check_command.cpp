#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "agent/check.hpp"
#include "agent/cli/commands.hpp"
#include "agent/config.hpp"
#include "agent/http_message.hpp"
#include "agent/report.hpp"
#include "agent/settings.hpp"
#include "resources/external_aliases.hpp"

namespace agent::cli {
namespace {

struct CheckOptions {
  std::string config;
  std::vector<std::string> documents;
  std::string output;
};

// Whether the agent of this very configuration is the one that runs there.
bool answers(const Config& config) {
  const auto status = client::get(config.admin, "/api/v1/status");
  const auto says = [&](const char* field, const auto& value) {
    return status->contains(field) && status->at(field) == value;
  };
  return status && says("cluster", config.cluster) &&
         (config.replicas > 0 || says("replica", config.replica));
}

void print(const resources::Problems& problems, const Checked& checked) {
  for (const auto& problem : problems) std::cout << problem.to_string() << "\n";
  for (const auto& status : checked.alone.statuses)
    for (const auto& note : status.notes)
      std::cout << status.object << ": " << forwarder::to_string(status.state) << ": " << note
                << "\n";
  for (const auto& conflict : checked.alone.conflicts)
    std::cout << "conflict: " << conflict << "\n";
  const auto& documents = checked.documents->documents;
  const auto errors = std::count_if(problems.begin(), problems.end(), [](const auto& p) {
    return p.severity == resources::Severity::error;
  });
  const auto external = documents.external_services.size();  // a service serves each
  std::cout << resources::count_written(documents.virtual_destinations) << " virtual destinations, "
            << documents.route_tables.size() << " route tables, "
            << documents.services.size() + documents.static_services.size() - external
            << " services, " << external << " external services: " << errors << " errors, "
            << static_cast<std::ptrdiff_t>(problems.size()) - errors << " warnings\n";
}

int run(const CheckOptions& asked) {
  LoadedConfig loaded;
  const bool configured = !asked.config.empty();
  if (configured)
    loaded = load_config(asked.config);
  else
    loaded.config.cluster = "check";
  const auto others = configured ? others_of(loaded.config) : forwarder::Others::may_be_heard;
  const auto checked = check_all(loaded, asked.documents, others, std::chrono::system_clock::now());
  auto problems = checked.problems;
  // Where an agent answers, the ports are taken by the one who is asked about.
  if (configured && !resources::has_errors(loaded.problems) && !answers(loaded.config)) {
    auto taken = check_ports(loaded, checked.alone.listeners, {});
    for (auto& problem : taken) problem.severity = resources::Severity::warning;
    problems.insert(problems.end(), taken.begin(), taken.end());
  }

  if (asked.output == "json")
    std::cout << to_text({{"problems", report(problems)},
                          {"conflicts", checked.alone.conflicts},
                          {"statuses", report(checked.alone.statuses)},
                          {"heldBack", checked.documents->held_back}},
                         2)
              << "\n";
  else
    print(problems, checked);
  return resources::has_errors(problems) ? kWrongUse : kDone;
}

}  // namespace

void add_check(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "check", "Reads agent.yaml and documents and says everything that is wrong");
  auto asked = std::make_shared<CheckOptions>();
  command->add_option("-c,--config", asked->config,
                      "agent.yaml (default: ./agent.yaml, unless documents are named)");
  command->add_option("documents", asked->documents, "more files or folders of documents");
  add_output(*command, asked->output);
  command->callback([=, &exit] {
    if (asked->config.empty() && asked->documents.empty()) asked->config = "agent.yaml";
    exit = run(*asked);
  });
}

}  // namespace agent::cli
