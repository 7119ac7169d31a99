#include "forwarder/http/head_progress.hpp"

#include <cstring>

namespace forwarder::http {

// Three events can end a head that was incomplete before: its first line, a blank line (or a bare
// LF, which is refused), and its limit. Everything between them needs no look.
bool HeadProgress::worth_parsing(std::string_view buffer, std::size_t limit) {
  const bool first_look = seen_ == 0;
  bool worth = first_look || buffer.size() >= limit;
  while (seen_ < buffer.size()) {
    const void* const found = std::memchr(buffer.data() + seen_, '\n', buffer.size() - seen_);
    if (found == nullptr) break;
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - buffer.data());
    const bool bare = at == 0 || buffer[at - 1] != '\r';
    const bool blank = at >= 2 && buffer[at - 2] == '\n';
    worth = worth || !line_seen_ || bare || blank;
    line_seen_ = true;
    seen_ = at + 1;
    if (first_look) break;
  }
  seen_ = buffer.size();
  return worth;
}

}  // namespace forwarder::http
