// What an operator must mend though the agent serves on: agent.yaml as it is now, the certificates.
//
// A certificate that ends is a trouble from the last third of its life on, or the last
// kExpiryWarning where that is less, and goes to the log each kExpiryLine. Times are the wall
// clock's, for certificates live by it. Thread: any; a lock of its own.
#pragma once

#include <map>
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
  static constexpr auto kExpiryLine = std::chrono::hours(24);

  // Why agent.yaml does not serve as it is; "" = it does.
  void config(std::string trouble);
  // What serves from now on, or why what is on disk cannot.
  void certificate(const base::Result<tls::Standing>& found);

  std::vector<std::string> troubles(tls::WallTime now) const;
  // Of certificates: once when each begins or changes, then each kExpiryLine.
  std::vector<std::string> lines_due(tls::WallTime now);
  std::vector<tls::Expiry> expiries() const;  // of what serves; none without TLS

 private:
  enum class Stage { sound, soon, ended };
  static Stage stage(const tls::Expiry& expiry, tls::WallTime now);
  static std::string line(const tls::Expiry& expiry, tls::WallTime now);

  mutable std::mutex mutex_;
  std::string config_, certificate_;
  std::vector<tls::Expiry> expiries_;
  struct Said {
    Stage stage = Stage::sound;
    tls::WallTime at{};
  };
  std::map<std::string, Said> said_;  // by what ends
};

}  // namespace agent
