#include <CLI/CLI.hpp>

#include "agent/cli/commands.hpp"

// A cluster that is gone for good need not be waited for (DESIGN §4).
namespace agent::cli {

void add_forget(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "forget", "Forgets a cluster that is gone for good, with all its endpoints, at this agent");
  auto options = std::make_shared<Options>();
  auto cluster = std::make_shared<std::string>();
  command->add_option("cluster", *cluster, "its name")->required();
  add_options(*command, *options);
  command->callback([=, &exit] {
    exit = order(*options, "/api/v1/forget?" + client::query_parameter("cluster", *cluster),
                 [=](const Json&) {
                   return "this agent forgets " + *cluster + "; it is known again once it is heard";
                 });
  });
}

}  // namespace agent::cli
