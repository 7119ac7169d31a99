#include "discovery/quarantine.hpp"

#include <algorithm>

namespace discovery {
namespace {

double seconds(base::Duration time) { return std::chrono::duration<double>(time).count(); }

// Until an account that has not overflowed is empty again, at the slowest.
constexpr base::Duration kMemory = std::chrono::seconds(200);

}  // namespace

bool Quarantine::Account::add(base::TimePoint now, double what, double most, double per_second) {
  level = std::max(0.0, level - seconds(now - at) * per_second) + what;
  at = now;
  const bool full = level > most;
  level = std::min(level, most);  // what is left of it leaks in quarantine too
  return full;
}

// Null where it is in quarantine already, or one too many.
Quarantine::Record* Quarantine::record(base::TimePoint now, const OriginId& origin) {
  auto at = records_.find(origin);
  if (at == records_.end()) {
    if (records_.size() >= kMaxOrigins) return nullptr;
    at = records_.try_emplace(origin).first;
  }
  auto& record = at->second;
  if (record.serving) return nullptr;
  record.clean_at = std::max(record.clean_at, now + kMemory);
  return &record;
}

const Quarantine::Sentence* Quarantine::pass(base::TimePoint now, Record& record, Of of,
                                             std::string why) {
  auto time = limits_.quarantine;
  for (unsigned n = 0; n < record.sentences && time < limits_.longest_quarantine; ++n) time *= 2;
  time = std::min(time, limits_.longest_quarantine);
  ++record.sentences;
  record.serving = true;
  record.sentence = {of, std::move(why), now + time};
  record.clean_at = now + time + time * kProbation;
  first_end_ = std::min(first_end_, record.sentence.until);
  return &record.sentence;
}

const Quarantine::Sentence* Quarantine::fault(base::TimePoint now, const OriginId& origin,
                                              std::string_view what) {
  auto* its = record(now, origin);
  if (!its || !its->faults.add(now, 1, kFaults, kFaultsPerSecond)) return nullptr;
  return pass(now, *its, Of::links, "malformed again and again, at last: " + std::string(what));
}

const Quarantine::Sentence* Quarantine::life(base::TimePoint now, const OriginId& origin) {
  auto* its = record(now, origin);
  if (!its || !its->lives.add(now, 1, kLives, kLivesPerSecond)) return nullptr;
  return pass(now, *its, Of::rows,
              "it begins a new life again and again: do two agents share its name?");
}

const Quarantine::Sentence* Quarantine::rows(base::TimePoint now, const OriginId& origin,
                                             std::size_t count) {
  const double rate = limits_.changes_per_second;
  auto* its = record(now, origin);
  if (!its || !its->rows.add(now, static_cast<double>(count), rate * seconds(kBurst), rate))
    return nullptr;
  return pass(now, *its, Of::rows,
              "more than " + std::to_string(limits_.changes_per_second) +
                  " changes a second (gossip.limits.changesPerSecond)");
}

const Quarantine::Sentence* Quarantine::too_large(base::TimePoint now, const OriginId& origin) {
  auto* its = record(now, origin);
  if (!its) return nullptr;
  return pass(now, *its, Of::rows,
              "more than gossip.limits lets in of one origin: " + std::to_string(limits_.rows) +
                  " rows, " + std::to_string(limits_.bytes) + " bytes, " +
                  std::to_string(limits_.row_bytes) + " bytes a row");
}

const Quarantine::Sentence* Quarantine::find(const OriginId& origin) const {
  const auto at = records_.find(origin);
  return at == records_.end() || !at->second.serving ? nullptr : &at->second.sentence;
}

bool Quarantine::holds(const OriginId& origin, Of of) const {
  const auto* sentence = find(origin);
  return sentence && sentence->of == of;
}

std::vector<OriginId> Quarantine::release(base::TimePoint now) {
  std::vector<OriginId> released;
  first_end_ = base::TimePoint::max();
  for (auto& [origin, record] : records_) {
    if (!record.serving) continue;
    if (now < record.sentence.until) {
      first_end_ = std::min(first_end_, record.sentence.until);
      continue;
    }
    record.serving = false;
    released.push_back(origin);
  }
  std::erase_if(records_, [&](const auto& entry) {
    return !entry.second.serving && now >= entry.second.clean_at;
  });
  return released;
}

}  // namespace discovery
