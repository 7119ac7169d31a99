#include "discovery/rpc/registry.hpp"

#include <grpcpp/security/auth_context.h>
#include <grpcpp/server_builder.h>

#include <algorithm>

#include "discovery/rpc/readable_peer.hpp"
#include "discovery/rpc/registration_right.hpp"
#include "discovery/rpc/wire.hpp"
#include "proto/gossip.grpc.pb.h"

namespace discovery::rpc {
namespace {

grpc::StatusCode status_of(base::Code code) {
  switch (code) {
    case base::Code::exhausted:
      return grpc::StatusCode::RESOURCE_EXHAUSTED;
    case base::Code::not_found:
      return grpc::StatusCode::NOT_FOUND;
    case base::Code::unavailable:
      return grpc::StatusCode::UNAVAILABLE;
    default:
      return grpc::StatusCode::INVALID_ARGUMENT;
  }
}

}  // namespace

bool OrderRate::admit(base::TimePoint now) {
  const std::lock_guard lock(mutex_);
  const std::chrono::duration<double> passed = now - last_.value_or(now);
  left_ = std::min(at_once_, left_ + std::max(passed.count(), 0.0) * a_second_);
  last_ = now;
  if (left_ < 1) return false;
  left_ -= 1;
  return true;
}

class Registry::Service final : public pb::Registry::CallbackService {
 public:
  Service(std::string cluster, std::shared_ptr<const Security> security, Callbacks callbacks,
          Counts& counts)
      : cluster_(std::move(cluster)),
        security_(std::move(security)),
        callbacks_(std::move(callbacks)),
        counts_(counts) {}

  grpc::ServerUnaryReactor* Register(grpc::CallbackServerContext* context,
                                     const pb::Registration* asked, pb::Registered*) override {
    auto* reactor = context->DefaultReactor();
    const auto address = readable(context->peer());
    if (auto why = objection(*context->auth_context(), address); !why.ok()) {
      ++counts_.denied;
      if (told_.admit(std::chrono::steady_clock::now()))
        callbacks_.refused(address, why.error_message());
      reactor->Finish(std::move(why));
    } else if (!rate_.admit(std::chrono::steady_clock::now())) {
      ++counts_.too_many;
      reactor->Finish({grpc::StatusCode::RESOURCE_EXHAUSTED,
                       "too many orders a second: try again a little later"});
    } else if (asked->document().size() > kMaxDocument) {
      ++counts_.wrong;
      reactor->Finish({grpc::StatusCode::INVALID_ARGUMENT,
                       "a registration has at most " + std::to_string(kMaxDocument) + " bytes"});
    } else {
      callbacks_.take({asked->document(), std::chrono::milliseconds(asked->lease_ms())},
                      [this, reactor](const base::Result<void>& done) {
                        ++(done ? counts_.taken : counts_.wrong);
                        reactor->Finish(done ? grpc::Status::OK
                                             : grpc::Status(status_of(done.error().code),
                                                            done.error().message));
                      });
    }
    return reactor;
  }

 private:
  grpc::Status objection(const grpc::AuthContext& peer, const std::string& address) const {
    const auto proven = security_->proven(peer);
    if (!proven) return {grpc::StatusCode::UNAUTHENTICATED, proven.error().message};
    auto why = registration_objection(
        cluster_, security_->current().certificates ? &*proven : nullptr, address);
    if (why.empty()) return grpc::Status::OK;
    return {grpc::StatusCode::PERMISSION_DENIED, std::move(why)};
  }

  const std::string cluster_;
  const std::shared_ptr<const Security> security_;
  const Callbacks callbacks_;
  Counts& counts_;
  OrderRate rate_{kMaxOrdersASecond, kMaxOrdersAtOnce}, told_{kToldASecond, kToldASecond};
};

Registry::Registry(std::string cluster, std::shared_ptr<const Security> security,
                   Callbacks callbacks)
    : service_(std::make_unique<Service>(std::move(cluster), std::move(security),
                                         std::move(callbacks), counts_)) {}

Registry::~Registry() = default;

void Registry::add_to(grpc::ServerBuilder& builder) { builder.RegisterService(service_.get()); }

}  // namespace discovery::rpc
