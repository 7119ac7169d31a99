#include "forwarder/policies.hpp"

namespace forwarder {
namespace {

bool asks_for_destinations(const std::vector<resources::RouteSelector>& selectors) {
  return std::ranges::any_of(
      selectors, [](const auto& selector) { return selector.with_destinations.has_value(); });
}

}  // namespace

Policies::Policies(const resources::Documents& documents)
    : retries_(documents.retry_timeout_policies), headers_(documents.header_manipulation_policies) {
  for (const auto& policy : retries_.policies())
    ask_for_destinations_ = ask_for_destinations_ || asks_for_destinations(policy->routes);
  for (const auto& policy : headers_.policies()) {
    prepared_.emplace(policy.get(), prepare(*policy, problems_));
    ask_for_destinations_ = ask_for_destinations_ || asks_for_destinations(policy->routes) ||
                            !policy->route_destinations.empty();
  }
}

bool Policies::are_of(const resources::Documents& documents) const {
  return retries_.is_of(documents.retry_timeout_policies) &&
         headers_.is_of(documents.header_manipulation_policies);
}

Policies::Choice Policies::choose(const SelectableRoute& route, Claimed& claimed) const {
  const auto is_for_it = [&](const auto& policy) { return selects(policy.routes, route); };
  Choice choice;
  choice.retries = retries_.attach(route.name, claimed.retries, is_for_it);
  choice.headers = headers_.attach(route.name, claimed.headers, is_for_it);
  bool any = false;
  for (const auto& destination : route.destinations) {
    auto& own = choice.of_destinations.emplace_back();
    own = headers_.attach(
        route.name + " to " + destination.name, claimed.headers,
        [&](const auto& policy) { return selects(policy.route_destinations, route, destination); });
    any = any || own;
  }
  if (!any) choice.of_destinations.clear();
  return choice;
}

std::shared_ptr<const Treatment> Policies::treatment(const Choice& choice) {
  return make(choice, nullptr);
}

std::shared_ptr<const Treatment> Policies::treatment(const Choice& choice,
                                                     std::size_t destination) {
  if (choice.of_destinations.empty() || !choice.of_destinations[destination]) return nullptr;
  return make(choice, choice.of_destinations[destination]);
}

void Policies::report(const Claimed& claimed, resources::Problems& problems,
                      Statuses& statuses) const {
  problems.insert(problems.end(), problems_.begin(), problems_.end());
  retries_.report(claimed.retries, problems, statuses);
  headers_.report(claimed.headers, problems, statuses);
}

// As in Envoy: what is for a destination comes before what is for its route.
std::shared_ptr<const Treatment> Policies::make(const Choice& choice,
                                                const Headers& of_destination) {
  if (!choice.retries && !choice.headers && !of_destination) return nullptr;
  auto& made = made_[{choice.retries, choice.headers, of_destination}];
  if (made) return made;
  auto treatment = std::make_shared<Treatment>();
  const auto name = [&](const auto& policy) {
    treatment->policies.push_back(std::string(policy.kKind) + ' ' + name_of(policy.metadata));
  };
  if (choice.retries) {
    treatment->retry = retry_rule(*choice.retries);
    name(*choice.retries);
  }
  for (const auto& policy : {of_destination, choice.headers}) {
    if (!policy) continue;
    const auto& edits = prepared_.at(policy.get());
    treatment->request = in_turn(treatment->request, edits.request);
    treatment->response = in_turn(treatment->response, edits.response);
    treatment->documents.push_back(policy);
    name(*policy);
  }
  return made = std::move(treatment);
}

}  // namespace forwarder
