#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/http_message.hpp"

// Who knows that a cluster has really shrunk need not wait until the agent believes it.
namespace agent::cli {
namespace {

int run(const Options& options, const std::string& source) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto answer =
      client::post(*admin, "/api/v1/release?" + client::query_parameter("source", source));
  if (!answer) return complain(answer.error());
  if (answer->contains("error"))
    return complain(base::invalid(answer->at("error").get<std::string>()));
  if (options.json())
    std::cout << to_text(*answer, 2) << "\n";
  else
    std::cout << "what was held of " << source << " is let go\n";
  return kDone;
}

}  // namespace

void add_release(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "release", "Lets go what is held because a source, read anew, no longer listed it");
  auto options = std::make_shared<Options>();
  auto source = std::make_shared<std::string>();
  command->add_option("source", *source, "its name as status gives it (files), or all")->required();
  add_options(*command, *options);
  command->callback([=, &exit] { exit = run(*options, *source); });
}

}  // namespace agent::cli
