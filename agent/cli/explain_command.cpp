#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/cli/table.hpp"
#include "agent/http_message.hpp"

namespace agent::cli {
namespace {

std::string address_of(const Json& endpoint) {
  std::string text = endpoint.value("address", "");
  if (text.find(':') != text.npos) text = "[" + text + "]";
  const char* before = ":";
  for (const auto& [name, port] : endpoint.at("ports").items()) {
    text += std::exchange(before, ",") + port.dump();
  }
  return text;
}

std::string percent(double share) {
  char text[16];
  std::snprintf(text, sizeof text, "%.0f%%", share * 100);
  return text;
}

std::string verdict_of(const Json& endpoint) {
  auto verdict = endpoint.value("reason", "");
  if (endpoint.contains("why")) verdict += ": " + endpoint.value("why", "");
  if (endpoint.contains("source")) verdict += ", by " + endpoint.value("source", "");
  if (endpoint.contains("left")) verdict += ", drained: " + percent(endpoint["left"]) + " left";
  if (endpoint.value("stale", false)) verdict += ", stale";
  return verdict;
}

void print(const Json& answer) {
  const auto& door = answer.at("door");
  std::cout << answer.value("host", "") << "  (" << answer.value("definedBy", "") << ")\n";
  std::cout << "caller: " << answer.at("caller").value("cluster", "") << " "
            << answer.at("caller").value("locality", "");
  if (answer.at("caller").contains("address"))
    std::cout << " (" << answer.at("caller").value("address", "") << ", "
              << answer.at("caller").value("how", "") << ")";
  std::cout << "\n";
  if (answer.contains("place"))
    std::cout << "place: " << answer.at("place").value("topology", "") << " "
              << answer.at("place").value("name", "")
              << (answer.at("place").value("how", "") == "pin" ? ", nobody else" : " first")
              << "\n";
  std::cout << "door: " << door.value("kind", "");
  if (door.contains("addresses"))
    for (const auto& address : door["addresses"]) std::cout << " " << address.get<std::string>();
  std::cout << ": " << door.value("why", "") << "\n";
  if (answer.value("failOpen", false))
    std::cout << (answer.at("tiers").empty()
                      ? "NOTHING SERVES: no endpoint can be reached from here\n"
                      : "FAIL OPEN: nothing is healthy, so all there is serves\n");
  if (!answer.value("exported", true))
    std::cout << "NOT EXPORTED: only this cluster knows the name (export.exceptNamespaces, "
                 "nearmost.io/export)\n";
  if (answer.contains("note")) std::cout << "NOTE: " << answer.value("note", "") << "\n";
  if (answer.contains("conflicts"))
    for (const auto& line : answer["conflicts"])
      std::cout << "CONFLICT: " << line.get<std::string>() << "\n";
  if (answer.contains("deadPorts"))
    for (const auto& line : answer["deadPorts"])
      std::cout << "NOT SERVED: " << line.get<std::string>() << "\n";

  TextTable table({"TIER", "SHARE", "ENDPOINT", "CLUSTER", "LOCALITY", "VERDICT"});
  for (const auto& tier : answer.at("tiers"))
    for (const auto& endpoint : tier.at("endpoints"))
      table.add({tier.value("tier", ""), percent(tier.value("share", 0.0)), address_of(endpoint),
                 endpoint.value("cluster", ""), endpoint.value("locality", ""),
                 verdict_of(endpoint)});
  for (const auto& endpoint : answer.at("leftOut"))
    table.add({"-", "-", address_of(endpoint), endpoint.value("cluster", ""),
               endpoint.value("locality", ""), "left out: " + endpoint.value("reason", "")});
  std::cout << "\n" << table.to_string();
  for (const auto& [name, cluster] : answer.at("clusters").items())
    if (cluster.contains("quarantine"))
      std::cout << "cluster " << name << " is in quarantine, what it said before serves: "
                << cluster.value("quarantine", "") << "\n";
  for (const auto& [name, cluster] : answer.at("clusters").items())
    if (cluster.value("freshness", "") != "fresh") {
      const auto& ms = cluster.at("ageMs");
      std::cout << "cluster " << name << " is " << cluster.value("freshness", "")
                << (ms.is_null()
                        ? ", known from disk only"
                        : ", last heard " + std::to_string(ms.get<std::int64_t>()) + " ms ago")
                << "\n";
    }
}

int explain(const Options& options, const std::string& name, const std::string& from) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto answer =
      client::get(*admin, "/api/v1/explain?" + client::query_parameter("name", name) + "&" +
                              client::query_parameter("from", from));
  if (!answer) return complain(answer.error());
  if (options.json()) {
    std::cout << to_text(*answer, 2) << "\n";
  } else if (!answer->contains("error")) {
    print(*answer);
  }
  if (answer->contains("error")) {
    std::cerr << "error: " << answer->at("error").get<std::string>();
    if (answer->contains("didYouMean"))
      std::cerr << "; did you mean " << answer->at("didYouMean").dump();
    std::cerr << "\n";
    return kFailed;
  }
  return answer->value("failOpen", false) ? kDegraded : kDone;
}

}  // namespace

void add_explain(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "explain", "Which endpoints a name leads to, in which order, and why not the others");
  auto options = std::make_shared<Options>();
  auto name = std::make_shared<std::string>(), from = std::make_shared<std::string>();
  command
      ->add_option("name", *name,
                   "a destination's host, or the part before the zone; PLACE.pin._zone. and the "
                   "like may stand in front")
      ->required();
  command->add_option("--from", *from,
                      "the caller: its address, or cluster/region/zone (default: the agent's)");
  add_options(*command, *options);
  command->callback([=, &exit] { exit = explain(*options, *name, *from); });
}

}  // namespace agent::cli
