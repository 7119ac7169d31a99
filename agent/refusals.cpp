#include "agent/refusals.hpp"

#include <algorithm>

#include "base/address.hpp"

namespace agent {

// gRPC names no address there.
Refusal refused_handshake(std::string_view line) {
  Refusal refusal{Refusal::Side::ours, "", "", {}};
  const auto said = [line](std::string_view words) { return line.find(words) != line.npos; };
  if (said("certificate verify failed"))
    refusal.reason =
        "its certificate is not signed by a CA that is trusted here, or has ended: issue it with "
        "this mesh's CA, or list its domain in gossip.trustedDomains";
  else if (said("peer did not return a certificate"))
    refusal.reason = "it has no certificate: issue one (nearmost tls issue)";
  else if (said("http request") || said("wrong version number"))
    refusal.reason = "it does not speak TLS: is it configured with insecure: true, or no agent?";
  else
    refusal.reason = line;
  return refusal;
}

bool is_refused_handshake(std::string_view line) {
  return line.starts_with("Handshake failed") && line.find("process_server") == line.npos;
}

void Refusals::note(base::TimePoint now, Refusal refusal) {
  if (const auto socket = base::SocketAddress::parse(refusal.address))
    if (refusal.side == Refusal::Side::ours) refusal.address = socket->ip.to_string();
  const std::lock_guard lock(mutex_);
  std::erase_if(entries_, [&](const auto& entry) { return now - entry.second.last > kKept; });
  auto at = entries_.find(refusal);
  if (at == entries_.end()) {
    if (entries_.size() >= kMaxEntries)
      entries_.erase(std::ranges::min_element(entries_, {},
                                              [](const auto& entry) { return entry.second.last; }));
    at = entries_.emplace(refusal, Entry{refusal, 0, now, now}).first;
  }
  ++at->second.count;
  ++(refusal.side == Refusal::Side::ours ? totals_.ours : totals_.theirs);
  at->second.last = now;
}

Refusals::Totals Refusals::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

std::vector<Refusals::Entry> Refusals::list(base::TimePoint now) const {
  std::vector<Entry> list;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [what, entry] : entries_)
      if (now - entry.last <= kKept) list.push_back(entry);
  }
  std::ranges::stable_sort(list, std::ranges::greater(), &Entry::last);
  return list;
}

std::vector<std::string> Refusals::troubles(base::TimePoint now) const {
  std::vector<std::string> troubles;
  for (const auto& [what, count, first, last] : list(now)) {
    if (now - last > kRecent) continue;
    auto who = what.cluster.empty() ? std::string("somebody") : "cluster " + what.cluster;
    if (!what.address.empty()) who += " at " + what.address;
    const auto often = count == 1
                           ? std::string("once")
                           : std::to_string(count) + " times in " + base::to_string(last - first);
    troubles.push_back(
        "gossip: " + who +
        (what.side == Refusal::Side::ours ? " is not let in, " : " does not let this agent in, ") +
        often + ": " + what.reason);
  }
  return troubles;
}

}  // namespace agent
