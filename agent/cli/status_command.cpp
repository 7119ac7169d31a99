#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/cli/table.hpp"

namespace agent::cli {
namespace {

std::string age_of(const Json& member) {
  return member.value("local", false)
             ? "-"
             : base::to_string(std::chrono::milliseconds(member.value("ageMs", 0)));
}

void print_members(const Json& members) {
  TextTable table({"MEMBER", "STATE", "AGE", "VIA", "ADDRESS", "ROWS"});
  for (const auto& member : members)
    table.add({member.value("member", ""),
               member.value("local", false) ? "this agent" : member.value("state", ""),
               age_of(member), member.value("via", ""), member.value("address", ""),
               std::to_string(member.value("rows", 0))});
  std::cout << table.to_string();
}

void print_peers(const Json& peers) {
  if (peers.empty()) return;
  TextTable table({"PEER", "LINK", "SINCE", "DETAIL"});
  for (const auto& peer : peers)
    table.add({peer.value("peer", ""), peer.value("state", ""),
               base::to_string(std::chrono::milliseconds(peer.value("sinceMs", 0))),
               peer.value("detail", "")});
  std::cout << "\n" << table.to_string();
}

// "error: a.yaml:3: RouteTable shop/a: spec.hosts: …; remedy", without the parts that are not
// known.
std::string line_of(const Json& problem) {
  std::string text = problem.value("severity", "") + ": " + problem.value("file", "");
  if (problem.value("line", 0) > 0) text += ":" + std::to_string(problem.value("line", 0));
  for (const char* part : {"object", "field", "message"})
    if (const auto said = problem.value(part, ""); !said.empty()) text += ": " + said;
  if (const auto hint = problem.value("hint", ""); !hint.empty()) text += "; " + hint;
  return text;
}

void print_problems(const Json& documents) {
  for (const auto& file : documents.at("heldBack"))
    std::cout << "HELD BACK: " << file.get<std::string>() << ": what was last good of it serves\n";
  for (const auto& problem : documents.at("problems")) std::cout << line_of(problem) << "\n";
}

int run(const Options& options) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto status = client::get(*admin, "/api/v1/status");
  if (!status) return complain(status.error());
  if (options.json()) {
    std::cout << status->dump(2) << "\n";
  } else {
    std::cout << "cluster " << status->value("cluster", "") << ", nearmost "
              << status->value("version", "") << ", "
              << (status->value("ready", false) ? "ready" : "NOT READY") << ", view "
              << status->value("viewVersion", 0) << "\n\n";
    print_members(status->at("members"));
    print_peers(status->at("peers"));
    std::cout << "\n";
    for (const auto& reason : status->at("degraded"))
      std::cout << "DEGRADED: " << reason.get<std::string>() << "\n";
    print_problems(status->at("documents"));
  }
  return status->at("degraded").empty() ? kDone : kDegraded;
}

}  // namespace

void add_status(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "status", "Who is in the mesh, how fresh, and what is wrong with the documents");
  auto options = std::make_shared<Options>();
  add_options(*command, *options);
  command->callback([=, &exit] { exit = run(*options); });
}

}  // namespace agent::cli
