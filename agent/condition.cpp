#include "agent/condition.hpp"

#include <algorithm>

namespace agent {

void Condition::config(std::string trouble) {
  const std::lock_guard lock(mutex_);
  config_ = std::move(trouble);
}

void Condition::certificate(const base::Result<tls::Standing>& found) {
  const std::lock_guard lock(mutex_);
  certificate_ = found ? "" : found.error().message;
  if (found) expiries_ = found->expiries;
}

Condition::Stage Condition::stage(const tls::Expiry& expiry, tls::WallTime now) {
  if (expiry.until <= now) return Stage::ended;
  const tls::WallTime::duration third = (expiry.until - expiry.from) / 3;
  return expiry.until - now < std::min<tls::WallTime::duration>(third, kExpiryWarning)
             ? Stage::soon
             : Stage::sound;
}

std::string Condition::line(const tls::Expiry& expiry, tls::WallTime now) {
  const bool own = expiry.what == "own";
  const auto what = own ? std::string("the certificate")
                    : expiry.what == "ca"
                        ? std::string("the CA that proves this agent")
                        : "the CA" + expiry.what.substr(std::string_view("ca").size());
  if (stage(expiry, now) == Stage::ended)
    return what + (own || expiry.what == "ca"
                       ? " has ended: no new link is made until another is there"
                       : " has ended: no new link to its clusters is made until another is there");
  return what + " ends in " +
         base::to_string(std::chrono::duration_cast<base::Duration>(expiry.until - now)) +
         (own ? ": issue a new one"
              : ": add the next CA to the file everywhere before certificates of it are issued");
}

std::vector<std::string> Condition::troubles(tls::WallTime now) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> troubles;
  if (!config_.empty()) troubles.push_back("config: " + config_);
  if (!certificate_.empty())
    troubles.push_back("tls: the certificates on disk cannot serve, those before them do: " +
                       certificate_);
  for (const auto& expiry : expiries_)
    if (stage(expiry, now) != Stage::sound) troubles.push_back("tls: " + line(expiry, now));
  return troubles;
}

std::vector<std::string> Condition::lines_due(tls::WallTime now) {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> lines;
  for (const auto& expiry : expiries_) {
    auto& said = said_[expiry.what];
    const auto is = stage(expiry, now);
    if (is == said.stage && (is == Stage::sound || now - said.at < kExpiryLine)) continue;
    said = {is, now};
    if (is != Stage::sound) lines.push_back(line(expiry, now));
  }
  return lines;
}

std::vector<tls::Expiry> Condition::expiries() const {
  const std::lock_guard lock(mutex_);
  return expiries_;
}

}  // namespace agent
