#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>

#include "agent/cli/commands.hpp"
#include "agent/config.hpp"
#include "agent/http_message.hpp"

namespace agent::cli {
namespace {

// Whether the mistake is in the field, below it or in what it stands in: "admin" itself, too, for
// what is no map there has no admin.listen.
bool concerns(const resources::Problem& problem, std::string_view field) {
  return problem.field == field || problem.field.starts_with(std::string(field) + '.') ||
         problem.field.starts_with(std::string(field) + '[') ||
         (!problem.field.empty() && field.starts_with(problem.field + '.'));
}

}  // namespace

base::Result<Config> config_of(const std::string& path,
                               const std::vector<std::string_view>& fields) {
  auto loaded = load_config(path);
  for (const auto& problem : loaded.problems)
    if (problem.severity == resources::Severity::error &&
        (loaded.places.empty() ||
         std::ranges::any_of(fields, [&](const auto field) { return concerns(problem, field); })))
      return base::invalid(problem.to_string());
  return std::move(loaded.config);
}

void add_options(CLI::App& command, Options& options) {
  command.add_option("-c,--config", options.config, "agent.yaml of the agent to ask");
  command
      .add_option("--admin", options.admin,
                  "admin address of the agent to ask (default 127.0.0.1:7780)")
      ->envname("NEARMOST_ADMIN");
  add_output(command, options.output);
}

void add_output(CLI::App& command, std::string& output) {
  command.add_option("-o,--output", output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->default_val("text");
}

base::Result<base::SocketAddress> Options::admin_address() const {
  if (!admin.empty()) return base::SocketAddress::parse(admin);
  if (config.empty()) return Config{}.admin;
  auto loaded = config_of(config, {"admin.listen"});
  if (!loaded) return loaded.error();
  return loaded->admin;
}

base::Result<base::SocketAddress> Options::dns_address() const {
  if (!dns.empty()) return base::SocketAddress::parse(dns);
  if (config.empty()) return Config{}.dns.listen.front();
  auto loaded = config_of(config, {"dns.listen"});
  if (!loaded) return loaded.error();
  if (loaded->dns.listen.empty()) return base::invalid("this agent has no dns.listen");
  return loaded->dns.listen.front();
}

int complain(const base::Error& error) {
  std::cerr << "error: " << error.message << "\n";
  return error.code == base::Code::invalid ? kWrongUse : kFailed;
}

int order(const Options& options, const std::string& path,
          const std::function<std::string(const Json& answer)>& done) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto answer = client::post(*admin, path);
  if (!answer) return complain(answer.error());
  if (answer->contains("error"))
    return complain(base::invalid(answer->at("error").get<std::string>()));
  std::cout << (options.json() ? to_text(*answer, 2) : done(*answer)) << "\n";
  return kDone;
}

}  // namespace agent::cli
