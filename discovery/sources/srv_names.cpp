#include "discovery/sources/srv_names.hpp"

#include <algorithm>
#include <numeric>

#include "resources/kinds/names.hpp"

namespace discovery::sources {
namespace {

using Records = SrvNames::Records;

const Led* find(const NamedAddresses& all, const std::string& name) {
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

bool is_among(const std::vector<LedTo>& all, const base::IpAddress& ip, std::uint16_t port) {
  return std::ranges::any_of(all,
                             [&](const auto& one) { return one.ip == ip && one.port == port; });
}

// An endpoint's 0 is never; a record's is hardly ever beside others, and as all where all are 0.
// Weights of other services' endpoints stand beside these, so equal ones are 1.
void weigh(std::vector<LedTo>& group) {
  std::uint32_t divisor = 0;
  bool has_zero = false;
  for (const auto& one : group) {
    divisor = std::gcd(divisor, one.weight);
    has_zero |= one.weight == 0;
  }
  for (auto& one : group)
    one.weight = divisor == 0      ? 1
                 : one.weight == 0 ? 1
                                   : one.weight / divisor * (has_zero ? 10 : 1);
}

}  // namespace

void SrvNames::want(const std::vector<std::string>& names, base::TimePoint now) {
  std::erase_if(names_, [&](const auto& known) {
    if (std::ranges::binary_search(names, known.first)) return false;
    asking_ -= known.second.asking ? 1 : 0;
    return true;
  });
  left_out_ = 0;
  for (const auto& name : names) {
    if (names_.contains(name)) continue;
    if (names_.size() == kMaxNames) {
      ++left_out_;
      continue;
    }
    names_[name].next = now;
  }
}

std::vector<std::string> SrvNames::due(base::TimePoint now) {
  std::vector<std::pair<Known*, std::string>> waiting;
  for (auto& [name, known] : names_)
    if (!known.asking && known.next <= now) waiting.push_back({&known, name});
  std::ranges::stable_sort(waiting, {}, [](const auto& one) { return one.first->next; });
  waiting.resize(std::min(waiting.size(), kMaxAtOnce - asking_));
  std::vector<std::string> names;
  for (auto& [known, name] : waiting) {
    known->asking = true;
    ++asking_;
    names.push_back(std::move(name));
  }
  return names;
}

Records SrvNames::usable(const std::string& name, Records found, std::string& objection) {
  Records records;
  for (auto& record : found) {
    auto target = record.target;
    if (target.empty()) {
      objection = name + " says that there is no such service";
    } else if (record.port == 0) {
      objection = name + " leads to port 0 of " + target + ", which is nobody's";
    } else if (!resources::host_fault(target, resources::Wildcards::label).empty()) {
      objection = name + " leads to \"" + target + "\", which is no host's name";
    } else {
      records.push_back(std::move(record));
    }
  }
  std::ranges::sort(records);
  records.erase(std::ranges::unique(records).begin(), records.end());
  if (records.size() > kMaxTargets) {
    objection = name + " has " + std::to_string(records.size()) + " targets: the first " +
                std::to_string(kMaxTargets) + " by priority are used";
    records.resize(kMaxTargets);
  }
  return records;
}

void SrvNames::answered(const std::string& name, const base::Result<Resolver::FoundSrv>& answer,
                        base::TimePoint now) {
  const auto at = names_.find(name);
  if (at == names_.end()) return;
  auto& known = at->second;
  if (!known.asking) return;  // of a time when the name was wanted before
  known.asking = false;
  --asking_;
  std::string objection;
  auto records = answer ? usable(name, answer->records, objection) : Records{};
  if (records.empty()) {
    const auto error =
        answer ? base::Error{base::Code::not_found, std::move(objection)} : answer.error();
    if (!known.failed(now, error)) return;
    known.records.clear();
    known.next_records.reset();
    return;
  }
  known.succeeded(now, answer->lasts, std::move(objection));
  if (records == known.records) return known.next_records.reset();
  if (known.next_records == records) return;
  known.next_records = std::move(records);
  known.next_since = now;
}

std::vector<std::string> SrvNames::targets_of(const Known& known) {
  std::vector<std::string> all;
  for (const auto& record : known.records) all.push_back(record.target);
  for (const auto& record : known.next_records.value_or(Records{})) all.push_back(record.target);
  return all;
}

std::vector<std::string> SrvNames::targets() const {
  std::vector<std::string> all;
  for (const auto& [name, known] : names_)
    std::ranges::move(targets_of(known), std::back_inserter(all));
  std::ranges::sort(all);
  all.erase(std::ranges::unique(all).begin(), all.end());
  return all;
}

bool SrvNames::Status::has(std::string_view target) const {
  return std::ranges::find(targets, target) != targets.end();
}

void SrvNames::settle(const NamedAddresses& targets, base::TimePoint now) {
  for (auto& [name, known] : names_) {
    if (!known.next_records) continue;
    const auto has_address = [&](const auto& record) {
      const auto* led = find(targets, record.target);
      return led && !led->addresses.empty();
    };
    const auto is_known = [&](const auto& record) {
      const auto* led = find(targets, record.target);
      return led && led->is_whole;
    };
    const auto waited = now - known.next_since;
    const bool all_known = std::ranges::all_of(*known.next_records, is_known);
    const bool leads = std::ranges::any_of(*known.next_records, has_address);
    if (leads ? all_known || known.records.empty() || waited >= kSettle
              : all_known && (known.records.empty() || waited >= LookUp::kDoubted))
      known.records = *std::exchange(known.next_records, std::nullopt);
  }
}

NamedAddresses SrvNames::addresses(const NamedAddresses& targets) const {
  NamedAddresses all;
  for (const auto& [name, known] : names_) {
    Led led;
    led.is_whole = known.told && !known.next_records;
    std::vector<LedTo> group;  // of one priority
    const auto close_group = [&] {
      weigh(group);
      std::ranges::move(group, std::back_inserter(led.to));
      group.clear();
    };
    for (const auto& record : known.records) {  // by priority
      if (!group.empty() && group.front().priority != record.priority) close_group();
      const auto* found = find(targets, record.target);
      led.is_whole &= found && found->is_whole;
      if (!found) continue;
      for (const auto& ip : found->addresses)
        if (!is_among(group, ip, record.port) && !is_among(led.to, ip, record.port))
          group.push_back({ip, record.port, record.priority, record.weight});
    }
    close_group();
    for (const auto& to : led.to) led.addresses.push_back(to.ip);
    if (led.is_whole || !led.to.empty()) all.emplace(name, std::move(led));
  }
  return all;
}

std::vector<SrvNames::Status> SrvNames::status(base::TimePoint now) const {
  std::vector<Status> all;
  for (const auto& [name, known] : names_) {
    Status status{name, targets_of(known), known.trouble, {}};
    if (known.trouble_since) status.since = now - *known.trouble_since;
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace discovery::sources
