#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>

#include "agent/cli/commands.hpp"
#include "agent/cli/remote_agent.hpp"
#include "agent/http_message.hpp"
#include "resources/duration.hpp"

// A service that says itself where it is, for as long as it runs.
namespace agent::cli {
namespace {

struct RegisterOptions {
  std::string file, lease;
  bool once = false;
  std::string agent, tls;  // of another host, and who we are to it
  bool insecure = false;
};

base::Result<std::string> text_of(const std::string& file) {
  std::ostringstream text;
  if (file == "-") {
    text << std::cin.rdbuf();
  } else {
    std::ifstream in(file);
    if (!in) return base::invalid(file + " cannot be read");
    text << in.rdbuf();
  }
  return text.str();
}

// Has an agent hold the service for a lease; for one of 0 it takes it back.
using Tell = std::function<base::Result<void>(base::Duration lease)>;

base::Result<void> tell_admin(const base::SocketAddress& admin, const std::string& text,
                              base::Duration lease) {
  const auto path =
      lease > base::Duration{}
          ? "/api/v1/register?" +
                client::query_parameter("lease", std::to_string(base::to_ms(lease)) + "ms")
          : std::string("/api/v1/deregister");
  const auto answer = client::post(admin, path, text);
  if (!answer) return answer.error();
  if (const auto why = answer->value("error", ""); !why.empty()) return base::invalid(why);
  return {};
}

base::Result<Tell> whom_to_tell(const Options& options, const RegisterOptions& asked,
                                std::string text) {
  if (!asked.agent.empty()) {
    auto agent = RemoteAgent::make(asked.agent, asked.insecure ? "" : asked.tls);
    if (!agent) return agent.error();
    return Tell([agent = std::move(*agent), text = std::move(text)](base::Duration lease) {
      return agent.order(text, lease);
    });
  }
  const auto admin = options.admin_address();
  if (!admin) return admin.error();
  return Tell([admin = *admin, text = std::move(text)](base::Duration lease) {
    return tell_admin(admin, text, lease);
  });
}

// SIGTERM or SIGINT within that time.
bool told_to_end(const sigset_t& signals, base::Duration within) {
  const auto ms = base::to_ms(within);
  const timespec time{static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000 * 1'000'000)};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

// Says it again three times a lease, so that two may be lost; what fails is tried each second.
void renew(const Tell& tell, base::Duration lease, const sigset_t& signals) {
  std::string said;
  auto pause = lease / 3;
  while (!told_to_end(signals, pause)) {
    const auto done = tell(lease);
    const auto trouble = done ? std::string() : done.error().message;
    if (trouble != said)
      std::cerr << (trouble.empty() ? "renewed again" : "not renewed: " + trouble) << std::endl;
    said = trouble;
    pause = trouble.empty() ? lease / 3 : base::Duration(std::chrono::seconds(1));
  }
}

int run_register(const Options& options, const RegisterOptions& asked) {
  auto text = text_of(asked.file);
  if (!text) return complain(text.error());
  const auto lease = resources::parse_duration(asked.lease);
  if (!lease) return complain(lease.error());
  if (*lease <= base::Duration{}) return complain(base::invalid("a lease is 3s at the least"));
  const auto tell = whom_to_tell(options, asked, std::move(*text));
  if (!tell) return complain(tell.error());
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  if (const auto done = (*tell)(*lease); !done)
    return complain(base::invalid(done.error().message));
  if (options.json())
    std::cout << Json{{"registered", true}, {"leaseMs", base::to_ms(*lease)}}.dump() << std::endl;
  else
    std::cout << "registered for " << base::to_string(*lease)
              << (asked.once ? "" : ", again and again until this command ends") << std::endl;
  if (asked.once) return kDone;
  renew(*tell, *lease, signals);
  const auto done = (*tell)({});
  return done ? kDone : complain(base::invalid(done.error().message));
}

int run_deregister(const Options& options, const RegisterOptions& asked) {
  auto text = text_of(asked.file);
  if (!text) return complain(text.error());
  const auto tell = whom_to_tell(options, asked, std::move(*text));
  if (!tell) return complain(tell.error());
  if (const auto done = (*tell)({}); !done) return complain(base::invalid(done.error().message));
  std::cout << (options.json() ? R"({"registered":false})" : "registered no more") << "\n";
  return kDone;
}

void add_file(CLI::App& command, RegisterOptions& asked) {
  command
      .add_option(
          "file", asked.file,
          "the service in the short form, with the endpoints that serve; - = standard input")
      ->required();
  auto* agent = command.add_option("--agent", asked.agent,
                                   "an agent on another host, HOST:PORT of its gossip.listen");
  command
      .add_option("--tls", asked.tls,
                  "folder with cert.pem, key.pem and ca.pem of the agent's cluster, for --agent")
      ->default_val("tls")
      ->needs(agent);
  command.add_flag("--insecure", asked.insecure, "for --agent where the mesh is insecure")
      ->needs(agent);
}

}  // namespace

void add_register(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "register", "Registers a service's endpoints for as long as this command runs");
  auto options = std::make_shared<Options>();
  auto asked = std::make_shared<RegisterOptions>();
  add_file(*command, *asked);
  command->add_option("--lease", asked->lease, "how long it lasts unless it is said again")
      ->default_val("30s");
  command->add_flag("--once", asked->once, "say it once and end");
  add_options(*command, *options);
  command->callback([=, &exit] { exit = run_register(*options, *asked); });
}

void add_deregister(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand("deregister", "Takes a registration back");
  auto options = std::make_shared<Options>();
  auto asked = std::make_shared<RegisterOptions>();
  add_file(*command, *asked);
  add_options(*command, *options);
  command->callback([=, &exit] { exit = run_deregister(*options, *asked); });
}

}  // namespace agent::cli
