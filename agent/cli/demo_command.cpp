#include <CLI/CLI.hpp>

#include "agent/cli/commands.hpp"
#include "agent/demo/demo.hpp"

namespace agent::cli {

void add_demo(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "demo",
      "Three clusters on loopback: they find each other, resolve, forward, lose one and heal");
  auto keep = std::make_shared<bool>(false);
  command->add_flag("--keep", *keep, "leave it running until Ctrl-C, to try things by hand");
  command->callback([=, &exit] {
    const auto afterwards = *keep ? demo::Afterwards::keep_running : demo::Afterwards::stop;
    exit = demo::play(afterwards) ? kDone : kFailed;
  });
}

}  // namespace agent::cli
