#include "dns/net/upstream_channel.hpp"

#include <netinet/in.h>

#include <cstring>
#include <memory>

namespace dns::net {
namespace {

// Every option that keeps c-ares from reading resolv.conf.
constexpr int kOptions = ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_NDOTS |
                         ARES_OPT_SERVERS | ARES_OPT_DOMAINS | ARES_OPT_LOOKUPS |
                         ARES_OPT_SORTLIST | ARES_OPT_EDNSPSZ | ARES_OPT_SOCK_STATE_CB;

int flags_of(Via via) {
  return ARES_FLAG_NOCHECKRESP | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_PRIMARY |
         (via.edns ? ARES_FLAG_EDNS : 0) | (via.tcp ? ARES_FLAG_USEVC : 0);
}

ares_addr_port_node node_of(const base::SocketAddress& address) {
  ares_addr_port_node node{};
  const auto bytes = address.ip.bytes();
  node.family = address.ip.is_v4() ? AF_INET : AF_INET6;
  std::memcpy(&node.addr, bytes.data(), bytes.size());
  node.udp_port = node.tcp_port = address.port;
  return node;
}

}  // namespace

struct UpstreamChannel::Asked {
  UpstreamChannel& channel;
  std::uint64_t attempt;
  base::Bytes query;
};

UpstreamChannel::UpstreamChannel(const base::SocketAddress& upstream, Via via, base::TimePoint now,
                                 base::net::PollSet& polled, std::vector<Ended>& ended)
    : via_(via), made_(now), polled_(polled), ended_(ended) {
  ares_options options{};
  in_addr placeholder{};
  char lookups[] = "b";
  options.flags = flags_of(via);
  options.timeout = static_cast<int>(base::to_ms(kTimeout));
  options.tries = 1;
  options.ndots = 1;
  options.servers = &placeholder;
  options.nservers = 1;
  options.lookups = lookups;
  options.ednspsz = static_cast<int>(kUdpPayload);
  options.sock_state_cb = [](void* self, ares_socket_t socket, int reads, int writes) {
    static_cast<UpstreamChannel*>(self)->polled_.watch(self, socket, reads != 0, writes != 0);
  };
  options.sock_state_cb_data = this;
  status_ = ares_init_options(&channel_, &options, kOptions);
  if (status_ != ARES_SUCCESS) return;
  auto node = node_of(upstream);
  status_ = ares_set_servers_ports(channel_, &node);
}

UpstreamChannel::~UpstreamChannel() {
  if (channel_) ares_destroy(channel_);
}

void UpstreamChannel::ask(std::uint64_t attempt, const base::Bytes& query) {
  if (status_ != ARES_SUCCESS) {
    worn_ = true;
    ended_.push_back({attempt, Pending::Failure::unreachable});
    return;
  }
  ++queries_;
  ++under_way_;
  auto asked = std::make_unique<Asked>(Asked{*this, attempt, query});
  const auto bytes = base::as_span(asked->query);
  ares_send(channel_, bytes.data(), static_cast<int>(bytes.size()), on_end, asked.release());
}

void UpstreamChannel::on_end(void* argument, int status, int, unsigned char* answer, int length) {
  const std::unique_ptr<Asked> asked(static_cast<Asked*>(argument));
  auto& channel = asked->channel;
  --channel.under_way_;
  if (status == ARES_SUCCESS && answer) {
    const std::span bytes(answer, static_cast<std::size_t>(length));
    const auto read = read_upstream_answer(base::as_span(asked->query), bytes);
    if (channel.via_.edns && !read.edns) channel.worn_ = true;
    channel.ended_.push_back({asked->attempt, {}, base::Bytes(base::as_text(bytes))});
    return;
  }
  const auto failure =
      status == ARES_ETIMEOUT ? Pending::Failure::timeout : Pending::Failure::unreachable;
  channel.ended_.push_back({asked->attempt, failure});
}

void UpstreamChannel::process(const base::net::PollSet::Ready& ready) {
  ares_process_fd(channel_, ready.readable ? ready.fd : ARES_SOCKET_BAD,
                  ready.writable ? ready.fd : ARES_SOCKET_BAD);
}

void UpstreamChannel::process_deadlines() {
  if (under_way_ > 0) ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
}

std::optional<base::Duration> UpstreamChannel::patience() const {
  timeval left{};
  if (under_way_ == 0 || !ares_timeout(channel_, nullptr, &left)) return std::nullopt;
  // c-ares counts whole milliseconds, rounded down.
  return std::chrono::seconds(left.tv_sec) + std::chrono::microseconds(left.tv_usec) +
         std::chrono::milliseconds(1);
}

}  // namespace dns::net
