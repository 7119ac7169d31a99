// What is noted of a request while it is served, for the access log and for the counts of its route
// and its destination; pushed when it ends, however that is.
//
// Texts of the head are copied into a buffer of the worker's, so nothing is allocated in steady
// state. Thread: the worker's.
#pragma once

#include <array>
#include <initializer_list>
#include <string_view>

#include "forwarder/http/message.hpp"
#include "forwarder/net/access_record.hpp"
#include "forwarder/net/local_reply.hpp"
#include "forwarder/net/workspace.hpp"

namespace forwarder::net {

class RequestNote {
 public:
  RequestNote(Workspace& work, const base::SocketAddress& client);
  RequestNote(const RequestNote&) = delete;
  RequestNote& operator=(const RequestNote&) = delete;

  void head(const http::RequestHead& head);
  // In that order: the head, then its route; "" where none takes it.
  void route(std::string_view name);
  void destination(std::string_view name) { destination_ = &work_.destinations.of(name); }
  void tries(const base::SocketAddress& endpoint) {
    record_.upstream = endpoint;
    ++record_.attempts;
  }
  void status(std::uint16_t status) { record_.status = status; }
  void sent(std::uint64_t bytes) {
    work_.counters.bytes_to_clients.add(bytes);
    record_.sent += bytes;
  }
  // Answered here, for this.
  void failed(const Failure& failure);
  // Ended before the client had a whole answer. Texts last for ever.
  void ended(std::string_view flag, std::string_view reason) {
    record_.flag = flag;
    record_.reason = reason;
  }
  // `received`: bytes of the body; `destination`: of the route; needed no longer.
  void push(std::uint64_t received, std::string_view destination);

 private:
  static constexpr std::size_t kKept = 6;  // texts
  void keep(std::initializer_list<std::string_view> texts);

  Workspace& work_;
  AccessRecord record_;
  Traffic::Entry *route_ = nullptr, *destination_ = nullptr;  // null: none
  Buffer texts_;                                              // one behind the other
  std::array<std::size_t, kKept> ends_{};
  std::size_t kept_ = 0;
};

}  // namespace forwarder::net
