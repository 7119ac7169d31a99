#include "forwarder/net/local_reply.hpp"

#include <array>

namespace forwarder::net {

void render_failure(const Failure& failure, const ReplyForm& form, std::string& out) {
  const std::array<http::Header, 3> headers{
      {{"Date", form.date}, {"Content-Type", "text/plain"}, {"X-Nearmost-Reason", failure.reason}}};
  const auto text = std::string(failure.reason) + "\n";
  http::render_reply({failure.status, headers, text}, form.body, form.connection, out);
}

void render_routed(const Reply& reply, const ReplyForm& form, const http::Edits& edits,
                   std::string& out) {
  std::array<http::Header, 3> headers{{{"Date", form.date}}};
  std::size_t count = 1;
  if (!reply.body.empty()) headers[count++] = {"Content-Type", "text/plain"};
  if (!reply.location.empty()) headers[count++] = {"Location", reply.location};
  http::render_reply({reply.status, {headers.data(), count}, reply.body, edits}, form.body,
                     form.connection, out);
}

}  // namespace forwarder::net
