#include "forwarder/net/workspace.hpp"

#include "forwarder/http/date.hpp"

namespace forwarder::net {

using base::net::IoResult;
using base::net::IoStatus;
using base::net::Task;

std::string_view Workspace::date() {
  if (date_.empty() || loop.now() - dated_at_ >= 1s) {
    using namespace std::chrono;
    dated_at_ = loop.now();
    date_.clear();
    http::append_date(date_, floor<seconds>(system_clock::now()));
  }
  return date_;
}

IoResult send_now(base::net::Stream& stream, std::span<iovec> pieces, Buffer& spill) {
  const auto attempt = stream.try_write(pieces);
  if (attempt.want != base::net::Want::nothing)
    for (const auto& piece : pieces)
      spill.bytes().append(static_cast<const char*>(piece.iov_base), piece.iov_len);
  return attempt.result;
}

Task<IoResult> send_rest(base::net::Stream& stream, Buffer& spill, base::Duration patience) {
  auto rest = spill.view();
  IoResult all;
  for (bool moves = true; moves;) {
    const auto before = stream.in_flight();
    const auto sent = co_await stream.write(rest, stream.loop().now() + patience);
    rest.remove_prefix(sent.bytes);
    all = {sent.status, sent.error_number, all.bytes + sent.bytes};
    moves = sent.status == IoStatus::timeout && (sent.bytes > 0 || stream.in_flight() < before);
  }
  spill.keep(rest);
  co_return all;
}

}  // namespace forwarder::net
