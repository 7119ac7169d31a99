// The settings of gRPC's HTTP/2 that both ends of a link share, in one place.
#pragma once

namespace grpc {
class ChannelArguments;
class ServerBuilder;
}  // namespace grpc

namespace discovery::rpc {

// In the first headers of an accepted stream: by it the dialling side knows that the link is up.
inline constexpr char kLinkMark[] = "nearmost-link";

// In the headers of a call: on a link, what its dialler has drawn for it; on a bulk stream the
// same, so that it is known whose it is.
inline constexpr char kLinkKey[] = "nearmost-link-key";

enum class Carries { words, bulk };
void set_channel_arguments(grpc::ChannelArguments& arguments, Carries what);
// Also for the other services on the agent's one gRPC server.
void set_server_options(grpc::ServerBuilder& builder);

}  // namespace discovery::rpc
