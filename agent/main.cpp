// nearmost: picks the command, nothing else.

#include <CLI/CLI.hpp>

#include "agent/cli/commands.hpp"

int main(int argc, char** argv) {
  using namespace agent::cli;
  CLI::App app(
      "One agent per cluster: gossips endpoints, answers DNS with the nearest healthy ones, "
      "forwards by route tables");
  app.name("nearmost");
  app.require_subcommand(1);
  int exit = kDone;
  add_agent(app, exit);
  add_check(app, exit);
  add_status(app, exit);
  add_resolve(app, exit);
  add_explain(app, exit);
  add_route(app, exit);
  add_dns_snippet(app, exit);
  add_forget(app, exit);
  add_drain(app, exit);
  add_undrain(app, exit);
  add_register(app, exit);
  add_deregister(app, exit);
  add_release(app, exit);
  add_demo(app, exit);
  add_tls(app, exit);
  add_sample(app, exit);
  add_version(app, exit);
  if (argc == 1) {
    std::cout << app.help();
    return kDone;
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kDone : kWrongUse;
  } catch (const std::exception& error) {  // an answer that is not an agent's
    return complain(base::Error{base::Code::internal, error.what()});
  }
  return exit;
}
