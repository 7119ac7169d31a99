#include "discovery/sources/resolver.hpp"

#include <ares.h>
#include <netinet/in.h>

#include <algorithm>

#include "discovery/sources/srv_message.hpp"

namespace discovery::sources {
namespace {

// A question under way: what c-ares carries for us.
struct Lookup {
  std::string host;
  Resolver::Answer answer;
  std::size_t& under_way;
};
struct SrvLookup {
  std::string host;
  Resolver::SrvAnswer answer;
  std::size_t& under_way;
};

int family_of(Resolver::Family family) {
  switch (family) {
    case Resolver::Family::any:
      return AF_UNSPEC;
    case Resolver::Family::v4:
      return AF_INET;
    case Resolver::Family::v6:
      return AF_INET6;
  }
  return AF_UNSPEC;
}

Resolver::Found found_in(const ares_addrinfo& records) {
  Resolver::Found found;
  auto& addresses = found.addresses;
  int least = records.nodes ? records.nodes->ai_ttl : 0;
  for (const auto* node = records.nodes; node; node = node->ai_next) {
    least = std::min(least, node->ai_ttl);
    if (node->ai_family == AF_INET) {
      const auto& v4 = reinterpret_cast<const sockaddr_in*>(node->ai_addr)->sin_addr;
      addresses.push_back(base::IpAddress::v4(ntohl(v4.s_addr)));
    } else if (node->ai_family == AF_INET6) {
      const auto& v6 = reinterpret_cast<const sockaddr_in6*>(node->ai_addr)->sin6_addr;
      addresses.push_back(base::IpAddress::v6(std::span<const std::uint8_t, 16>(v6.s6_addr)));
    }
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  found.lasts = std::chrono::seconds(std::max(least, 0));
  return found;
}

base::Code code_of(int status) {
  if (status == ARES_ENOTFOUND || status == ARES_ENODATA) return base::Code::not_found;
  return status == ARES_ETIMEOUT ? base::Code::timeout : base::Code::unavailable;
}

base::Error error_of(const std::string& host, int status) {
  return {code_of(status), host + " does not resolve: " + ares_strerror(status)};
}

void answered(void* argument, int status, int, ares_addrinfo* records) {
  const std::unique_ptr<Lookup> lookup(static_cast<Lookup*>(argument));
  --lookup->under_way;
  auto found = records ? found_in(*records) : Resolver::Found{};
  if (records) ares_freeaddrinfo(records);
  if (!found.addresses.empty()) return lookup->answer(std::move(found));
  lookup->answer(error_of(lookup->host, status));
}

void srv_answered(void* argument, int status, int, unsigned char* message, int size) {
  const std::unique_ptr<SrvLookup> lookup(static_cast<SrvLookup*>(argument));
  --lookup->under_way;
  if (status != ARES_SUCCESS) return lookup->answer(error_of(lookup->host, status));
  auto found = read_srv({message, static_cast<std::size_t>(size)});
  if (!found) return lookup->answer(error_of(lookup->host, ARES_EBADRESP));
  if (found->records.empty()) return lookup->answer(error_of(lookup->host, ARES_ENODATA));
  lookup->answer(std::move(*found));
}

}  // namespace

// One c-ares channel. Thread: the resolver's.
class Resolver::Channel {
 public:
  Channel(const Options& options, base::net::PollSet& polled) : polled_(polled) {
    ares_options wanted{};
    wanted.timeout = static_cast<int>(base::to_ms(options.patience));
    wanted.tries = options.tries;
    wanted.sock_state_cb = [](void* self, ares_socket_t socket, int reads, int writes) {
      static_cast<Channel*>(self)->polled_.watch(self, socket, reads != 0, writes != 0);
    };
    wanted.sock_state_cb_data = this;
    int given = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
    if (options.whole_names) given |= ARES_OPT_DOMAINS;  // none
    status_ = ares_init_options(&channel_, &wanted, given);
    std::string servers;
    for (const auto& server : options.servers)
      servers += (servers.empty() ? "" : ",") + server.to_string();
    if (status_ == ARES_SUCCESS && !servers.empty())
      status_ = ares_set_servers_ports_csv(channel_, servers.c_str());
  }
  // Answers what is under way with an error.
  ~Channel() {
    if (channel_) ares_destroy(channel_);
  }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  std::size_t under_way() const { return under_way_; }

  void ask(Question question) {
    if (status_ != ARES_SUCCESS)
      return question.fail(base::unavailable(
          question.host + " cannot be looked up: c-ares: " + ares_strerror(status_)));
    if (question.srv_answer) return ask_srv(std::move(question));
    ares_addrinfo_hints hints{};
    hints.ai_family = family_of(question.family);
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = ARES_AI_NOSORT;
    ++under_way_;
    auto lookup = std::make_unique<Lookup>(
        Lookup{std::move(question.host), std::move(question.answer), under_way_});
    const auto host = lookup->host;
    ares_getaddrinfo(channel_, host.c_str(), nullptr, &hints, answered, lookup.release());
  }

  void ask_srv(Question question) {
    constexpr int kInternet = 1, kSrv = 33;
    ++under_way_;
    auto lookup = std::make_unique<SrvLookup>(
        SrvLookup{std::move(question.host), std::move(question.srv_answer), under_way_});
    const auto host = lookup->host;
    ares_query(channel_, host.c_str(), kInternet, kSrv, srv_answered, lookup.release());
  }

  // Waits until a socket, a wake-up or a deadline of c-ares has something to say, and lets it.
  void turn() {
    timeval left{};
    std::optional<base::Duration> patience;
    if (ares_timeout(channel_, nullptr, &left))  // whole milliseconds, rounded down
      patience = std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec) +
                 std::chrono::milliseconds(1);
    for (const auto& ready : polled_.wait(patience))
      ares_process_fd(channel_, ready.readable ? ready.fd : ARES_SOCKET_BAD,
                      ready.writable ? ready.fd : ARES_SOCKET_BAD);
    ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);  // deadlines
  }

 private:
  base::net::PollSet& polled_;
  ares_channel channel_ = nullptr;
  int status_ = ARES_SUCCESS;
  std::size_t under_way_ = 0;
};

Resolver::Resolver(Options options) : options_(std::move(options)), thread_(&Resolver::run, this) {}

Resolver::~Resolver() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  polled_.wake();
  thread_.join();
}

void Resolver::Question::fail(base::Error error) const {
  if (srv_answer)
    srv_answer(std::move(error));
  else
    answer(std::move(error));
}

void Resolver::resolve(const std::string& host, Answer answer, Family family) {
  if (auto literal = base::IpAddress::parse(host))
    return answer(Found{{*literal}, base::Duration::max()});
  put({host, std::move(answer), family});
}

void Resolver::resolve_srv(const std::string& name, SrvAnswer answer) {
  put({name, {}, Family::any, std::move(answer)});
}

void Resolver::put(Question question) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() < kMaxWaiting && !stopping_) {
      waiting_.push_back(std::move(question));
      polled_.wake();
      return;
    }
  }
  question.fail({base::Code::exhausted, question.host + ": too many names wait to be resolved"});
}

bool Resolver::take(std::deque<Question>& into, std::size_t most) {
  const std::lock_guard lock(mutex_);
  while (into.size() < most && !waiting_.empty()) {
    into.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  return !stopping_;
}

void Resolver::run() {
  std::unique_ptr<Channel> channel;
  std::deque<Question> questions;
  while (take(questions, kMaxAtOnce - (channel ? channel->under_way() : 0))) {
    if (!questions.empty() && !channel) channel = std::make_unique<Channel>(options_, polled_);
    for (; !questions.empty(); questions.pop_front()) channel->ask(std::move(questions.front()));
    if (channel && channel->under_way() == 0) channel.reset();
    if (channel)
      channel->turn();
    else
      polled_.wait(std::nullopt);
  }
  channel.reset();
  take(questions, kMaxAtOnce + kMaxWaiting);
  for (auto& question : questions)
    question.fail(base::unavailable(question.host + ": the resolver is stopping"));
}

}  // namespace discovery::sources
