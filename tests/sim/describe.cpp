#include "tests/sim/describe.hpp"

#include "discovery/local_origin.hpp"

namespace sim {
namespace {

using namespace discovery;

std::string life(std::uint64_t incarnation) { return std::to_string(incarnation >> kChanceBits); }

std::string text(const Hello& hello) {
  if (hello.leaf) return "hello from a leaf of " + hello.self.cluster;
  return "hello " + hello.self.to_string() + " at " + describe(hello.stamp) + ", knows you at " +
         describe(hello.known_of_you);
}

std::string text(const Beacons& beacons) {
  std::string line = "beacons";
  for (const auto& beacon : beacons.beacons)
    line += " " + beacon.origin.to_string() + "=" + describe(beacon.stamp) + "#" +
            std::to_string(beacon.sequence) + " " + base::to_string(beacon.age) + " old" +
            (beacon.missed ? ", missed," : ",");
  if (line.back() == ',') line.pop_back();
  return line;
}

std::string text(const Still& still) { return "still #" + std::to_string(still.sequence); }

std::string text(const Verdicts& verdicts) {
  static constexpr const char* kStates[] = {"fresh", "suspect",   "stale",    "demoted",
                                            "dead",  "returning", "forgotten"};
  std::string line = "verdicts";
  for (const auto& verdict : verdicts.verdicts) {
    line += " " + verdict.origin.to_string() + "=" +
            kStates[static_cast<std::size_t>(verdict.state)] + "@" + life(verdict.life);
    if (verdict.age) line += " " + base::to_string(*verdict.age) + " old";
    if (!verdict.taken) line += " not taken";
    if (!verdict.failed.empty()) line += " " + std::to_string(verdict.failed.size()) + " failed";
    line += ",";
  }
  line += " heard within " + base::to_string(verdicts.heard);
  if (verdicts.digest != 0) line += ", that is all";
  return verdicts.synced ? line : line + ", not synced";
}

std::string text(const Delta& delta) {
  static constexpr const char* kKinds[] = {"changes", "part of changes", "part of a snapshot",
                                           "snapshot"};
  std::string line = std::string(kKinds[static_cast<std::size_t>(delta.kind)]) + " of " +
                     delta.origin.to_string() + " " + life(delta.incarnation) + ":" +
                     std::to_string(delta.from) + ".." + std::to_string(delta.to);
  if (delta.gc_floor > 0) line += " (floor " + std::to_string(delta.gc_floor) + ")";
  constexpr std::size_t kShown = 4;
  for (std::size_t at = 0; at < delta.rows.size() && at < kShown; ++at)
    line += (delta.rows[at].removed ? " -" : " +") + delta.rows[at].key + "@" +
            std::to_string(delta.rows[at].version);
  if (delta.rows.size() > kShown)
    line += " and " + std::to_string(delta.rows.size() - kShown) + " more";
  if (!delta.proof.empty()) line += ", signed";
  return line;
}

std::string text(const Pull& pull) {
  return "pull " + pull.origin.to_string() + " after " + describe(pull.have);
}

std::string text(const Goodbye& goodbye) {
  static constexpr const char* kReasons[] = {"leaving", "returning", "refused", "taken"};
  std::string line = std::string("goodbye, ") + kReasons[static_cast<std::size_t>(goodbye.reason)];
  return goodbye.text.empty() ? line : line + ": " + goodbye.text;
}

}  // namespace

std::string describe(Stamp stamp) {
  return stamp == Stamp{} ? "none" : life(stamp.incarnation) + ":" + std::to_string(stamp.version);
}

std::string describe(const Frame& frame) {
  return std::visit([](const auto& body) { return text(body); }, frame);
}

std::string describe(const Event& event) {
  static constexpr const char* kKinds[] = {
      "link ready",  "link lost", "suspect",    "stale",        "demoted",     "dead",
      "fresh again", "forgotten", "followed",   "homeless",     "refuted",     "refused",
      "malformed",   "held",      "hold ended", "link refused", "turned away", "quarantined",
      "released",    "taken",     "moved"};
  std::string line = event.origin.to_string() + " " + kKinds[static_cast<std::size_t>(event.kind)];
  return event.text.empty() ? line : line + ": " + event.text;
}

}  // namespace sim
