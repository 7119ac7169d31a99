#include <malloc.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <csignal>
#include <iostream>

#include "agent/agent.hpp"
#include "agent/check.hpp"
#include "agent/cli/commands.hpp"
#include "agent/http_message.hpp"
#include "agent/report.hpp"
#include "agent/settings.hpp"
#include "base/net/supervisor.hpp"

namespace agent::cli {
namespace {

// SIGHUP reloads, SIGUSR1 is a planned restart ("returning"), SIGTERM and SIGINT leave. They are
// blocked before any thread starts, so that only this one takes them.
sigset_t block_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGUSR1}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  return signals;
}

// Each connection of each kind of client takes a descriptor; the soft limit is often 1,024.
void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

// Dozens of threads that allocate now and then need no arena each: what one has freed the others
// would never use.
void share_arenas() { mallopt(M_ARENA_MAX, 2); }

// Serves on for as long as it takes. Whoever says it again does not want to wait; who rotates the
// log meanwhile has not said it.
void hand_over(Agent& agent, discovery::Goodbye::Reason reason, const sigset_t& signals) {
  const auto clock = [] { return std::chrono::steady_clock::now(); };
  for (const auto end = clock() + agent.hand_over(reason); clock() < end;) {
    const auto ms = base::to_ms(end - clock()) + 1;
    const timespec time{ms / 1000, ms % 1000 * 1'000'000};
    const int signal = sigtimedwait(&signals, nullptr, &time);
    if (signal == SIGHUP) agent.reload();
    if (signal > 0 && signal != SIGHUP) return;
  }
}

void serve_until_told(Agent& agent, const sigset_t& signals) {
  for (;;) {
    int signal = 0;
    sigwait(&signals, &signal);
    if (signal == SIGHUP) {
      agent.reload();
      continue;
    }
    const auto reason = signal == SIGUSR1 ? discovery::Goodbye::Reason::returning
                                          : discovery::Goodbye::Reason::leaving;
    hand_over(agent, reason, signals);
    agent.stop(reason);
    return;
  }
}

struct AgentOptions {
  std::string config = "agent.yaml", output;

  bool json() const { return output == "json"; }
};

void tell(const resources::Problems& problems, const AgentOptions& asked) {
  if (asked.json())
    std::cerr << to_text({{"problems", report(problems)}}) << "\n";
  else
    for (const auto& problem : problems) std::cerr << problem.to_string() << "\n";
}

int run(const AgentOptions& asked) {
  share_arenas();
  raise_descriptor_limit();
  const auto signals = block_signals();
  base::net::Supervisor supervisor;
  supervisor.adopt_environment();
  const auto loaded = load_config(asked.config);
  auto config = loaded.config;
  if (asked.json()) config.log.format = base::LogFormat::json;
  const auto checked = check_all(loaded, {}, others_of(config), std::chrono::system_clock::now());
  auto problems = checked.problems;
  // Of an agent.yaml with a mistake nobody knows which ports are meant.
  if (!resources::has_errors(loaded.problems))
    std::ranges::move(check_ports(loaded, checked.alone.listeners, supervisor),
                      std::back_inserter(problems));
  if (resources::has_errors(problems)) return tell(problems, asked), kWrongUse;
  if (!loaded.problems.empty()) tell(loaded.problems, asked);

  base::Logger log(config.log.level, config.log.format);
  auto agent = Agent::make(std::move(config), asked.config, supervisor, log);
  if (!agent) return complain(agent.error()), kWrongUse;
  if (auto started = (*agent)->start(); !started) return complain(started.error()), kWrongUse;
  serve_until_told(**agent, signals);
  return kDone;
}

}  // namespace

void add_agent(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand("agent", "Runs the agent of this cluster");
  auto asked = std::make_shared<AgentOptions>();
  command->add_option("-c,--config", asked->config, "agent.yaml")->capture_default_str();
  add_output(*command, asked->output);
  command->callback([=, &exit] { exit = run(*asked); });
}

}  // namespace agent::cli
