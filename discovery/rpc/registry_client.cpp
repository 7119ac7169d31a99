#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <algorithm>

#include "discovery/rpc/registry.hpp"
#include "discovery/rpc/transport.hpp"
#include "discovery/rpc/wire.hpp"
#include "proto/gossip.grpc.pb.h"

namespace discovery::rpc {

base::Result<void> order_registration(const base::SocketAddress& at,
                                      const std::shared_ptr<const Security>& security,
                                      const RegistrationOrder& order, base::Duration patience) {
  grpc::ChannelArguments arguments;
  set_channel_arguments(arguments, Carries::words);
  const auto target = (at.ip.is_v4() ? "ipv4:" : "ipv6:") + at.to_string();
  const auto dialling = security->dialling();
  const auto channel = grpc::CreateCustomChannel(target, dialling.credentials, arguments);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() +
                       std::chrono::duration_cast<std::chrono::milliseconds>(patience));
  pb::Registration asked;
  asked.set_document(order.document);
  asked.set_lease_ms(
      static_cast<std::uint32_t>(std::min<std::int64_t>(base::to_ms(order.lease), UINT32_MAX)));
  pb::Registered answer;
  const auto status = pb::Registry::NewStub(channel)->Register(&context, asked, &answer);
  if (status.ok()) return {};
  if (const auto why = dialling.refusal(); !why.empty()) return base::unavailable(why);
  using Code = grpc::StatusCode;
  const auto code = status.error_code();
  const bool wrong = code == Code::INVALID_ARGUMENT || code == Code::PERMISSION_DENIED ||
                     code == Code::UNAUTHENTICATED || code == Code::NOT_FOUND;
  if (code == Code::UNIMPLEMENTED)
    return base::invalid(at.to_string() + " takes no registrations: is its agent older?");
  return base::Error{wrong ? base::Code::invalid : base::Code::unavailable,
                     at.to_string() + ": " + status.error_message()};
}

}  // namespace discovery::rpc
