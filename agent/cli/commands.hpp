// The commands of `nearmost`, one file each. A command prints to standard output, complains to
// standard error and returns the exit code of the process.
//
// Exit codes are stable: 0 done, 1 failed, 2 wrong use or wrong documents, 3 it works but not fully
// (degraded).
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/client/admin_client.hpp"
#include "agent/config.hpp"
#include "base/result.hpp"

namespace CLI {
class App;
}

namespace agent::cli {

using Json = nlohmann::ordered_json;

enum Exit : int { kDone = 0, kFailed = 1, kWrongUse = 2, kDegraded = 3 };

// What every command that asks a running agent takes: where it is, and how to print.
struct Options {
  std::string config;  // -c: agent.yaml, for the addresses in it
  std::string admin;   // --admin: beats the config; $NEARMOST_ADMIN is its default
  std::string output;  // -o: "text" or "json"
  std::string dns;     // --dns: for resolve

  bool json() const { return output == "json"; }
  base::Result<base::SocketAddress> admin_address() const;
  base::Result<base::SocketAddress> dns_address() const;
};

// Each adds its sub-command to `app`; the callback sets `exit`.
void add_agent(CLI::App& app, int& exit);
void add_check(CLI::App& app, int& exit);
void add_dns_snippet(CLI::App& app, int& exit);
void add_status(CLI::App& app, int& exit);
void add_resolve(CLI::App& app, int& exit);
void add_explain(CLI::App& app, int& exit);
void add_forget(CLI::App& app, int& exit);
void add_drain(CLI::App& app, int& exit);
void add_undrain(CLI::App& app, int& exit);
void add_register(CLI::App& app, int& exit);
void add_deregister(CLI::App& app, int& exit);
void add_release(CLI::App& app, int& exit);
void add_route(CLI::App& app, int& exit);
void add_demo(CLI::App& app, int& exit);
void add_sample(CLI::App& app, int& exit);
void add_tls(CLI::App& app, int& exit);
void add_version(CLI::App& app, int& exit);

// agent.yaml for these fields of it: a mistake elsewhere keeps no operator from asking.
base::Result<Config> config_of(const std::string& path,
                               const std::vector<std::string_view>& fields);

// -c, --admin, -o as this command wants them.
void add_options(CLI::App& command, Options& options);
// -o alone: "text" or "json".
void add_output(CLI::App& command, std::string& output);
// Prints "error: …" and gives kFailed.
int complain(const base::Error& error);
// Has the running agent do what a path of its API with its query says; prints what `done`
// makes of the answer, or that as JSON.
int order(const Options& options, const std::string& path,
          const std::function<std::string(const Json& answer)>& done);

}  // namespace agent::cli
