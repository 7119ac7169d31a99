#include "discovery/rpc/client.hpp"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <random>

#include "discovery/rpc/link.hpp"
#include "discovery/rpc/transport.hpp"
#include "proto/gossip.grpc.pb.h"

namespace discovery::rpc {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// gRPC's words for a failed TLS connection, and what they mean between two agents.
struct TlsFailure {
  std::string_view said, means;
  DialFailed::Fault fault;
  DialFailed::By refused_by;
};
constexpr TlsFailure kTlsFailures[] = {
    {"certificate verify failed",
     "its certificate is not signed by our CA, or has expired (certificate verify failed)",
     DialFailed::Fault::certificate, DialFailed::By::us},
    {"wrong version number", "it does not speak TLS: is it configured with insecure: true?",
     DialFailed::Fault::certificate, DialFailed::By::us},
    // TLS 1.3 tells a client only after its handshake that the server does not want its
    // certificate. An agent that dies at that moment looks the same, so it is dialled again soon.
    {"Socket closed",
     "it closed the connection after the TLS handshake: if it is up, it does not accept our "
     "certificate; its log says why",
     DialFailed::Fault::connection, DialFailed::By::them},
};

// 128 bits, as text.
std::string draw_key() {
  std::random_device dice;
  std::string key;
  for (int n = 0; n < 32; ++n) key += "0123456789abcdef"[dice() % 16];
  return key;
}

class DialledLink final : public Link, private grpc::ClientBidiReactor<pb::Frame, pb::Frame> {
 public:
  // `of`: the link whose bulk stream this is; none: it is a link itself.
  DialledLink(Links& links, const base::SocketAddress& to, std::shared_ptr<const Security> security,
              std::shared_ptr<const Link> of = nullptr)
      : Link(links, Side::dialled, of ? of->id() : 0),
        to_(to),
        address_(to.to_string()),
        security_(std::move(security)),
        its_cluster_(of ? of->cluster() : ""),
        call_key_(of ? of->key() : draw_key()) {
    if (!of) known_by(call_key_);
    grpc::ChannelArguments arguments;
    set_channel_arguments(arguments, of ? Carries::bulk : Carries::words);
    // The address is one that we resolved: a scheme of its own keeps gRPC from looking it up.
    const std::string target = (to.ip.is_v4() ? "ipv4:" : "ipv6:") + address_;
    auto dialling = security_->dialling();
    channel_ = grpc::CreateCustomChannel(target, dialling.credentials, arguments);
    refusal_ = std::move(dialling.refusal);
  }

  void start(std::shared_ptr<DialledLink> self) {
    self_ = std::move(self);
    context_.emplace();
    context_->AddMetadata(kLinkKey, call_key_);
    const auto stub = pb::Gossip::NewStub(channel_);
    if (bulk_of() == 0)
      stub->async()->Link(&*context_, this);
    else
      stub->async()->Bulk(&*context_, this);
    AddHold();  // frames are written from the control thread; given back in finish()
    StartCall();
  }

  std::optional<base::SocketAddress> dialled() const override {
    return bulk_of() == 0 ? std::optional(to_) : std::nullopt;
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
    auto proven = security_->proven(*context_->auth_context());
    if (!proven) {
      fault_ = DialFailed::Fault::certificate;
      return cut(proven.error().message);
    }
    if (bulk_of() != 0 && proven->cluster != its_cluster_)
      return cut("another cluster than on its link");
    opened({std::move(proven->cluster), address_, true, proven->leaf, bulk_of()});
  }
  void OnReadDone(bool ok) override { read_done(ok); }
  void OnWriteDone(bool ok) override { write_done(ok); }
  void OnDone(const grpc::Status& status) override {
    const auto self = std::move(self_);
    gone();
    auto ending = ending_of(status);
    context_.reset();  // it holds the channel too
    ending.address = address_;
    ending.remains = std::move(channel_);
    ended(std::move(ending));
  }

  Ending ending_of(const grpc::Status& status) const {
    if (auto refusal = refusal_(); !refusal.empty())
      return {.detail = std::move(refusal),
              .fault = DialFailed::Fault::certificate,
              .refused_by = DialFailed::By::us};
    if (status.ok()) return {.detail = "the other side ended the link"};
    if (status.error_code() == grpc::StatusCode::ABORTED)  // with its reason, see server
      return {.detail = status.error_message()};
    if (status.error_code() == grpc::StatusCode::UNAUTHENTICATED)  // by the other agent, see server
      return {.detail = status.error_message(),
              .fault = DialFailed::Fault::certificate,
              .refused_by = DialFailed::By::them};
    const auto& said = status.error_message();
    if (security_->current().certificates && contains(said, "failed to connect"))
      for (const auto& failure : kTlsFailures)
        if (contains(said, failure.said))
          return {.detail = std::string(failure.means),
                  .fault = failure.fault,
                  .refused_by = failure.refused_by};
    return {.end = Node::LinkEnd::reset,
            .detail = said,
            .fault = fault_,
            .refused_by = DialFailed::By::nobody};
  }

  const base::SocketAddress to_;
  const std::string address_;
  const std::shared_ptr<const Security> security_;
  const std::string its_cluster_, call_key_;
  std::shared_ptr<grpc::Channel> channel_;
  std::optional<grpc::ClientContext> context_;
  std::function<std::string()> refusal_;
  DialFailed::Fault fault_ = DialFailed::Fault::connection;
  std::shared_ptr<DialledLink> self_;
};

}  // namespace

namespace {

LinkId start(Links& links, const std::shared_ptr<DialledLink>& link) {
  const LinkId id = link->id();
  if (const auto admitted = links.admit(link); !admitted)
    links.post(DialFailed{id, DialFailed::Fault::connection, admitted.error().message});
  else
    link->start(link);
  return id;
}

}  // namespace

LinkId dial(Links& links, const base::SocketAddress& to, std::shared_ptr<const Security> security) {
  links.bury();
  return start(links, std::make_shared<DialledLink>(links, to, std::move(security)));
}

LinkId dial_bulk(Links& links, LinkId of, std::shared_ptr<const Security> security) {
  links.bury();
  const auto link = links.find(of);
  const auto to = link ? link->dialled() : std::nullopt;
  if (!to) return 0;
  return start(links, std::make_shared<DialledLink>(links, *to, std::move(security), link));
}

}  // namespace discovery::rpc
