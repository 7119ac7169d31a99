// Frames and the bytes they are on the wire: the table of wire_test, and the seeds of wire_fuzz.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "discovery/message.hpp"

namespace wire_vectors {

using namespace discovery;
using namespace std::chrono_literals;

inline std::string unhex(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < text.size(); i += 2)
    bytes += static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16));
  return bytes;
}

inline Hello a_hello() {
  Hello hello;
  hello.self = {"west", 1};
  for (std::uint8_t i = 0; i < 16; ++i) hello.instance[i] = i;
  hello.stamp = {3, 9};
  hello.known_of_you = {2, 1};
  hello.advertise = "w:7700";
  return hello;
}

inline Hello a_leafs_hello() {
  auto hello = a_hello();
  hello.leaf = true;
  return hello;
}

inline Verdict a_verdict() {
  return {{"eu", 0}, Verdict::State::stale,
          3,         false,
          1500ms,    {*base::SocketAddress::parse("10.0.0.1:80")},
          false};
}

inline Delta a_delta() {
  Delta delta;
  delta.origin = {"west", 0};
  delta.incarnation = 3;
  delta.from = 7;
  delta.to = 9;
  delta.gc_floor = 2;
  delta.state_hash = {1, 2};
  delta.age = 300ms;
  delta.rows = {{"s/a/b", 8, "xyz", false}, {"s/a/c", 9, "", true}};
  return delta;
}

struct Vector {
  std::string_view name;
  Frame frame;
  std::string_view bytes;
};

inline std::vector<Vector> vectors() {
  return {
      {"hello", a_hello(),
       "0a34080110012208"
       "0a04776573741001"
       "2a10000102030405060708090a0b0c0d0e0f"
       "320408031009"
       "3a0408021001"
       "4206773a37373030"},
      {"a leaf's hello", a_leafs_hello(),
       "0a37080110012208"
       "0a04776573741001"
       "2a10000102030405060708090a0b0c0d0e0f"
       "320408031009"
       "3a0408021001"
       "4206773a37373030"
       "c00201"},
      {"verdicts", Verdicts{{a_verdict()}, 700ms, 5, true},
       "c20227"
       "0a17"
       "0a040a026575"
       "1002"
       "1803"
       "28dc0b"
       "32060a0000010050"
       "3801"
       "10bc05"
       "190500000000000000"
       "2001"},
      {"verdicts of an idle mesh", Verdicts{{}, 700ms, 5, true},
       "c2020e10bc051905000000000000002001"},
      {"beacons", Beacons{{{{"eu", 0}, {1, 2}, 5, {1, 2}, 1500ms}}},
       "12250a23"
       "0a040a026575"
       "120408011002"
       "1805"
       "210100000000000000"
       "290200000000000000"
       "30dc0b"},
      {"no beacons", Beacons{}, "1200"},
      {"no beacons, but an echo", Beacons{{}, {3, 1500us}}, "1207a00103a801dc0b"},
      {"delta", a_delta(),
       "1a3e"
       "0a060a0477657374"
       "1003"
       "1807"
       "2009"
       "2802"
       "30ac02"
       "420c0a05732f612f621a0378797a"
       "42090a05732f612f632001"
       "490100000000000000"
       "510200000000000000"},
      {"snapshot end", Delta{{"west", 0}, 3, 0, 9, 0, {}, 0ms, Delta::Kind::snapshot_end, {}},
       "1a0e"
       "0a060a0477657374"
       "1003"
       "2009"
       "3802"},
      {"the third part of a snapshot",
       Delta{{"west", 0},
             3,
             0,
             9,
             0,
             {},
             0ms,
             Delta::Kind::snapshot_part,
             {{"s/a/b", 8, "xyz", false}},
             2},
       "1a20"
       "0a060a0477657374"
       "1003"
       "2009"
       "3801"
       "420e0a05732f612f6210081a0378797a"
       "5802"},
      {"a proof alone",
       Delta{{"west", 0}, 3, 9, 9, 0, {1, 2}, 0ms, Delta::Kind::changes, {}, 0, {"sign", "cert"}},
       "1a2c"
       "0a060a0477657374"
       "1003"
       "1809"
       "2009"
       "490100000000000000"
       "510200000000000000"
       "62047369676e"
       "6a0463657274"},
      {"pull", Pull{{"eu", 2}, {1, 2}},
       "220e"
       "0a060a0265751002"
       "120408011002"},
      {"still", Still{0x0102030405060708, 300}, "320c09080706050403020110ac02"},
      {"goodbye", Goodbye{Goodbye::Reason::returning, "bye"}, "2a0708011203627965"},
  };
}

}  // namespace wire_vectors
