#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/cli/table.hpp"
#include "agent/http_message.hpp"

// Takes something out of service without a request lost: weights fall little by little.
namespace agent::cli {
namespace {

struct Order {
  std::string kind, name, over;
  bool dry_run = false, force = false;

  std::string path(const std::string& order) const {
    auto text = "/api/v1/" + order + "?" + client::query_parameter("kind", kind) + "&" +
                client::query_parameter("name", name);
    if (!over.empty()) text += "&" + client::query_parameter("over", over);
    if (dry_run) text += "&dryRun=true";
    if (force) text += "&force=true";
    return text;
  }
};

void print_preview(const Json& preview) {
  std::cout << "endpoints: " << preview.value("endpoints", 0)
            << ", destinations: " << preview.value("destinations", 0) << "\n";
  if (preview.at("moves").empty()) return;
  TextTable table({"HOST", "CALLERS IN", "NOW", "THEN"});
  for (const auto& move : preview["moves"])
    table.add({move.value("host", ""), move.value("callersIn", ""), move.value("now", ""),
               move.value("then", "")});
  std::cout << table.to_string();
  if (const auto more = preview.value("moreMoves", 0); more > 0)
    std::cout << "and " << more << " more\n";
}

int run_drain(const Options& options, const Order& order) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto answer = client::post(*admin, order.path("drain"));
  if (!answer) return complain(answer.error());
  const bool refused = answer->contains("error");
  if (options.json()) {
    std::cout << to_text(*answer, 2) << "\n";
    return refused ? kFailed : kDone;
  }
  if (answer->contains("preview")) print_preview(answer->at("preview"));
  if (refused) {
    std::cerr << "error: " << answer->value("error", "") << "\n";
    return answer->contains("preview") ? kFailed : kWrongUse;
  }
  const auto what = answer->value("drain", "");
  if (order.dry_run) {
    std::cout << (answer->contains("refused")
                      ? "would be refused: " + answer->value("refused", "") + " (--force)"
                      : "nothing is done: --dry-run")
              << "\n";
    return kDone;
  }
  std::cout << "draining " << what << " over "
            << base::to_string(std::chrono::milliseconds(answer->value("overMs", std::int64_t{0})))
            << "; it stays so until: nearmost undrain " << order.kind << " " << order.name << "\n";
  if (!answer->value("kept", true))
    std::cout << "note: a restart of this agent ends it, for agent.yaml has no state.dir and no "
                 "other agent of the cluster is heard\n";
  return kDone;
}

void add_target(CLI::App& command, Order& order) {
  command.add_option("kind", order.kind, "cluster, service or endpoint")
      ->required()
      ->check(CLI::IsMember({"cluster", "service", "endpoint"}));
  command
      .add_option("name", order.name,
                  "the cluster's name; NAMESPACE/NAME of a service; an endpoint's address, with a "
                  "port or without")
      ->required();
}

}  // namespace

void add_drain(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "drain", "Takes a service, an endpoint or the cluster out of service little by little");
  auto options = std::make_shared<Options>();
  auto order = std::make_shared<Order>();
  add_target(*command, *order);
  command->add_option("--over", order->over, "how long until nothing is sent there")
      ->default_val("60s");
  command->add_flag("--dry-run", order->dry_run, "only show where the traffic would go");
  command->add_flag("--force", order->force, "even where nothing healthy would remain");
  add_options(*command, *options);
  command->callback([=, &exit] { exit = run_drain(*options, *order); });
}

void add_undrain(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand("undrain", "Takes a drain back");
  auto options = std::make_shared<Options>();
  auto order = std::make_shared<Order>();
  add_target(*command, *order);
  command->add_option("--over", order->over, "how long until it has its full share again")
      ->default_val("0s");
  add_options(*command, *options);
  command->callback([=, &exit] {
    exit = cli::order(*options, order->path("undrain"), [](const Json& answer) {
      return answer.value("undrain", "") + " is drained no more";
    });
  });
}

}  // namespace agent::cli
