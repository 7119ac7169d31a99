#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/cli/table.hpp"
#include "agent/http_message.hpp"
#include "resources/problem.hpp"

namespace agent::cli {
namespace {

std::string age_of(const Json& member) {
  if (member.value("local", false)) return "-";
  const auto& ms = member.at("ageMs");  // null: only its disk tells the agent of it
  return ms.is_null() ? "unknown"
                      : base::to_string(std::chrono::milliseconds(ms.get<std::int64_t>()));
}

// A tenth of a millisecond is about what it varies by.
std::string propagation_of(const Json& member) {
  const auto& ms = member.at("propagationMs");  // null: no link, or not known yet
  if (ms.is_null()) return "-";
  char text[32];
  std::snprintf(text, sizeof text, "%.1fms", ms.get<double>());
  return text;
}

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

std::string cluster_of(const Json& member) {
  const auto name = member.value("member", "");
  return name.substr(0, name.find('/'));
}

void print_members(const Json& members) {
  TextTable table({"MEMBER", "STATE", "AGE", "VIA", "PROPAGATION", "ADDRESS", "ROWS", "DETAIL"});
  for (const auto& member : members)
    table.add({member.value("member", ""),
               member.value("local", false) ? "this agent" : member.value("state", ""),
               age_of(member), or_dash(member.value("via", "")), propagation_of(member),
               or_dash(member.value("address", "")), std::to_string(member.value("rows", 0)),
               member.value("detail", "")});
  std::cout << table.to_string();
  for (const auto& member : members)  // of a cluster with several agents
    if (member.value("taken", false) && !member.value("why", "").empty())
      std::cout << "of " << cluster_of(member) << " the rows of " << member.value("member", "")
                << " are taken: " << member.value("why", "") << "\n";
}

// Of a leaf its home, of an agent its leaves.
std::string place_of(const Json& status) {
  if (status.value("role", "") != "leaf") {
    const auto leaves = status.value("leaves", 0);
    return leaves == 0 ? "" : ", " + std::to_string(leaves) + (leaves == 1 ? " leaf" : " leaves");
  }
  const auto& home = status.at("home");
  if (home.is_null()) return ", leaf without a home";
  return ", leaf of " + home.value("member", "") + " at " + home.value("address", "") + ", heard " +
         base::to_string(std::chrono::milliseconds(home.value("silenceMs", std::int64_t{0}))) +
         " ago";
}

void print_peers(const Json& peers) {
  if (peers.empty()) return;
  TextTable table({"PEER", "LINK", "SINCE", "DETAIL"});
  for (const auto& peer : peers)
    table.add({peer.value("peer", ""), peer.value("state", ""),
               base::to_string(std::chrono::milliseconds(peer.value("sinceMs", std::int64_t{0}))),
               peer.value("detail", "")});
  std::cout << "\n" << table.to_string();
}

void print_refusals(const Json& refusals) {
  if (refusals.empty()) return;
  TextTable table({"NOT LET IN BY", "CLUSTER", "ADDRESS", "TIMES", "FOR", "LAST", "REASON"});
  const auto time = [](std::int64_t ms) { return base::to_string(std::chrono::milliseconds(ms)); };
  for (const auto& refusal : refusals) {
    const auto first = refusal.value("firstMs", std::int64_t{0}),
               last = refusal.value("lastMs", std::int64_t{0});
    table.add({refusal.value("by", ""), refusal.value("cluster", ""), refusal.value("address", ""),
               std::to_string(refusal.value("count", 0)), time(first - last), time(last) + " ago",
               refusal.value("reason", "")});
  }
  std::cout << "\n" << table.to_string();
}

void print_upstreams(const Json& upstreams) {
  if (upstreams.empty()) return;
  TextTable table({"DNS UPSTREAM", "STATE", "REQUESTS", "ERRORS", "MISMATCHES"});
  const auto number = [](const Json& upstream, const char* of) {
    return std::to_string(upstream.value(of, std::uint64_t{0}));
  };
  for (const auto& upstream : upstreams)
    table.add(
        {upstream.value("upstream", ""), upstream.value("healthy", false) ? "answers" : "SILENT",
         number(upstream, "requests"), number(upstream, "errors"), number(upstream, "mismatches")});
  std::cout << "\n" << table.to_string();
}

void print_drains(const Json& drains) {
  if (drains.empty()) return;
  TextTable table({"DRAINED", "CLUSTER", "LEFT", "GOAL", "IN"});
  const auto percent = [](double part) { return std::to_string(std::lround(part * 100)) + "%"; };
  for (const auto& drain : drains) {
    const std::chrono::milliseconds rest(drain.value("restMs", std::int64_t{0}));
    table.add({drain.value("target", "") + (drain.value("gone", false) ? " (gone)" : ""),
               drain.value("cluster", ""), percent(drain.value("left", 0.0)),
               drain.contains("goal") ? percent(drain["goal"]) : "-",
               rest.count() > 0 ? base::to_string(rest) : "-"});
  }
  std::cout << "\n" << table.to_string();
}

void print_not_imported(const Json& not_imported) {
  for (const auto& host : not_imported.at("hosts"))
    std::cout << "NOT IMPORTED: " << host.value("host", "") << ": " << host.value("reason", "")
              << "\n";
  for (const auto& endpoints : not_imported.at("endpoints"))
    std::cout << "NOT IMPORTED: " << endpoints.value("count", 0) << " endpoints of "
              << endpoints.value("cluster", "") << "'s " << endpoints.value("service", "") << ": "
              << endpoints.value("reason", "") << "\n";
}

// As `check` prints it.
std::string line_of(const Json& problem) {
  using resources::Severity;
  return resources::Problem{
      problem.value("severity", "") == "error" ? Severity::error : Severity::warning,
      {problem.value("file", ""), problem.value("line", 0u), problem.value("column", 0u)},
      problem.value("object", ""),
      problem.value("field", ""),
      problem.value("message", ""),
      problem.value("hint", "")}
      .to_string();
}

void print_problems(const Json& documents) {
  for (const auto& problem : documents.at("problems")) std::cout << line_of(problem) << "\n";
  for (const auto& problem : documents.at("dnsProblems"))
    std::cout << "warning: DNS: " << problem.get<std::string>() << "\n";
}

int run(const Options& options) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto status = client::get(*admin, "/api/v1/status");
  if (!status) return complain(status.error());
  if (options.json()) {
    std::cout << to_text(*status, 2) << "\n";
  } else {
    std::cout << "cluster " << status->value("cluster", "") << ", nearmost "
              << status->value("version", "") << ", "
              << (status->value("ready", false) ? "ready" : "NOT READY") << place_of(*status)
              << ", view " << status->value("viewVersion", 0) << "\n\n";
    print_members(status->at("members"));
    print_peers(status->at("peers"));
    print_refusals(status->at("refusals"));
    print_upstreams(status->at("upstreams"));
    print_drains(status->at("drains"));
    std::cout << "\n";
    for (const auto& reason : status->at("degraded"))
      std::cout << "DEGRADED: " << reason.get<std::string>() << "\n";
    print_not_imported(status->at("notImported"));
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
