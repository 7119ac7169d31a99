#include "agent/condition.hpp"

namespace agent {

void Condition::config(std::string trouble) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(trouble);
}

void Condition::certificate(const base::Result<tls::Certificate>& found) {
  const std::lock_guard lock(mutex_);
  certificate_ = found ? "" : found.error().message;
  if (found) certificate_end_ = found->not_after;
}

std::vector<std::string> Condition::troubles(tls::WallTime now) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> troubles;
  if (!config_.empty()) troubles.push_back("config: " + config_);
  if (!certificate_.empty())
    troubles.push_back("tls: the certificates on disk cannot serve, those before them do: " +
                       certificate_);
  if (certificate_end_ && *certificate_end_ <= now)
    troubles.push_back(
        "tls: the certificate has ended: no new link is made until another is there");
  else if (certificate_end_ && *certificate_end_ - now < kExpiryWarning)
    troubles.push_back(
        "tls: the certificate ends in " +
        base::to_string(std::chrono::duration_cast<base::Duration>(*certificate_end_ - now)) +
        ": issue a new one");
  return troubles;
}

std::optional<tls::WallTime> Condition::certificate_end() const {
  const std::lock_guard lock(mutex_);
  return certificate_end_;
}

}  // namespace agent
