#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "agent/check.hpp"
#include "agent/cli/commands.hpp"
#include "agent/config.hpp"
#include "agent/report.hpp"
#include "discovery/sources/files.hpp"

namespace agent::cli {
namespace {

struct Asked {
  std::string config;
  std::vector<std::string> documents;
  std::string output;
};

void print(const resources::Problems& problems, const Checked& checked) {
  for (const auto& problem : problems) std::cout << problem.to_string() << "\n";
  for (const auto& status : checked.statuses)
    for (const auto& note : status.notes)
      std::cout << status.object << ": " << forwarder::to_string(status.state) << ": " << note
                << "\n";
  for (const auto& conflict : checked.conflicts) std::cout << "conflict: " << conflict << "\n";
  const auto& documents = checked.documents->documents;
  const auto errors = std::count_if(problems.begin(), problems.end(), [](const auto& p) {
    return p.severity == resources::Severity::error;
  });
  std::cout << documents.virtual_destinations.size() << " virtual destinations, "
            << documents.route_tables.size() << " route tables, "
            << documents.services.size() + documents.static_services.size()
            << " services: " << errors << " errors, "
            << static_cast<std::ptrdiff_t>(problems.size()) - errors << " warnings\n";
}

int run(const Asked& asked) {
  resources::Problems problems;
  Config config;
  config.cluster = "check";
  if (!asked.config.empty()) {
    auto loaded = load_config(asked.config);
    problems = std::move(loaded.problems);
    config = std::move(loaded.config);
    for (auto& problem : check_certificates(config, std::chrono::system_clock::now()))
      problems.push_back(std::move(problem));
  }
  auto paths = asked.documents;
  paths.insert(paths.end(), config.resources.begin(), config.resources.end());
  auto read = discovery::sources::read_files(paths);
  problems.insert(problems.end(), read.unreadable.begin(), read.unreadable.end());
  const auto checked = check(config, read.files);
  problems.insert(problems.end(), checked.problems.begin(), checked.problems.end());

  if (asked.output == "json")
    std::cout << Json{{"problems", report(problems)}, {"conflicts", checked.conflicts}}.dump(2)
              << "\n";
  else
    print(problems, checked);
  return resources::has_errors(problems) ? kWrongUse : kDone;
}

}  // namespace

void add_check(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "check", "Reads agent.yaml and documents and says everything that is wrong");
  auto asked = std::make_shared<Asked>();
  command->add_option("-c,--config", asked->config, "agent.yaml");
  command->add_option("documents", asked->documents, "more files or folders of documents");
  command->add_option("-o,--output", asked->output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_val("text");
  command->callback([=, &exit] { exit = run(*asked); });
}

}  // namespace agent::cli
