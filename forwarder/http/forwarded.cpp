#include "forwarder/http/forwarded.hpp"

#include <algorithm>
#include <charconv>

#include "forwarder/http/characters.hpp"
#include "forwarder/http/field.hpp"

namespace forwarder::http {
namespace {

constexpr std::string_view kFor = "X-Forwarded-For";
constexpr std::string_view kProto = "X-Forwarded-Proto";
constexpr std::string_view kHost = "X-Forwarded-Host";
constexpr std::string_view kMaxForwards = "Max-Forwards";

template <class Visit>
void for_each_list(const RequestHead& head, Visit&& visit) {
  for (const Header& header : head.headers)
    if (equal_ignoring_case(header.name, kFor)) visit(header.value);
}

// It came, and its sender means it for more than this hop.
bool came(std::string_view name, const RequestHead& head) {
  return find_header(head.headers, name) != nullptr && !nominated(name, head.headers);
}

}  // namespace

ForwardedFields::ForwardedFields(const RequestHead& head, const Passing& passing,
                                 std::string& scratch) {
  scratch.clear();
  if (!nominated(kFor, head.headers))
    for_each_list(head, [&](std::string_view list) { scratch.append(list).append(", "); });
  if (!scratch.empty()) scratch.append(passing.client);
  remove(kFor);
  add(kFor, scratch.empty() ? passing.client : scratch);

  if (!came(kProto, head)) add(kProto, passing.scheme);
  const bool host_changes = !passing.host.empty() && !head.authority.empty() &&
                            !equal_ignoring_case(passing.host, head.authority);
  if (host_changes && !came(kHost, head)) add(kHost, head.authority);
  add("Via", head.minor_version == 0 ? "1.0 nearmost" : "1.1 nearmost");

  if (!head.max_forwards) return;
  const auto left = *head.max_forwards - std::min<std::uint64_t>(*head.max_forwards, 1);
  const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), left).ptr;
  remove(kMaxForwards);
  add(kMaxForwards, {digits_.data(), static_cast<std::size_t>(end - digits_.data())});
}

std::size_t times_forwarded(const RequestHead& head) {
  std::size_t times = 0;
  for_each_list(head, [&](std::string_view list) {
    for_each_element(list, [&](std::string_view) { ++times; });
  });
  return times;
}

}  // namespace forwarder::http
