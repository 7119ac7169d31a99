#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/version.hpp"

namespace agent::cli {

void add_version(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand("version", "The version of this program");
  auto options = std::make_shared<Options>();
  add_output(*command, options->output);
  command->callback([=, &exit] {
    if (options->json())
      std::cout << Json{{"version", version()}}.dump() << "\n";
    else
      std::cout << "nearmost " << version() << "\n";
    exit = kDone;
  });
}

}  // namespace agent::cli
