// Registrations from other hosts: the Registry service, on the agents' port beside Gossip.
//
// Who registers adds endpoints to a cluster, so only its own identity may: a certificate for the
// server's cluster, not a leaf's, which cannot speak for it, and no other cluster's. In an insecure
// mesh nothing is proven: then it is loopback's. Whoever may not is refused before the order is
// looked at. Limits: kMaxOrdersASecond, kMaxOrdersAtOnce, of all callers together; kMaxDocument
// bytes of text; kToldASecond refusals are told of. Errors go back as gRPC statuses:
// PERMISSION_DENIED, UNAUTHENTICATED, INVALID_ARGUMENT, RESOURCE_EXHAUSTED, NOT_FOUND. Order of
// ends: the server's Shutdown, then this. Thread: gRPC's; `take` and `refused` are called on its
// threads, several at a time.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/address.hpp"
#include "base/result.hpp"
#include "base/time.hpp"
#include "discovery/rpc/security.hpp"

namespace grpc {
class ServerBuilder;
}

namespace discovery::rpc {

// What one caller wants: a service in the short form, for so long; a lease of 0 takes it back.
struct RegistrationOrder {
  std::string document;
  base::Duration lease{};
};

// So many at once and so many a second for long. Thread: any.
class OrderRate {
 public:
  OrderRate(double a_second, double at_once) : a_second_(a_second), at_once_(at_once) {}
  bool admit(base::TimePoint now);

 private:
  const double a_second_, at_once_;
  std::mutex mutex_;
  double left_ = at_once_;
  std::optional<base::TimePoint> last_;
};

class Registry {
 public:
  static constexpr std::size_t kMaxDocument = 16 * 1024;
  static constexpr double kMaxOrdersASecond = 200, kMaxOrdersAtOnce = 400, kToldASecond = 5;

  using Done = std::function<void(base::Result<void>)>;  // once, on any thread
  struct Callbacks {
    std::function<void(RegistrationOrder, Done)> take;
    // Who may not register here, in words, and from where.
    std::function<void(std::string address, std::string why)> refused;
  };
  Registry(std::string cluster, std::shared_ptr<const Security> security, Callbacks callbacks);
  ~Registry();
  Registry(const Registry&) = delete;
  Registry& operator=(const Registry&) = delete;

  void add_to(grpc::ServerBuilder& builder);

  struct Counts {
    std::atomic<std::uint64_t> taken = 0, denied = 0, too_many = 0, wrong = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  class Service;
  Counts counts_;
  const std::unique_ptr<Service> service_;
};

// Asks an agent at an address to take an order; waits for its answer. What is refused, or does not
// answer within `patience`, is an error with its words. Thread: any.
base::Result<void> order_registration(const base::SocketAddress& at,
                                      const std::shared_ptr<const Security>& security,
                                      const RegistrationOrder& order, base::Duration patience);

}  // namespace discovery::rpc
