#include <CLI/CLI.hpp>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/http_message.hpp"

namespace agent::cli {
namespace {

struct RouteOptions {
  std::string method, url, from;
  std::vector<std::string> headers;
};

void print_choice(const Json& answer) {
  for (const auto& skipped : answer.at("skipped"))
    std::cout << "  no  " << skipped.value("route", "") << ": " << skipped.value("why", "") << "\n";
  if (answer.contains("route")) std::cout << "  yes " << answer.value("route", "") << "\n";
  std::cout << answer.value("outcome", "") << "\n";
  if (!answer.contains("destinations")) return;
  for (const auto& destination : answer["destinations"]) {
    std::cout << "  -> " << destination.value("upstream", "") << "  weight "
              << destination.value("weight", 0) << "\n";
    for (const auto& tier : destination.at("tiers")) {
      std::cout << "     " << tier.value("tier", "") << " ("
                << static_cast<int>(tier.value("share", 0.0) * 100 + 0.5) << "%):";
      for (const auto& member : tier.at("members")) std::cout << " " << member.get<std::string>();
      std::cout << "\n";
    }
  }
}

int run(const Options& options, const RouteOptions& asked) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  std::string headers;
  for (const auto& header : asked.headers) headers += header + "\n";
  const auto path = "/api/v1/route?" + client::query_parameter("method", asked.method) + "&" +
                    client::query_parameter("url", asked.url) + "&" +
                    client::query_parameter("headers", headers) + "&" +
                    client::query_parameter("from", asked.from);
  const auto answer = client::get(*admin, path);
  if (!answer) return complain(answer.error());
  if (answer->contains("error"))
    return complain(base::invalid(answer->at("error").get<std::string>()));
  if (options.json())
    std::cout << to_text(*answer, 2) << "\n";
  else
    print_choice(*answer);
  return answer->contains("route") ? kDone : kFailed;
}

}  // namespace

void add_route(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "route", "Which route a request would take, and why each earlier one does not match");
  auto options = std::make_shared<Options>();
  auto asked = std::make_shared<RouteOptions>();
  command->add_option("method", asked->method, "GET, POST …")->required();
  command->add_option("url", asked->url, "http://reviews.mesh.internal:9080/reviews/1?x=y")
      ->required();
  command->add_option("-H,--header", asked->headers, "\"name: value\"; may be repeated")
      ->expected(1)
      ->take_all();
  command->add_option("--from", asked->from,
                      "the caller's address, for workloadSelectors (default: 127.0.0.1)");
  add_options(*command, *options);
  command->callback([=, &exit] { exit = run(*options, *asked); });
}

}  // namespace agent::cli
