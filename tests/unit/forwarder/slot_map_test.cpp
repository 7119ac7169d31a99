#include "forwarder/slot_map.hpp"

#include <catch2/catch.hpp>
#include <map>
#include <utility>

#include "base/random.hpp"

using namespace forwarder;

namespace {

base::SocketAddress at(const char* text) { return base::SocketAddress::parse(text).value(); }

// Tables one after the other, each made anew.
struct Tables {
  SlotMap slots;
  std::vector<SlotId> held;

  std::vector<SlotId> table(std::vector<const char*> addresses, base::TimePoint now = kEver) {
    slots.begin_table(now);
    std::vector<SlotId> ids;
    for (const auto* address : addresses) ids.push_back(slots.hold(at(address)));
    for (const auto id : std::exchange(held, ids)) slots.release(id);
    slots.end_table();
    return ids;
  }
};

}  // namespace

TEST_CASE("an address keeps its slot from table to table") {
  Tables tables;
  CHECK(tables.table({"10.0.0.1:80", "10.0.0.2:80", "10.0.0.1:80"}) ==
        std::vector<SlotId>{0, 1, 0});
  CHECK(tables.table({"10.0.0.3:80", "10.0.0.2:80"}) == std::vector<SlotId>{2, 1});
}

TEST_CASE("a slot passes on only after a table without its address, with a new generation") {
  Tables tables;
  tables.table({"10.0.0.1:80"});
  // This table is the one that drops .1: its slot may still be read in the table before.
  CHECK(tables.table({"10.0.0.2:80"}) == std::vector<SlotId>{1});
  CHECK(tables.slots.slot(0).generation == 0);
  CHECK(tables.table({"10.0.0.2:80", "10.0.0.3:80"}) == std::vector<SlotId>{1, 0});
  CHECK(tables.slots.slot(0).generation == 1);
  CHECK(tables.slots.slot(0).address == at("10.0.0.3:80"));
  CHECK(tables.slots.slot(1).generation == 0);
}

TEST_CASE("an address that comes back after it was dropped is a stranger") {
  Tables tables;
  tables.table({"10.0.0.1:80"});
  tables.table({});
  CHECK(tables.table({"10.0.0.1:80"}) == std::vector<SlotId>{0});
  CHECK(tables.slots.slot(0).generation == 1);
}

TEST_CASE("a slot knows since when its address is held without a gap") {
  Tables tables;
  const auto hour = [](int n) { return base::TimePoint(std::chrono::hours(n)); };
  tables.table({"10.0.0.1:80"});
  CHECK(tables.slots.since(0) == kEver);
  tables.table({"10.0.0.1:80", "10.0.0.2:80"}, hour(1));
  tables.table({"10.0.0.2:80", "10.0.0.1:80"}, hour(2));
  CHECK(tables.slots.since(0) == kEver);
  CHECK(tables.slots.since(1) == hour(1));
  tables.table({"10.0.0.2:80"}, hour(3));
  CHECK(tables.table({"10.0.0.1:80", "10.0.0.2:80"}, hour(4)).front() == 0);
  CHECK(tables.slots.since(0) == hour(4));
  CHECK(tables.slots.since(1) == hour(1));
}

TEST_CASE("slots do not grow with addresses that come and go") {
  Tables tables;
  for (int i = 0; i < 1000; ++i)
    tables.table({i % 2 ? "10.0.0.1:80" : "10.0.0.2:80", i % 3 ? "10.0.0.3:80" : "10.0.0.4:80"});
  CHECK(tables.slots.slots().size() <= 4);
}

TEST_CASE("every address held has one slot that says so, whatever comes and goes") {
  base::Random random(6);
  SlotMap slots;
  std::map<base::SocketAddress, std::pair<SlotId, unsigned>> model;  // its slot, how often held
  for (int table = 0; table < 2'000; ++table) {
    slots.begin_table();
    const auto kept = model;
    for (auto changes = random.below(20); changes > 0; --changes) {
      const base::SocketAddress address{
          base::IpAddress::v4(static_cast<std::uint32_t>(random.below(300))), 80};
      auto& [id, holds] = model[address];
      if (holds == 0 || random.chance(0.4)) {
        const auto held = slots.hold(address);
        if (const auto before = kept.find(address); before != kept.end())
          REQUIRE(held == before->second.first);
        if (holds > 0) REQUIRE(held == id);
        id = held;
        ++holds;
      } else {
        slots.release(id);
        --holds;
      }
    }
    slots.end_table();
    std::erase_if(model, [](const auto& entry) { return entry.second.second == 0; });
    std::map<SlotId, base::SocketAddress> seen;
    for (const auto& [address, slot] : model) {
      REQUIRE(slots.slot(slot.first).address == address);
      REQUIRE(seen.emplace(slot.first, address).second);
    }
  }
  CHECK(slots.slots().size() <= 310);
}
