#include "forwarder/net/local_reply.hpp"

#include <vector>

namespace forwarder::net {

void render_failure(const Failure& failure, http::ReplyBody body, http::Connection connection,
                    std::string& out) {
  const std::vector<http::Header> headers{{"Content-Type", "text/plain"},
                                          {"X-Nearmost-Reason", failure.reason}};
  const auto text = std::string(failure.reason) + "\n";
  http::render_reply({failure.status, headers, text}, body, connection, out);
}

void render_routed(const Reply& reply, http::ReplyBody body, http::Connection connection,
                   std::string& out) {
  std::vector<http::Header> headers;
  if (!reply.body.empty()) headers.push_back({"Content-Type", "text/plain"});
  if (!reply.location.empty()) headers.push_back({"Location", reply.location});
  http::render_reply({reply.status, headers, reply.body}, body, connection, out);
}

}  // namespace forwarder::net
