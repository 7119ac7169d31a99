#include "agent/agent.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <random>

#include "agent/admin_guard.hpp"
#include "agent/alone.hpp"
#include "agent/check_report.hpp"
#include "agent/hand_over.hpp"
#include "agent/kubeconfig.hpp"
#include "agent/kubernetes_report.hpp"
#include "agent/name_report.hpp"
#include "agent/object_states.hpp"
#include "agent/settings.hpp"
#include "agent/tls.hpp"
#include "agent/tls_notary.hpp"
#include "agent/upstream_report.hpp"
#include "dns/net/sockets.hpp"
#include "resources/suggest.hpp"

namespace agent {
namespace {

constexpr base::Duration kHealthEvery = std::chrono::milliseconds(200);

std::uint64_t draw_seed() {
  std::random_device device;
  return static_cast<std::uint64_t>(device()) << 32 | device();
}

// That this process may have; unlimited is very many.
std::size_t descriptor_limit() {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : 0;
}

BuilderConfig builder_config(const Config& config) {
  return {assembly_rules(config),
          export_rule(config),
          zone_config(config),
          forwarder_config(config),
          config.role,
          {config.checks, config.networks},
          [config, rehearsal = std::make_shared<Rehearsal>()](const auto& documents) {
            return rehearsal->errors(config, documents, others_of(config));
          },
          config.kubernetes.has_value(),
          SubsetLabels::rule(config)};
}

base::Result<discovery::sources::kubernetes::Access> access_of(const KubernetesConfig& config) {
  if (config.kubeconfig.empty())
    return discovery::sources::kubernetes::Access{
        config.server, {config.ca, ""}, {config.token, ""}, {}, {}};
  resources::Problems problems;
  auto access = read_kubeconfig(config.kubeconfig, config.context, problems);
  if (!access) return base::invalid(problems.front().to_string());
  return std::move(*access);
}

std::string joined(const std::vector<std::string>& words) {
  return resources::joined(std::vector<std::string_view>(words.begin(), words.end()));
}

}  // namespace

base::Result<std::unique_ptr<Agent>> Agent::make(Config config, std::string config_path,
                                                 base::net::Supervisor& supervisor,
                                                 base::Logger& log) {
  std::unique_ptr<Agent> agent(
      new Agent(std::move(config), std::move(config_path), supervisor, log));
  auto loop = base::net::EventLoop::make();
  if (!loop) return loop.error();
  agent->io_ = std::move(*loop);
  if (auto done = agent->secure(); !done) return done.error();
  if (auto done = agent->open_state(); !done) return done.error();
  agent->make_control();
  agent->make_builder();
  for (const auto step : {&Agent::make_forwarder, &Agent::open_gossip, &Agent::open_dns,
                          &Agent::open_files, &Agent::open_kubernetes, &Agent::open_admin,
                          &Agent::watch_certificates, &Agent::watch_config})
    if (auto done = ((*agent).*step)(); !done) return done.error();
  return agent;
}

Agent::Agent(Config config, std::string config_path, base::net::Supervisor& supervisor,
             base::Logger& log)
    : supervisor_(supervisor),
      log_(log),
      config_path_(std::move(config_path)),
      config_(std::move(config)),
      shown_config_(config_),
      seed_(draw_seed()),
      grpc_log_([this](const std::string& line) { hear_grpc(line); }),
      siblings_(config_.cluster, [this](SiblingWord word) { hear_sibling(std::move(word)); }) {}

// On any thread: what TLS turns away before there is a link is told nowhere else.
void Agent::hear_grpc(const std::string& line) {
  log_.warn("grpc", line);
  if (is_refused_handshake(line))
    refusals_.note(std::chrono::steady_clock::now(), refused_handshake(line));
}

Agent::~Agent() { stop(discovery::Goodbye::Reason::leaving); }

base::Result<void> Agent::secure() {
  const auto& gossip = config_.gossip;
  if (!gossip.tls) {
    security_ = discovery::rpc::Security::insecure();
    return {};
  }
  auto loaded = tls::load(certificate_files(config_),
                          {gossip.trust_domain, config_.cluster, config_.is_leaf()},
                          std::chrono::system_clock::now());
  if (!loaded) return loaded.error();
  security_ = discovery::rpc::Security::mutual_tls(
      trust_rule(config_), std::move(loaded->certificates),
      [](const std::string& chain, const std::string& ca) {
        return tls::chain_objection(chain, ca, std::chrono::system_clock::now());
      });
  return {};
}

base::Result<void> Agent::open_state() {
  if (config_.state_dir.empty()) return {};
  const auto began = std::chrono::steady_clock::now();
  auto opened = discovery::sources::StateFolder::open(config_.state_dir, config_.cluster);
  if (!opened) return opened.error();
  saved_ = std::move(*opened);
  state_ = std::make_unique<discovery::sources::StateWriter>(std::move(saved_.folder), log_);
  std::size_t rows = 0;
  for (const auto& origin : saved_.state.origins) rows += origin.rows.size();
  log_.info("state", "read",
            {{"origins", saved_.state.origins.size()},
             {"rows", rows},
             {"time", base::to_string(std::chrono::steady_clock::now() - began)}});
  return {};
}

void Agent::make_control() {
  base::Random random(seed_);
  discovery::NodeConfig node;
  const auto& last = saved_.last_replica;
  node.slots = config_.replicas;
  node.self = {config_.cluster, config_.replica};
  if (last < config_.replicas) node.self.replica = last;
  for (auto& byte : node.instance) byte = static_cast<std::uint8_t>(random.next());
  node.advertise = advertised(config_);
  node.last_incarnation = saved_.last_incarnation;
  node.sync_patience = sync_patience(config_, saved_.state.whole);
  node.networks = config_.networks;
  node.limits = config_.gossip.limits;
  const bool leaf = config_.is_leaf();
  if (config_.gossip.tls && !leaf)
    node.notary = std::make_shared<tls::Notary>(security_, trust_rule(config_),
                                                [] { return std::chrono::system_clock::now(); });

  const auto self = node.self;
  Control::Callbacks callbacks;
  callbacks.published = [this, leaf](auto publication, std::uint64_t edition) {
    if (!leaf) siblings_.look(*publication);
    if (state_) state_->publication(publication);
    builder_->publication(std::move(publication), edition);
  };
  callbacks.probe = [this](discovery::ProbeRequest request) {
    io_->post([this, request = std::move(request)] { prober_->probe(request); });
  };
  callbacks.refused = [this](Refusal refusal) {
    refusals_.note(std::chrono::steady_clock::now(), std::move(refusal));
  };
  control_ = std::make_unique<Control>(std::move(node), random.next(), std::move(callbacks), log_,
                                       leaf ? Control::As::leaf : Control::As::node);
  control_->post(std::exchange(saved_.state, {}));  // before all that others post
  auto resolve = [this](const std::string& host, auto answer) {
    resolver_.resolve(host, [answer = std::move(answer)](auto found) {
      if (!found) return answer(found.error());
      answer(std::move(found->addresses));
    });
  };
  auto dialer = std::make_unique<discovery::rpc::Dialer>(control_->links(), security_,
                                                         random.fork(), resolve);
  PeerList peers(self, assembly_rules(config_),
                 leaf ? PeerList::Learns::cluster : PeerList::Learns::everybody);
  peers.configure(config_.gossip.peers);
  control_->use(std::move(dialer), std::move(peers));
  prober_ = std::make_unique<discovery::sources::Prober>(
      *io_, assembly_rules(config_),
      [this](discovery::ProbeReply reply) { control_->post(std::move(reply)); });
}

void Agent::make_builder() {
  builder_ = std::make_unique<Builder>(
      builder_config(config_), Builder::Products{dns_table_, forwarder_table_, served_},
      Builder::Callbacks{[this](SourceRows rows, std::string stuck) {
                           publish_rows(std::move(rows), std::move(stuck));
                         },
                         [this] {
                           if (forwarder_) forwarder_->table_changed();
                         },
                         [this](std::vector<std::string> names) {
                           io_->post([this, names = std::move(names)] { names_->want(names); },
                                     base::Delivery::must_deliver);
                         },
                         [this](discovery::sources::CheckTargets targets) {
                           io_->post(
                               [this, targets = std::move(targets)]() mutable {
                                 checker_->want(std::move(targets));
                               },
                               base::Delivery::must_deliver);
                         },
                         [this](std::vector<std::string> keys) {
                           if (kubernetes_) kubernetes_->want_pod_labels(std::move(keys));
                         }},
      log_);
}

base::Result<void> Agent::make_forwarder() {
  if (config_.forwarder.listen.empty()) return {};
  forwarder::net::Config config;
  const auto workers = workers_of(config_.forwarder.workers, kMaxWorkers);
  config.workers = workers;
  config.limits = forwarder_limits(config_, descriptor_limit(), workers);
  config.timeouts = config_.forwarder.timeouts;
  config.seed = seed_ ^ 0x666f7277;
  config.supervisor = &supervisor_;
  if (const auto& wanted = config_.forwarder.access_log) {
    auto opened = forwarder::net::AccessLog::open(*wanted, log_);
    if (!opened) return opened.error();
    access_log_ = std::move(*opened);
  }
  config.access = access_log_.get();
  forwarder_ =
      std::make_unique<forwarder::net::Forwarder>(std::move(config), forwarder_table_, log_);
  return {};
}

base::Result<void> Agent::open_gossip() {
  if (config_.is_leaf()) return {};
  auto server = GossipServer::make(*io_, config_, control_->links(), security_, registrar_);
  if (!server) return server.error();
  gossip_ = std::move(*server);
  return {};
}

base::Result<void> Agent::open_dns() {
  const auto addresses =
      static_cast<std::uint32_t>(std::max<std::size_t>(1, config_.dns.listen.size()));
  const auto workers = workers_of(config_.dns.workers, kMaxDnsThreads / addresses - 1);
  pass_on_ = std::make_unique<dns::net::PassOn>(draw_seed());  // guessed by nobody
  for (const auto& listen : config_.dns.listen) {
    auto sockets = dns::net::open_sockets(listen, workers, &supervisor_);
    if (!sockets) return sockets.error();
    auto& dns = dns_.emplace_back();
    dns.udp = std::make_unique<dns::net::UdpServer>(std::move(sockets->udp), dns_table_, ++seed_,
                                                    dns::net::UdpServer::kPatience, pass_on_.get());
    auto tcp = dns::net::TcpServer::start(std::move(sockets->tcp), dns_table_, ++seed_, {},
                                          pass_on_.get());
    if (!tcp) return tcp.error();
    dns.tcp = std::move(*tcp);
  }
  return {};
}

base::Result<void> Agent::open_files() {
  names_ = std::make_unique<discovery::sources::NameSource>(
      *io_, name_servers_of(config_), assembly_rules(config_),
      [this](auto addresses) { builder_->names(std::move(addresses)); });
  checker_ = std::make_unique<discovery::sources::Checker>(
      *io_, base::Random(draw_seed()),
      [this](auto failing) { builder_->failing(std::move(failing)); });
  auto files = discovery::sources::Files::open(
      *io_, config_.resources, [this](auto read) { builder_->files(std::move(read)); });
  if (!files) return files.error();
  files_ = std::move(*files);
  unsaid_.insert("files");
  return {};
}

base::Result<void> Agent::open_kubernetes() {
  if (!config_.kubernetes) return {};
  unsaid_.insert("kubernetes");
  auto access = access_of(*config_.kubernetes);
  if (!access) return access.error();
  auto source = discovery::sources::kubernetes::Source::make(
      std::move(*access), base::Random(draw_seed()),
      {[this](auto reading) { builder_->kubernetes(std::move(reading)); }, JudgedStates(served_)},
      log_);
  if (!source) return source.error();
  kubernetes_ = std::move(*source);
  return {};
}

base::Result<void> Agent::open_admin() {
  drainer_ = std::make_unique<Drainer>(*io_, base::Random(draw_seed()),
                                       [this](auto... said) { post_drains(std::move(said)...); });
  const auto registered = [this](const auto& services, auto saved) {
    builder_->registered(services);
    if (state_) state_->keep(std::move(saved));
    post_registrations();
  };
  registrar_ = std::make_unique<Registrar>(*io_, base::Random(draw_seed()), registered);
  api_ = std::make_unique<Api>(Api::Sources{
      shown_config_, served_, dns_table_, forwarder_table_, *control_, *drainer_, *registrar_,
      [this] { return stopping_.load(); }, [this] { return !forwarder_ || forwarder_->in_place(); },
      [this] { return troubles(); }, [this](Metrics& metrics) { add_worker_metrics(metrics); },
      [] { kill(getpid(), SIGHUP); },
      [this](std::string cluster) { control_->post(Forget{std::move(cluster)}); },
      [this](std::string source) { control_->post(Release{std::move(source)}); },
      [this] { return refusals_.list(std::chrono::steady_clock::now()); },
      [this] { return report(upstreams_of(shown_config_, *pass_on_)); },
      [this] { return kubernetes_ ? report(kubernetes_->status()) : Json(); },
      [this] { return report(names_->status()); },
      [this] { return report(checker_->checks(), io_->now()); }});
  const auto serve = [](HttpRoutes routes) {
    return [routes = std::move(routes)](const HttpRequest& request) {
      return routes.respond(request);
    };
  };
  const auto guarded = [respond = serve(api_->admin())](const HttpRequest& request) {
    auto refused = refuse_foreign(request);
    return refused ? std::move(*refused) : respond(request);
  };
  auto admin = HttpServer::open(*io_, {config_.admin}, guarded, {}, {.supervisor = &supervisor_});
  if (!admin) return admin.error();
  admin_ = std::move(*admin);
  auto probes =
      HttpServer::open(*io_, {config_.probes}, serve(api_->probes()), {},
                       {.wildcard = base::net::Wildcard::allowed, .supervisor = &supervisor_});
  if (!probes) return probes.error();
  probes_ = std::move(*probes);
  return {};
}

base::Result<void> Agent::watch_certificates() {
  const auto& gossip = config_.gossip;
  if (!gossip.tls) return {};
  const auto say = [this](const base::Result<tls::Standing>& found) {
    condition_.certificate(found);
    if (!found)
      log_.error("tls", "the certificates on disk cannot serve: those in use stay",
                 {{"reason", found.error().message}});
  };
  auto watch = tls::Watch::open(
      *io_, certificate_files(config_), {gossip.trust_domain, config_.cluster, config_.is_leaf()},
      security_, [] { return std::chrono::system_clock::now(); }, say);
  if (!watch) return watch.error();
  certificates_ = std::move(*watch);
  return {};
}

// The first reading is what this agent started with; a change is a reload, as SIGHUP is.
base::Result<void> Agent::watch_config() {
  auto watch = discovery::sources::Files::open(*io_, {config_path_}, [first = true](auto) mutable {
    if (!std::exchange(first, false)) kill(getpid(), SIGHUP);
  });
  if (!watch) return watch.error();
  config_file_ = std::move(*watch);
  return {};
}

base::Result<void> Agent::start() {
  if (forwarder_)
    if (auto started = forwarder_->start(); !started) return started;
  post_agent_row(config_);
  drainer_->resume(saved_.drains);
  for (const auto& refused : registrar_->resume(saved_.registrations))
    log_.warn("registrations", "one of before is not taken again", {{"reason", refused.message}});
  builder_->start();
  if (state_) state_->start();
  control_->start();
  if (kubernetes_) kubernetes_->start();
  health_ = std::make_unique<base::net::Scope>(*io_);
  health_->spawn(keep_health());
  io_thread_ = std::thread([this] { io_->run(); });
  log_.info("agent", "started",
            {{"cluster", config_.cluster},
             {"gossip", config_.is_leaf() ? "leaf" : config_.gossip.listen.to_string()},
             {"admin", config_.admin.to_string()}});
  return {};
}

// grpc.health.v1 follows /readyz.
base::net::Task<void> Agent::keep_health() {
  for (;;) {
    const bool ready = api_->ready();
    if (ready != ready_) {
      if (gossip_)
        gossip_->set(ready ? GossipServer::Readiness::ready : GossipServer::Readiness::not_ready);
      log_.info("agent", ready ? "ready" : "not ready");
      if (ready) tell_supervisor();
      ready_ = ready;
      post_agent_row(shown_config_);
    }
    for (const auto& line : condition_.lines_due(std::chrono::system_clock::now()))
      log_.warn("tls", line);
    co_await base::net::sleep_until(*io_, io_->now() + kHealthEvery);
  }
}

// Whatever listens by our configuration does so now: what was left to us beyond that is not wanted.
void Agent::tell_supervisor() {
  for (const auto& address : supervisor_.close_rest())
    log_.info("agent", "closed a socket of the process before, which nothing asks for",
              {{"address", address.to_string()}});
  supervisor_.tell("READY=1");
}

void Agent::reload() {
  if (access_log_) access_log_->reopen();
  auto loaded = load_config(config_path_);
  const bool good = !resources::has_errors(loaded.problems);
  const auto first =
      std::ranges::find(loaded.problems, resources::Severity::error, &resources::Problem::severity);
  condition_.config(good ? "" : first->to_string());
  for (const auto& problem : loaded.problems)
    if (problem.severity == resources::Severity::error)
      log_.error("config", problem.without_severity());
    else
      log_.warn("config", problem.without_severity());
  if (!good) return log_.error("config", "not reloaded: the last good one stays");
  if (const auto refused = joined(changes_that_need_a_restart(config_, loaded.config));
      !refused.empty()) {
    log_.warn("config", "changed, but takes effect only at a restart", {{"fields", refused}});
    condition_.config("changed, but takes effect only at a restart: " + refused);
  }
  const auto before = std::exchange(config_, with_live_changes(config_, loaded.config));
  log_.set_level(config_.log.level);
  control_->post(Peers{config_.gossip.peers});
  control_->post(Reach{config_.networks});
  builder_->configure(builder_config(config_));
  io_->post(
      [this, config = config_] {
        shown_config_ = config;
        prober_->use(assembly_rules(config));
        names_->use(name_servers_of(config), assembly_rules(config));
        post_agent_row(config);
        post_registrations();
        files_->reread(config.resources);
      },
      base::Delivery::must_deliver);
  log_.info("config", "reloaded", {{"changed", joined(changes(before, config_))}});
}

base::Duration Agent::hand_over(discovery::Goodbye::Reason reason) {
  const auto time = hand_over_time(config_, reason, control_->membership().get());
  stopping_ = time > base::Duration{};
  if (stopping_ && forwarder_) forwarder_->leave();
  return time;
}

// Readiness goes first: others are asked while requests end. io ends before what its tasks use.
void Agent::stop(discovery::Goodbye::Reason reason) {
  if (!io_thread_.joinable()) return;
  log_.info("agent", "stopping");
  supervisor_.tell("STOPPING=1");
  stopping_ = true;
  control_->stop(reason);
  if (forwarder_) forwarder_->drain(kDrainPatience);
  for (auto& dns : dns_) dns.udp->stop(), dns.tcp->stop();
  pass_on_->stop();
  io_->stop();
  io_thread_.join();
  health_.reset();
  if (gossip_) gossip_->stop();
  if (kubernetes_) kubernetes_->stop();
  builder_->stop();
  if (state_) state_->stop();
}

// Builder thread. The first rows of every source open the gate: until they are in, peers would see
// an empty cluster.
void Agent::publish_rows(SourceRows rows, std::string stuck) {
  const auto source = rows.source;
  stuck_[source] = std::move(stuck);
  std::string why;
  for (const auto& [name, one] : stuck_)
    if (!one.empty()) why += (why.empty() ? "" : "; ") + one;
  control_->post(std::move(rows));
  control_->post(SourceStuck{std::move(why)});  // behind them: what is read again is in them
  if (unsaid_.erase(source) && unsaid_.empty()) control_->post(LocalReady{});
}

}  // namespace agent
