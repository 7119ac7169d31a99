#include <CLI/CLI.hpp>

#include "agent/cli/commands.hpp"
#include "agent/demo/demo.hpp"

namespace agent::cli {

void add_demo(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "demo",
      "Three clusters on loopback: they find each other, resolve, forward, lose one and heal");
  auto keep = std::make_shared<bool>(false);
  auto output = std::make_shared<std::string>();
  add_output(*command, *output);
  command->add_flag("--keep", *keep, "leave it running until Ctrl-C, to try things by hand");
  command->callback([=, &exit] {
    const auto afterwards = *keep ? demo::Afterwards::keep_running : demo::Afterwards::stop;
    const auto form = *output == "json" ? demo::Form::json : demo::Form::text;
    exit = demo::play(afterwards, form) ? kDone : kFailed;
  });
}

}  // namespace agent::cli
