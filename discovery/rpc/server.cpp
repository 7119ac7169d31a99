#include "discovery/rpc/server.hpp"

#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_builder.h>

#include "discovery/rpc/link.hpp"
#include "discovery/rpc/readable_peer.hpp"
#include "discovery/rpc/transport.hpp"
#include "proto/gossip.grpc.pb.h"

namespace discovery::rpc {
namespace {

using Reactor = grpc::ServerBidiReactor<pb::Frame, pb::Frame>;

class AcceptedLink final : public Link, private Reactor {
 public:
  AcceptedLink(Links& links, grpc::CallbackServerContext& context, std::string key, LinkId bulk_of)
      : Link(links, Side::accepted, bulk_of), context_(context) {
    known_by(std::move(key));
  }

  Reactor* start(std::shared_ptr<AcceptedLink> self, LinkPeer peer) {
    self_ = std::move(self);
    context_.AddInitialMetadata(kLinkMark, "1");
    StartSendInitialMetadata();
    opened(std::move(peer));
    return this;
  }

 private:
  void start_read(pb::Frame* frame) override { StartRead(frame); }
  void start_write(const pb::Frame* frame) override { StartWrite(frame); }
  void cancel() override { context_.TryCancel(); }
  void finish(Writing, const std::string& reason) override {
    Finish(reason.empty() ? grpc::Status::OK : grpc::Status(grpc::StatusCode::ABORTED, reason));
  }

  void OnReadDone(bool ok) override { read_done(ok); }
  void OnWriteDone(bool ok) override { write_done(ok); }
  void OnCancel() override { broken(); }
  void OnDone() override {
    const auto self = std::move(self_);
    gone();
    if (context_.IsCancelled())
      ended({.end = Node::LinkEnd::reset, .detail = "the connection broke"});
    else
      ended({.detail = "the other side ended the link"});
  }

  grpc::CallbackServerContext& context_;
  std::shared_ptr<AcceptedLink> self_;
};

std::string key_of(const grpc::CallbackServerContext& context) {
  const auto& headers = context.client_metadata();
  const auto at = headers.find(kLinkKey);
  return at == headers.end() ? "" : std::string(at->second.data(), at->second.size());
}

// A stream that is turned away with a word of why.
class RefusedStream final : public Reactor {
 public:
  explicit RefusedStream(const grpc::Status& status) { Finish(status); }

 private:
  void OnDone() override { delete this; }
};

}  // namespace

class Server::Service final : public pb::Gossip::CallbackService {
 public:
  Service(Links& links, std::shared_ptr<const Security> security)
      : links_(links), security_(std::move(security)) {}

  Reactor* Link(grpc::CallbackServerContext* context) override {
    return take(*context, key_of(*context), 0);
  }

  Reactor* Bulk(grpc::CallbackServerContext* context) override {
    const auto proven = security_->proven(*context->auth_context());
    const auto of = links_.find_key(key_of(*context), proven ? proven->cluster : "");
    if (proven && of == 0)
      return refuse(readable(context->peer()), grpc::StatusCode::NOT_FOUND,
                    base::invalid("a bulk stream of no link that stands here"));
    return take(*context, "", of);
  }

 private:
  Reactor* take(grpc::CallbackServerContext& of_call, std::string key, LinkId bulk_of) {
    auto* context = &of_call;
    auto address = readable(context->peer());
    auto proven = security_->proven(*context->auth_context());
    if (!proven)
      return refuse(std::move(address), grpc::StatusCode::UNAUTHENTICATED, proven.error());
    auto link = std::make_shared<AcceptedLink>(links_, *context, std::move(key), bulk_of);
    if (const auto admitted = links_.admit(link); !admitted)
      return refuse(std::move(address), grpc::StatusCode::UNAVAILABLE, admitted.error());
    return link->start(
        link, {std::move(proven->cluster), std::move(address), false, proven->leaf, bulk_of});
  }

  Reactor* refuse(std::string address, grpc::StatusCode code, const base::Error& error) {
    links_.refuse({std::move(address), error.message});
    return new RefusedStream(grpc::Status(code, error.message));
  }

  Links& links_;
  const std::shared_ptr<const Security> security_;
};

Server::Server(Links& links, std::shared_ptr<const Security> security)
    : service_(std::make_unique<Service>(links, security)),
      credentials_(security->server_credentials()) {}

Server::~Server() = default;

void Server::add_to(grpc::ServerBuilder& builder) {
  set_server_options(builder);
  builder.RegisterService(service_.get());
}

}  // namespace discovery::rpc
