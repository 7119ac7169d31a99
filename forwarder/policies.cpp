#include "forwarder/policies.hpp"

namespace forwarder {
namespace {

bool asks_for_destinations(const std::vector<resources::RouteSelector>& selectors) {
  return std::ranges::any_of(
      selectors, [](const auto& selector) { return selector.with_destinations.has_value(); });
}

}  // namespace

Policies::Policies(const resources::Documents& documents, resources::Problems& problems)
    : headers_(documents.header_manipulation_policies) {
  for (const auto& policy : headers_.policies()) {
    prepared_.emplace(policy.get(), prepare(*policy, problems));
    ask_for_destinations_ = ask_for_destinations_ || asks_for_destinations(policy->routes) ||
                            !policy->route_destinations.empty();
  }
}

Policies::Choice Policies::choose(const SelectableRoute& route) {
  Choice choice;
  choice.headers = headers_.attach(
      route.name, [&](const auto& policy) { return selects(policy.routes, route); });
  bool any = false;
  for (const auto& destination : route.destinations) {
    auto& own = choice.of_destinations.emplace_back();
    own = headers_.attach(route.name + " to " + destination.name, [&](const auto& policy) {
      return selects(policy.route_destinations, route, destination);
    });
    any = any || own;
  }
  if (!any) choice.of_destinations.clear();
  return choice;
}

std::shared_ptr<const Treatment> Policies::treatment(const Choice& choice) {
  return make(choice.headers, nullptr);
}

std::shared_ptr<const Treatment> Policies::treatment(const Choice& choice,
                                                     std::size_t destination) {
  if (choice.of_destinations.empty() || !choice.of_destinations[destination]) return nullptr;
  return make(choice.headers, choice.of_destinations[destination]);
}

void Policies::report(resources::Problems& problems, std::vector<DocumentStatus>& statuses) const {
  forwarder::report(headers_.attached(), problems, statuses);
}

// As in Envoy: what is for a destination comes before what is for its route.
std::shared_ptr<const Treatment> Policies::make(const Headers& of_route,
                                                const Headers& of_destination) {
  if (!of_route && !of_destination) return nullptr;
  auto& made = made_[{of_route, of_destination}];
  if (made) return made;
  auto treatment = std::make_shared<Treatment>();
  for (const auto& policy : {of_destination, of_route}) {
    if (!policy) continue;
    const auto& edits = prepared_.at(policy.get());
    treatment->request = in_turn(treatment->request, edits.request);
    treatment->response = in_turn(treatment->response, edits.response);
    treatment->documents.push_back(policy);
    treatment->policies.push_back(std::string(policy->kKind) + ' ' + name_of(policy->metadata));
  }
  return made = std::move(treatment);
}

}  // namespace forwarder
