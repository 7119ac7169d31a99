#include "dns/explain.hpp"

#include <cmath>

#include "base/bytes.hpp"
#include "dns/message.hpp"

namespace dns {
namespace {

namespace view = discovery::view;

constexpr std::size_t kMaxLine = 250;
constexpr std::string_view kCut = "… more: nearmost explain";

class Lines {
 public:
  // False when there is no room left.
  bool add(std::string line) {
    if (line.size() > kMaxLine) line = line.substr(0, kMaxLine - 3) + "...";
    const std::size_t cost = kRecordData + 1 + line.size();
    if (used_ + cost + kRecordData + 1 + kCut.size() > kMaxExplanation) {
      if (!cut_) lines_.emplace_back(kCut);
      cut_ = true;
      return false;
    }
    used_ += cost;
    lines_.push_back(std::move(line));
    return true;
  }
  std::vector<std::string> take() && { return std::move(lines_); }

 private:
  std::vector<std::string> lines_;
  std::size_t used_ = 0;
  bool cut_ = false;
};

std::string percent(double share) { return std::to_string(std::lround(share * 100)) + " %"; }

std::string describe(const view::Choice& choice) {
  const auto& endpoint = choice.endpoint();
  std::string text = endpoint.ip.to_string() + " " + endpoint.traits->cluster;
  if (!endpoint.traits->locality.empty()) text += " " + endpoint.traits->locality.to_string();
  if (endpoint.weight != 1) text += " weight " + std::to_string(endpoint.weight);
  if (choice.reason != view::Reason::selected) text += ": " + std::string(to_string(choice.reason));
  if (choice.left < view::kAllLeft)
    text += ", drained, " + percent(static_cast<double>(choice.left) / view::kAllLeft) + " left";
  if (choice.stale) text += " (stale)";
  return text;
}

std::string door_line(const view::Destination& destination) {
  std::string line = "door: ";
  if (destination.door.kind == view::Door::Kind::endpoints) {
    line += "endpoints";
  } else {
    line += "forwarder";
    for (const auto& address : destination.door.addresses) line += " " + address.to_string();
    if (destination.door.addresses.empty()) line += ", which has no address";
  }
  if (!destination.door.why.empty()) line += "; " + destination.door.why;
  return line;
}

std::string place_line(const view::Destination& destination, const PlaceLabels& place) {
  auto line = "place: " + std::string(to_string(place.topology)) + " " +
              std::string(base::as_text(place.place));
  if (destination.door.kind == view::Door::Kind::forwarder)
    return line + " has no records: the forwarder chooses";
  return line + (place.strength == view::Affinity::Strength::pin ? ", nobody else" : " first");
}

}  // namespace

std::vector<std::string> explain(const view::Destination& destination,
                                 const view::Selection& selection, const view::Caller& caller,
                                 const PlaceLabels& place, std::uint64_t version) {
  std::size_t selected = 0;
  for (const auto& tier : selection.tiers) selected += tier.endpoints.size();
  const std::size_t total = selected + selection.left_out.size();

  Lines lines;
  lines.add((destination.defined_by.empty() ? destination.host : destination.defined_by) +
            "; view " + std::to_string(version));
  lines.add(door_line(destination));
  std::string from = "caller: cluster " + caller.cluster;
  if (!caller.locality.empty()) from += ", " + caller.locality.to_string();
  lines.add(from);
  if (place.kind == PlaceLabels::Kind::place) lines.add(place_line(destination, place));
  std::string state = "healthy: " + std::to_string(selection.fail_open ? 0 : selected) + " of " +
                      std::to_string(total);
  if (selection.fail_open)
    state += selected > 0 ? ", so what there is is answered (fail open)" : ", no endpoint";
  if (selection.degraded && !selection.fail_open) state += ", degraded";
  lines.add(state);
  for (const auto& conflict : destination.conflicts) lines.add("conflict: " + conflict);
  for (const auto& port : destination.dead_ports) lines.add("not served: " + port.why);
  for (std::size_t i = 0; i < selection.tiers.size(); ++i) {
    const auto& tier = selection.tiers[i];
    lines.add("tier " + std::to_string(i) + " " + tier.name + ": share " + percent(tier.share) +
              ", endpoints " + std::to_string(tier.endpoints.size()));
  }
  for (std::size_t i = 0; i < selection.tiers.size(); ++i)
    for (const auto& choice : selection.tiers[i].endpoints)
      if (!lines.add("tier " + std::to_string(i) + ": " + describe(choice)))
        return std::move(lines).take();
  for (const auto& choice : selection.left_out)
    if (!lines.add("left out: " + describe(choice))) break;
  return std::move(lines).take();
}

}  // namespace dns
