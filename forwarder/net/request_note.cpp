#include "forwarder/net/request_note.hpp"

#include "forwarder/http/field.hpp"
#include "forwarder/net/access_ring.hpp"

namespace forwarder::net {
namespace {

constexpr std::string_view kNoRoute = "(none)";

std::string_view value_of(const http::RequestHead& head, std::string_view name) {
  const auto* header = http::find_header(head.headers, name);
  return header ? header->value : std::string_view();
}

}  // namespace

RequestNote::RequestNote(Workspace& work, const base::SocketAddress& client)
    : work_(work), texts_(work.buffers) {
  record_.began = work.loop.now();
  record_.client = client;
}

void RequestNote::keep(std::initializer_list<std::string_view> texts) {
  auto& bytes = texts_.bytes();
  for (const auto& text : texts) {
    bytes.append(text.substr(0, AccessRing::kMostText));
    ends_[kept_++] = bytes.size();
  }
}

void RequestNote::head(const http::RequestHead& head) {
  if (!work_.access) return;
  record_.minor_version = head.minor_version;
  keep({head.method, head.authority, head.target, value_of(head, "user-agent"),
        value_of(head, "x-request-id")});
}

void RequestNote::route(std::string_view name) {
  route_ = &work_.routes.of(name.empty() ? kNoRoute : name);
  if (!work_.access) return;
  keep({name});
  if (name.empty()) ended("NR", "no route");
}

void RequestNote::failed(const Failure& failure) {
  record_.status = failure.status;
  ended(failure.flag, failure.reason);
}

void RequestNote::push(std::uint64_t received, std::string_view destination) {
  record_.ended = work_.loop.now();
  for (auto* entry : {route_, destination_})
    if (entry) entry->add(record_.status, record_.ended - record_.began);
  if (!work_.access) return;
  record_.received = received;
  record_.destination = destination;
  const auto texts = record_.texts();  // what is kept stands first among them
  std::size_t begin = 0;
  for (std::size_t i = 0; i < kept_; ++i) {
    *texts[i] = texts_.view().substr(begin, ends_[i] - begin);
    begin = ends_[i];
  }
  work_.access->push(record_);
}

}  // namespace forwarder::net
