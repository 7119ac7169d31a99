#include "agent/client/dns_client.hpp"

#include <ares.h>
#include <arpa/nameser.h>
#include <sys/select.h>

namespace agent::client {
namespace {

struct Type {
  const char* name;
  int code;
  void (*parse)(const unsigned char* bytes, int length, DnsAnswer& answer);
};

template <class AddrTtl, int (*Parse)(const unsigned char*, int, hostent**, AddrTtl*, int*)>
void parse_addresses(const unsigned char* bytes, int length, DnsAnswer& answer) {
  int count = length / 16 + 1;  // a record takes as much at least
  std::vector<AddrTtl> addresses(static_cast<std::size_t>(count));
  answer.status = Parse(bytes, length, nullptr, addresses.data(), &count);
  if (answer.status != ARES_SUCCESS) return;
  for (int i = 0; i < count; ++i) {
    const auto& entry = addresses[static_cast<std::size_t>(i)];
    const auto* raw = reinterpret_cast<const std::uint8_t*>(&entry);
    const auto ip = base::IpAddress::from_bytes({raw, sizeof(entry) > 16 ? 16u : 4u});
    if (ip) answer.records.push_back({ip->to_string(), static_cast<std::uint32_t>(entry.ttl)});
  }
}

void parse_srv(const unsigned char* bytes, int length, DnsAnswer& answer) {
  ares_srv_reply* list = nullptr;
  answer.status = ares_parse_srv_reply(bytes, length, &list);
  for (const auto* entry = list; entry; entry = entry->next)
    answer.records.push_back({std::to_string(entry->priority) + " " +
                                  std::to_string(entry->weight) + " " +
                                  std::to_string(entry->port) + " " + entry->host,
                              0});
  ares_free_data(list);
}

void parse_txt(const unsigned char* bytes, int length, DnsAnswer& answer) {
  ares_txt_reply* list = nullptr;
  answer.status = ares_parse_txt_reply(bytes, length, &list);
  for (const auto* entry = list; entry; entry = entry->next)
    answer.records.push_back(
        {std::string(reinterpret_cast<const char*>(entry->txt), entry->length), 0});
  ares_free_data(list);
}

constexpr Type kTypes[] = {
    {"A", ns_t_a, parse_addresses<ares_addrttl, ares_parse_a_reply>},
    {"AAAA", ns_t_aaaa, parse_addresses<ares_addr6ttl, ares_parse_aaaa_reply>},
    {"SRV", ns_t_srv, parse_srv},
    {"TXT", ns_t_txt, parse_txt}};

class Resolver {
 public:
  explicit Resolver(const base::SocketAddress& server) {
    ares_options options{};
    options.flags =
        ARES_FLAG_EDNS | ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP;
    options.timeout = 1000;
    options.tries = 2;
    options.ednspsz = 1232;
    status_ =
        ares_init_options(&channel_, &options,
                          ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_EDNSPSZ);
    if (status_ == ARES_SUCCESS)
      status_ = ares_set_servers_ports_csv(channel_, server.to_string().c_str());
  }
  ~Resolver() {
    if (channel_) ares_destroy(channel_);
  }
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  DnsAnswer ask(const std::string& name, const Type& type) {
    DnsAnswer answer;
    answer.status = status_;
    if (status_ != ARES_SUCCESS) return answer;
    struct Query {
      const Type& type;
      DnsAnswer& answer;
    } query{type, answer};
    ares_query(
        channel_, name.c_str(), ns_c_in, type.code,
        [](void* argument, int status, int, unsigned char* bytes, int length) {
          auto& asked = *static_cast<Query*>(argument);
          asked.answer.status = status;
          if (status == ARES_SUCCESS) asked.type.parse(bytes, length, asked.answer);
        },
        &query);
    wait();
    return answer;
  }

 private:
  void wait() {
    for (;;) {
      fd_set read_set, write_set;
      FD_ZERO(&read_set);
      FD_ZERO(&write_set);
      const int count = ares_fds(channel_, &read_set, &write_set);
      if (count == 0) return;
      timeval most{2, 0}, patience{};
      select(count, &read_set, &write_set, nullptr, ares_timeout(channel_, &most, &patience));
      ares_process(channel_, &read_set, &write_set);
    }
  }
  ares_channel channel_ = nullptr;
  int status_ = ARES_SUCCESS;
};

}  // namespace

DnsAnswer look_up(const base::SocketAddress& server, const std::string& name,
                  std::string_view type_name) {
  ares_library_init(ARES_LIB_INIT_ALL);
  Resolver resolver(server);
  for (const auto& type : kTypes)
    if (type_name == type.name) {
      auto answer = resolver.ask(name, type);
      if (answer.status != ARES_SUCCESS) answer.failure = ares_strerror(answer.status);
      return answer;
    }
  DnsAnswer unknown;
  unknown.failure = "no such type";
  return unknown;
}

}  // namespace agent::client
