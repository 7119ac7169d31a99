#include "agent/registrar.hpp"

namespace agent {

std::vector<base::Error> Registrar::resume(const std::vector<discovery::SavedRegistration>& saved) {
  const auto now = std::chrono::steady_clock::now();  // the loop's stands still before it runs
  std::vector<base::Error> refused;
  for (const auto& [text, lease] : saved)
    if (const auto done = held_.put(now, text, lease); !done) refused.push_back(done.error());
  if (!saved.empty()) tell();
  alarm_.look();
  return refused;
}

base::Result<void> Registrar::put(const std::string& text, base::Duration lease) {
  const auto changed = held_.put(loop_.now(), text, lease);
  if (!changed) return changed.error();
  if (*changed) tell();
  alarm_.look();
  return {};
}

base::Result<bool> Registrar::remove(const std::string& text) {
  const auto known = held_.remove(text);
  if (known && *known) tell();
  return known;
}

void Registrar::look() {
  if (held_.tick(loop_.now())) tell();
}

}  // namespace agent
