#include <CLI/CLI.hpp>

#include "agent/cli/commands.hpp"

// Who knows that a cluster has really shrunk need not wait until the agent believes it.
namespace agent::cli {

void add_release(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "release", "Lets go what is held because a source, read anew, no longer listed it");
  auto options = std::make_shared<Options>();
  auto source = std::make_shared<std::string>();
  command->add_option("source", *source, "its name as status gives it (files), or all")->required();
  add_options(*command, *options);
  command->callback([=, &exit] {
    exit = order(*options, "/api/v1/release?" + client::query_parameter("source", *source),
                 [=](const Json&) { return "what was held of " + *source + " is let go"; });
  });
}

}  // namespace agent::cli
