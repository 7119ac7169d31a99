#include "forwarder/dot_segments.hpp"

#include <algorithm>

namespace forwarder {
namespace {

// How many dots the segment is made of; 0: of something else.
std::size_t dots(std::string_view segment) {
  std::size_t count = 0;
  for (; !segment.empty(); ++count) {
    const bool encoded = segment.starts_with("%2e") || segment.starts_with("%2E");
    if (!encoded && segment.front() != '.') return 0;
    segment.remove_prefix(encoded ? 3 : 1);
  }
  return count;
}

}  // namespace

std::optional<std::string> without_dot_segments(std::string_view path) {
  const auto none = std::string_view::npos;
  if (path.find("/.") == none && path.find("/%2") == none) return std::nullopt;
  std::string result;
  bool found = false;
  while (path.starts_with('/')) {
    const auto end = std::min(path.find('/', 1), path.size());
    const auto segment = path.substr(1, end - 1);
    const auto count = dots(segment);
    path.remove_prefix(end);
    if (count != 1 && count != 2) {
      result.append("/").append(segment);
      continue;
    }
    found = true;
    if (count == 2 && !result.empty()) result.erase(result.rfind('/'));
    if (path.empty()) result += '/';
  }
  return found ? std::optional(std::move(result)) : std::nullopt;
}

SeenRequest::SeenRequest(const Request& asked)
    : request_(asked), path_(without_dot_segments(asked.head->path)) {
  if (!path_) return;
  head_ = *asked.head;
  head_.path = *path_;
  request_.head = &head_;
  request_.path_differs = true;
}

}  // namespace forwarder
