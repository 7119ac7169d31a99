#include "discovery/sources/names.hpp"

#include <algorithm>

#include "resources/kinds/names.hpp"

namespace discovery::sources {
namespace {

std::size_t half_of(Names::Family family) { return family == Names::Family::v6 ? 1 : 0; }
Names::Family family_of(std::size_t half) {
  return half == 1 ? Names::Family::v6 : Names::Family::v4;
}

std::string too_many(const std::string& name, std::size_t addresses) {
  if (addresses <= Names::kMaxAddresses) return "";
  return name + " has " + std::to_string(addresses) + " addresses: the first " +
         std::to_string(Names::kMaxAddresses) + " are used";
}

}  // namespace

std::vector<std::string> names_in(const resources::Documents& documents) {
  std::vector<std::string> names;
  for (const auto& service : documents.static_services)
    for (const auto& endpoint : service.endpoints)
      if (!endpoint.name.empty()) names.push_back(endpoint.name);
  for (const auto& service : documents.services)
    if (!service.external_name.empty()) names.push_back(service.external_name);
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

void Names::want(const std::vector<std::string>& names, base::TimePoint now) {
  std::erase_if(names_, [&](const auto& known) {
    if (std::ranges::binary_search(names, known.first)) return false;
    for (const Half& half : known.second) asking_ -= half.asking ? 1 : 0;
    return true;
  });
  left_out_ = 0;
  for (const auto& name : names) {
    if (names_.contains(name)) continue;
    if (names_.size() == kMaxNames) {
      ++left_out_;
      continue;
    }
    for (Half& half : names_[name]) half.next = now;
  }
}

std::vector<Names::Question> Names::due(base::TimePoint now) {
  // Who has waited longest goes first, or silent names would keep others from their turn.
  std::vector<std::pair<Half*, Question>> waiting;
  for (auto& [name, halves] : names_)
    for (std::size_t i = 0; i < halves.size(); ++i)
      if (!halves[i].asking && halves[i].next <= now)
        waiting.push_back({&halves[i], {name, family_of(i)}});
  std::ranges::stable_sort(waiting, {}, [](const auto& one) { return one.first->next; });
  waiting.resize(std::min(waiting.size(), kMaxAtOnce - asking_));
  std::vector<Question> questions;
  for (auto& [half, question] : waiting) {
    half->asking = true;
    ++asking_;
    questions.push_back(std::move(question));
  }
  return questions;
}

void Names::answered(const Question& question, const base::Result<Resolver::Found>& answer,
                     base::TimePoint now) {
  const auto known = names_.find(question.name);
  if (known == names_.end()) return;
  Half& half = known->second[half_of(question.family)];
  if (!half.asking) return;  // of a time when the name was wanted before
  half.asking = false;
  --asking_;
  if (answer)
    take(half, question.name, *answer, now);
  else
    fail(half, answer.error(), now);
  // Most names are of one family: that the other has none is no news.
  const Half& other = known->second[1 - half_of(question.family)];
  if (half.denied_since && half.addresses.empty() && !other.addresses.empty())
    half.next = now + kMost;
}

void Names::take(Half& half, const std::string& name, const Resolver::Found& found,
                 base::TimePoint now) {
  auto usable = found.addresses;
  std::string objection;
  std::erase_if(usable, [&](const base::IpAddress& ip) {
    auto why = resources::may_be_an_endpoint(ip) ? rule_.objection("", ip)
                                                 : std::string("it is nobody's address");
    if (!why.empty()) objection = name + " leads to " + ip.to_string() + ": " + why;
    return !why.empty();
  });
  if (usable.empty())  // its servers have told, and it is nothing
    return fail(half, base::Error{base::Code::not_found, std::move(objection)}, now);
  half.succeeded(now, found.lasts,
                 objection.empty() ? too_many(name, usable.size()) : std::move(objection));
  if (usable.size() > kMaxAddresses) usable.resize(kMaxAddresses);
  half.addresses = std::move(usable);
}

void Names::fail(Half& half, const base::Error& error, base::TimePoint now) {
  if (half.failed(now, error)) half.addresses.clear();
}

std::vector<base::IpAddress> Names::addresses_of(const Halves& halves) {
  auto all = halves[0].addresses;
  all.insert(all.end(), halves[1].addresses.begin(), halves[1].addresses.end());
  return all;
}

NamedAddresses Names::addresses() const {
  NamedAddresses all;
  for (const auto& [name, halves] : names_) {
    Led led{addresses_of(halves), std::ranges::all_of(halves, &Half::told)};
    if (led.is_whole || !led.addresses.empty()) all.emplace(name, std::move(led));
  }
  return all;
}

std::vector<Names::Status> Names::status(base::TimePoint now) const {
  std::vector<Status> all;
  for (const auto& [name, halves] : names_) {
    Status status{name, addresses_of(halves), "", {}};
    for (const Half& half : halves) {
      // That a name has no addresses of a family is no trouble where it has others.
      const bool denied = half.denied_since && half.addresses.empty();
      if (!half.trouble_since || (denied && !status.addresses.empty())) continue;
      if (!status.trouble.empty() && status.since >= now - *half.trouble_since) continue;
      status.trouble = half.trouble;
      status.since = now - *half.trouble_since;
    }
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace discovery::sources
