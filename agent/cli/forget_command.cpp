#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/http_message.hpp"

// A cluster that is gone for good need not be waited for (DESIGN §4).
namespace agent::cli {
namespace {

int run(const Options& options, const std::string& cluster) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto answer =
      client::post(*admin, "/api/v1/forget?" + client::query_parameter("cluster", cluster));
  if (!answer) return complain(answer.error());
  if (answer->contains("error"))
    return complain(base::invalid(answer->at("error").get<std::string>()));
  if (options.json())
    std::cout << to_text(*answer, 2) << "\n";
  else
    std::cout << "this agent forgets " << cluster << "; it is known again once it is heard\n";
  return kDone;
}

}  // namespace

void add_forget(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "forget", "Forgets a cluster that is gone for good, with all its endpoints, at this agent");
  auto options = std::make_shared<Options>();
  auto cluster = std::make_shared<std::string>();
  command->add_option("cluster", *cluster, "its name")->required();
  add_options(*command, *options);
  command->callback([=, &exit] { exit = run(*options, *cluster); });
}

}  // namespace agent::cli
