#include "discovery/sources/kept_rows.hpp"

#include <algorithm>
#include <unordered_set>

#include "base/hash.hpp"
#include "base/list_difference.hpp"
#include "discovery/row_changes.hpp"

namespace discovery::sources {
namespace {

std::uint64_t number_of(const std::string& namespace_, const std::string& name) {
  return base::hash64(namespace_ + '/' + name);
}
template <class Document>
std::uint64_t number_of(const Document& document) {
  return number_of(document.metadata.namespace_, document.metadata.name);
}
std::uint64_t number_of(const resources::EndpointSlice& slice) {
  return number_of(slice.metadata.namespace_, slice.service);
}

// Brings the numbers from one list to the next; adds those of documents that differ to `changed`.
template <class Document>
void renumber(std::vector<std::uint64_t>& numbers, const resources::SharedList<Document>& before,
              const resources::SharedList<Document>& after, std::vector<std::uint64_t>& changed) {
  const auto difference = base::difference(before.pointers(), after.pointers());
  for (const auto i : difference.gone) changed.push_back(numbers[i]);
  std::vector<std::uint64_t> between;
  for (auto i = difference.first; i < difference.end_after; ++i)
    between.push_back(number_of(after[i]));
  for (const auto i : difference.come) changed.push_back(between[i - difference.first]);
  const auto at = numbers.begin() + static_cast<std::ptrdiff_t>(difference.first);
  const auto end = numbers.begin() + static_cast<std::ptrdiff_t>(difference.end_before);
  numbers.insert(numbers.erase(at, end), between.begin(), between.end());
}

// Adds the services with a name that leads elsewhere now.
void add_led_elsewhere(const resources::Documents& documents, const NamedAddresses& before,
                       const NamedAddresses& after, std::vector<std::uint64_t>& changed) {
  const auto led = [](const NamedAddresses& addresses, const std::string& name) {
    const auto found = addresses.find(name);
    return found == addresses.end() ? nullptr : &found->second;
  };
  const auto is_elsewhere = [&](const std::string& name) {
    if (name.empty()) return false;
    const auto *was = led(before, name), *is = led(after, name);
    return was && is ? was->addresses != is->addresses || was->to != is->to : was != is;
  };
  const auto elsewhere = [&](const resources::StaticEndpoint& endpoint) {
    return is_elsewhere(endpoint.name);
  };
  for (const auto& service : documents.static_services)
    if (std::ranges::any_of(service.endpoints, elsewhere)) changed.push_back(number_of(service));
  for (const auto& service : documents.services)
    if (is_elsewhere(service.external_name)) changed.push_back(number_of(service));
}

// Adds the services of endpoints that are at another place now.
void add_other_place(const resources::Documents& documents, const NodePlaces* before,
                     const NodePlaces* after, std::vector<std::uint64_t>& changed) {
  for (const auto& slice : documents.endpoint_slices)
    if (std::ranges::any_of(slice.endpoints, [&](const auto& endpoint) {
          return place_of(endpoint, before) != place_of(endpoint, after);
        }))
      changed.push_back(number_of(slice));
}

// Adds the services of endpoints whose Pods have other labels now.
void add_other_labels(const resources::Documents& documents, const PodLabels* before,
                      const PodLabels* after, std::vector<std::uint64_t>& changed) {
  const PodLabels none;
  const auto &was = (before ? before : &none)->pods, &is = (after ? after : &none)->pods;
  std::unordered_set<std::uint64_t> names;
  for (auto a = was.begin(), b = is.begin(); a != was.end() || b != is.end();) {
    if (b == is.end() || (a != was.end() && a->first < b->first)) {
      names.insert((a++)->first);
    } else if (a == was.end() || b->first < a->first) {
      names.insert((b++)->first);
    } else {
      if (a->second != b->second) names.insert(a->first);
      ++a, ++b;
    }
  }
  if (names.empty()) return;
  for (const auto& slice : documents.endpoint_slices)
    if (std::ranges::any_of(slice.endpoints, [&](const auto& endpoint) {
          return names.contains(endpoint.pod.name);
        }))
      changed.push_back(number_of(slice));
}

// Adds the services of endpoints that fail and did not, no longer fail, or for another reason.
void add_other_health(const Failing& before, const Failing& after,
                      std::vector<std::uint64_t>& changed) {
  std::vector<std::pair<EndpointName, std::string>> other;
  std::ranges::set_symmetric_difference(before, after, std::back_inserter(other));
  for (const auto& [endpoint, why] : other)
    changed.push_back(number_of(endpoint.namespace_, endpoint.service));
}

template <class Document>
void take(resources::SharedList<Document>& taken, const resources::SharedList<Document>& all,
          const std::vector<std::uint64_t>& numbers, const std::vector<std::uint64_t>& those) {
  for (std::size_t i = 0; i < numbers.size(); ++i)
    if (std::ranges::binary_search(those, numbers[i])) taken.push_back(all.pointers()[i]);
}

}  // namespace

resources::Documents KeptRows::called(const std::vector<std::uint64_t>& those,
                                      const resources::Documents& documents, const Names& names) {
  resources::Documents taken;
  take(taken.virtual_destinations, documents.virtual_destinations, names.destinations, those);
  take(taken.services, documents.services, names.services, those);
  take(taken.endpoint_slices, documents.endpoint_slices, names.slices, those);
  take(taken.static_services, documents.static_services, names.static_services, those);
  return taken;
}

KeptRows::Update KeptRows::update(const resources::Documents& documents, const ExportRule& rule,
                                  const Seen& seen) {
  auto names = names_;
  std::vector<std::uint64_t> changed;
  renumber(names.destinations, documents_.virtual_destinations, documents.virtual_destinations,
           changed);
  renumber(names.services, documents_.services, documents.services, changed);
  renumber(names.slices, documents_.endpoint_slices, documents.endpoint_slices, changed);
  renumber(names.static_services, documents_.static_services, documents.static_services, changed);
  if (seen.names != seen_.names) add_led_elsewhere(documents, seen_.names, seen.names, changed);
  if (seen.failing != seen_.failing) add_other_health(seen_.failing, seen.failing, changed);
  if (seen.places != seen_.places)
    add_other_place(documents, seen_.places.get(), seen.places.get(), changed);
  if (seen.pods != seen_.pods)
    add_other_labels(documents, seen_.pods.get(), seen.pods.get(), changed);
  changed.insert(changed.end(), troubled_.begin(), troubled_.end());
  std::ranges::sort(changed);

  MadeRows before, after;
  bool whole = rule != rule_;
  if (!whole) {
    before = make_rows(called(changed, documents_, names_), rule, seen_);
    after = make_rows(called(changed, documents, names), rule, seen);
    // How many rows there may be counts for all together.
    whole = std::max(rows_ + after.rows.size(), home_ + after.home.size()) >= kMaxRowsPerOrigin;
  }
  if (whole) {
    before = make_rows(documents_, rule_, seen_);
    after = make_rows(documents, rule, seen);
    rows_ = home_ = 0;
  } else {
    rows_ -= before.rows.size();
    home_ -= before.home.size();
  }
  rows_ += after.rows.size();
  home_ += after.home.size();
  documents_ = documents;
  names_ = std::move(names);
  rule_ = rule;
  seen_ = seen;
  troubled_.clear();
  for (const auto& [namespace_, name] : after.troubled)
    troubled_.push_back(number_of(namespace_, name));
  return {changes_between(before.rows, std::move(after.rows)),
          changes_between(before.home, std::move(after.home)), std::move(after.problems)};
}

}  // namespace discovery::sources
