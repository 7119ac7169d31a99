#include <CLI/CLI.hpp>
#include <csignal>
#include <fstream>
#include <iostream>
#include <sstream>

#include "agent/cli/commands.hpp"
#include "agent/http_message.hpp"
#include "resources/duration.hpp"

// A service that says itself where it is, for as long as it runs.
namespace agent::cli {
namespace {

struct Asked {
  std::string file, lease;
  bool once = false;
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

// "": it is done, else why not.
std::string attempt(const base::SocketAddress& admin, const std::string& path,
                    const std::string& text) {
  const auto answer = client::post(admin, path, text);
  if (!answer) return answer.error().message;
  return answer->value("error", "");
}

// SIGTERM or SIGINT within that time.
bool told_to_end(const sigset_t& signals, base::Duration within) {
  const auto ms = base::to_ms(within);
  const timespec time{static_cast<time_t>(ms / 1000), static_cast<long>(ms % 1000 * 1'000'000)};
  return sigtimedwait(&signals, nullptr, &time) > 0;
}

// Says it again three times a lease, so that two may be lost; what fails is tried each second.
void renew(const base::SocketAddress& admin, const std::string& path, const std::string& text,
           base::Duration lease, const sigset_t& signals) {
  std::string said;
  auto pause = lease / 3;
  while (!told_to_end(signals, pause)) {
    const auto trouble = attempt(admin, path, text);
    if (trouble != said)
      std::cerr << (trouble.empty() ? "renewed again" : "not renewed: " + trouble) << std::endl;
    said = trouble;
    pause = trouble.empty() ? lease / 3 : base::Duration(std::chrono::seconds(1));
  }
}

int run_register(const Options& options, const Asked& asked) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto text = text_of(asked.file);
  if (!text) return complain(text.error());
  const auto lease = resources::parse_duration(asked.lease);
  if (!lease) return complain(lease.error());
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  const auto path = "/api/v1/register?" + client::query_parameter("lease", asked.lease);
  if (const auto trouble = attempt(*admin, path, *text); !trouble.empty())
    return complain(base::invalid(trouble));
  if (options.json())
    std::cout << Json{{"registered", true}, {"leaseMs", base::to_ms(*lease)}}.dump() << std::endl;
  else
    std::cout << "registered for " << base::to_string(*lease)
              << (asked.once ? "" : ", again and again until this command ends") << std::endl;
  if (asked.once) return kDone;
  renew(*admin, path, *text, *lease, signals);
  const auto trouble = attempt(*admin, "/api/v1/deregister", *text);
  return trouble.empty() ? kDone : complain(base::invalid(trouble));
}

int run_deregister(const Options& options, const Asked& asked) {
  const auto admin = options.admin_address();
  if (!admin) return complain(admin.error());
  const auto text = text_of(asked.file);
  if (!text) return complain(text.error());
  const auto trouble = attempt(*admin, "/api/v1/deregister", *text);
  if (!trouble.empty()) return complain(base::invalid(trouble));
  std::cout << (options.json() ? R"({"registered":false})" : "registered no more") << "\n";
  return kDone;
}

void add_file(CLI::App& command, Asked& asked) {
  command
      .add_option(
          "file", asked.file,
          "the service in the short form, with the endpoints that serve; - = standard input")
      ->required();
}

}  // namespace

void add_register(CLI::App& app, int& exit) {
  auto* command = app.add_subcommand(
      "register", "Registers a service's endpoints for as long as this command runs");
  auto options = std::make_shared<Options>();
  auto asked = std::make_shared<Asked>();
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
  auto asked = std::make_shared<Asked>();
  add_file(*command, *asked);
  add_options(*command, *options);
  command->callback([=, &exit] { exit = run_deregister(*options, *asked); });
}

}  // namespace agent::cli
