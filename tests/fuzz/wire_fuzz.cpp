// Any bytes: refused by the name of a field, or a frame that means the same once encoded again.
#include "discovery/rpc/wire.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/unit/rpc/wire_vectors.hpp"

std::string_view fuzz::broken(std::string_view input) {
  const auto frame = discovery::rpc::decode(input);
  if (!frame) return frame.error().message.empty() ? "refused without a reason" : "";
  const auto bytes = discovery::rpc::encode(*frame);
  if (bytes.size() > discovery::rpc::kMaxWireBytes) return "grows beyond what is read";
  const auto back = discovery::rpc::decode(bytes);
  if (!back) return "encoded again, it is refused";
  return *back == *frame ? "" : "encoded again, it means something else";
}

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> seeds;
  for (const auto& vector : wire_vectors::vectors())
    seeds.push_back(wire_vectors::unhex(vector.bytes));
  return seeds;
}
