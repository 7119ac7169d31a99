#include "forwarder/slot_map.hpp"

#include <catch2/catch.hpp>

using namespace forwarder;

namespace {

base::SocketAddress at(const char* text) { return base::SocketAddress::parse(text).value(); }

std::vector<SlotId> table(SlotMap& slots, std::vector<const char*> addresses) {
  slots.begin_table();
  std::vector<SlotId> ids;
  for (const auto* address : addresses) ids.push_back(slots.id_of(at(address)));
  slots.end_table();
  return ids;
}

}  // namespace

TEST_CASE("an address keeps its slot from table to table") {
  SlotMap slots;
  CHECK(table(slots, {"10.0.0.1:80", "10.0.0.2:80", "10.0.0.1:80"}) ==
        std::vector<SlotId>{0, 1, 0});
  CHECK(table(slots, {"10.0.0.3:80", "10.0.0.2:80"}) == std::vector<SlotId>{2, 1});
}

TEST_CASE("a slot passes on only after a table without its address, with a new generation") {
  SlotMap slots;
  table(slots, {"10.0.0.1:80"});
  // This table is the one that drops .1: its slot may still be read in the table before.
  CHECK(table(slots, {"10.0.0.2:80"}) == std::vector<SlotId>{1});
  CHECK(slots.slot(0).generation == 0);
  CHECK(table(slots, {"10.0.0.2:80", "10.0.0.3:80"}) == std::vector<SlotId>{1, 0});
  CHECK(slots.slot(0).generation == 1);
  CHECK(slots.slot(0).address == at("10.0.0.3:80"));
  CHECK(slots.slot(1).generation == 0);
}

TEST_CASE("an address that comes back after it was dropped is a stranger") {
  SlotMap slots;
  table(slots, {"10.0.0.1:80"});
  table(slots, {});
  CHECK(table(slots, {"10.0.0.1:80"}) == std::vector<SlotId>{0});
  CHECK(slots.slot(0).generation == 1);
}

TEST_CASE("slots do not grow with addresses that come and go") {
  SlotMap slots;
  for (int i = 0; i < 1000; ++i)
    table(slots, {i % 2 ? "10.0.0.1:80" : "10.0.0.2:80", i % 3 ? "10.0.0.3:80" : "10.0.0.4:80"});
  CHECK(slots.slots().size() <= 4);
}
