// What an operator must mend though the agent serves on: agent.yaml as it is now, the certificates.
//
// Thread: any; a lock of its own.
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "agent/tls.hpp"
#include "base/result.hpp"

namespace agent {

class Condition {
 public:
  static constexpr auto kExpiryWarning = std::chrono::hours(24 * 30);

  // Why agent.yaml does not serve as it is; "" = it does.
  void config(std::string trouble);
  // The certificate that serves from now on, or why those on disk cannot.
  void certificate(const base::Result<tls::Certificate>& found);

  std::vector<std::string> troubles(tls::WallTime now) const;
  // When the certificate that serves ends; nothing without TLS.
  std::optional<tls::WallTime> certificate_end() const;

 private:
  mutable std::mutex mutex_;
  std::string config_, certificate_;
  std::optional<tls::WallTime> certificate_end_;
};

}  // namespace agent
