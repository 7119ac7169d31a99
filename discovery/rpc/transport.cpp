#include "discovery/rpc/transport.hpp"

#include <grpcpp/server_builder.h>
#include <grpcpp/support/channel_arguments.h>

#include "discovery/rpc/wire.hpp"

namespace discovery::rpc {
namespace {

// Beacons tell of a silent peer within seconds; pings only clear away connections whose other end
// is gone, so that the kernel's minutes of retransmission do not hold a dead stream.
constexpr int kKeepaliveMs = 10'000;
constexpr int kKeepalivePatienceMs = 5'000;
constexpr int kHandshakePatienceMs = 5'000;
// Per connection: one link, a health watch or two.
constexpr int kMaxStreamsPerConnection = 16;

}  // namespace

void set_channel_arguments(grpc::ChannelArguments& arguments, Carries what) {
  arguments.SetMaxReceiveMessageSize(static_cast<int>(kMaxWireBytes));
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepalivePatienceMs);
  // A third of an idle link's bytes; without it a window never grows beyond one message.
  arguments.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, what == Carries::bulk ? 1 : 0);
  // Every attempt is ours to pace: no shared connection with gRPC's own backoff, no retry, no proxy
  // from the environment between two agents.
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
}

void set_server_options(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(kMaxWireBytes));
  // With SO_REUSEPORT a second agent would take half of the connections in silence.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepalivePatienceMs);
  // Our own peers ping as often as that; gRPC's default would send them away for it.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             kKeepaliveMs / 2);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, kMaxStreamsPerConnection);
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, kHandshakePatienceMs);
}

}  // namespace discovery::rpc
