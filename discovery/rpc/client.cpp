#include "discovery/rpc/client.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "discovery/rpc/link.hpp"
#include "discovery/rpc/transport.hpp"
#include "proto/gossip.grpc.pb.h"

namespace discovery::rpc {
namespace {

class DialledLink final : public Link, private grpc::ClientBidiReactor<pb::Frame, pb::Frame> {
 public:
  DialledLink(Links& links, const base::SocketAddress& to, std::shared_ptr<const Security> security)
      : Link(links, Side::dialled), address_(to.to_string()), security_(std::move(security)) {
    grpc::ChannelArguments arguments;
    set_channel_arguments(arguments);
    // The address is one that we resolved: a scheme of its own keeps gRPC from looking it up.
    const std::string target = (to.ip.is_v4() ? "ipv4:" : "ipv6:") + address_;
    channel_ = grpc::CreateCustomChannel(target, security_->channel_credentials(), arguments);
  }

  void start(std::shared_ptr<DialledLink> self) {
    self_ = std::move(self);
    context_.emplace();
    const auto stub = pb::Gossip::NewStub(channel_);
    stub->async()->Link(&*context_, this);
    AddHold();  // frames are written from the control thread; given back in finish()
    StartCall();
  }

 private:
  void start_read(pb::Frame* frame) override { StartRead(frame); }
  void start_write(const pb::Frame* frame) override { StartWrite(frame); }
  void cancel() override { context_->TryCancel(); }
  void finish(Writing writing, const std::string&) override {
    if (writing == Writing::no) StartWritesDone();
    RemoveHold();
  }

  void OnReadInitialMetadataDone(bool ok) override {
    // Without the mark this is a refusal on its way, or no agent at all: OnDone will say.
    if (!ok || !context_->GetServerInitialMetadata().contains(kLinkMark)) return broken();
    auto cluster = security_->proven_cluster(*context_->auth_context());
    if (!cluster) {
      refusal_ = cluster.error().message;
      return cut();
    }
    opened({std::move(*cluster), address_, true});
  }
  void OnReadDone(bool ok) override { read_done(ok); }
  void OnWriteDone(bool ok) override { write_done(ok); }
  void OnDone(const grpc::Status& status) override {
    const auto self = std::move(self_);
    gone();
    Ending ending;
    if (!status.ok())
      ending = {.end = Node::LinkEnd::reset, .detail = status.error_message()};
    else
      ending.detail = "the other side ended the link";
    if (!refusal_.empty()) ending = {.detail = refusal_, .fault = DialFailed::Fault::certificate};
    context_.reset();  // it holds the channel too
    ending.remains = std::move(channel_);
    ended(std::move(ending));
  }

  const std::string address_;
  const std::shared_ptr<const Security> security_;
  std::shared_ptr<grpc::Channel> channel_;
  std::optional<grpc::ClientContext> context_;
  std::string refusal_;  // written before the end, read in OnDone
  std::shared_ptr<DialledLink> self_;
};

}  // namespace

LinkId dial(Links& links, const base::SocketAddress& to, std::shared_ptr<const Security> security) {
  links.bury();
  auto link = std::make_shared<DialledLink>(links, to, std::move(security));
  const LinkId id = link->id();
  if (const auto admitted = links.admit(link); !admitted)
    links.post(DialFailed{id, DialFailed::Fault::connection, admitted.error().message});
  else
    link->start(link);
  return id;
}

}  // namespace discovery::rpc
