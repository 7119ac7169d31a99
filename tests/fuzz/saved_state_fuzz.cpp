// Any bytes as a file of state.dir, and as the body of a whole one: refused in words, or within the
// limits of a snapshot, the same when it is written again, and what a node shows that began with
// it.
#include "base/hash.hpp"
#include "discovery/node.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/unit/discovery/saved_origins.hpp"

namespace {

using namespace discovery;

constexpr std::size_t kHeader = 36;

// A record that is whole, so that what is in it is looked at.
std::string sealed(std::uint16_t kind, std::string_view body) {
  base::ByteWriter out;
  out.put(base::as_span("nearmost"));
  out.u16(kSavedFormat);
  out.u16(kind);
  out.u64(body.size());
  const auto sum = base::hash128(base::as_span(body));
  out.u64(sum.high);
  out.u64(sum.low);
  out.put(base::as_span(body));
  return std::move(out).take();
}

OriginPublication published(const SavedOrigin& saved) {
  OriginPublication origin;
  origin.id = saved.id;
  origin.stamp = saved.stamp;
  origin.rows = saved.rows;
  origin.left = saved.left;
  return origin;
}

std::string_view broken_origin(std::string_view bytes) {
  const auto saved = decode_origin(bytes);
  if (!saved) return saved.error().message.empty() ? "refused without a reason" : "";
  if (!is_name(saved->id)) return "an origin without a name";
  if (saved->rows.size() > kMaxRowsPerOrigin) return "more rows than an origin may have";
  const auto written = encode(published(*saved));
  const auto again = decode_origin(written);
  if (!again || encode(published(*again)) != written) return "written again, it is something else";
  NodeConfig config;
  config.self = {"other", 0};
  Node node(config, base::Random(1), base::TimePoint{});
  node.restore(base::TimePoint{}, {{*saved}, true});
  if (saved->id == config.self) return "";
  for (const auto& origin : node.publication(base::TimePoint{})->origins)
    if (!origin.local && encode(origin) == written) return "";
  return "a node shows something else";
}

std::string_view broken_self(std::string_view bytes) {
  const auto self = decode_self(bytes);
  if (!self) return self.error().message.empty() ? "refused without a reason" : "";
  return decode_self(encode(*self)).value() == *self ? "" : "written again, it is something else";
}

std::string_view broken_drains(std::string_view bytes) {
  const auto orders = decode_drains(bytes);
  if (!orders) return orders.error().message.empty() ? "refused without a reason" : "";
  return decode_drains(encode(*orders)).value() == *orders ? ""
                                                           : "written again, it is something else";
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  for (const auto& bytes :
       {std::string(input), sealed(1, input), sealed(2, input), sealed(3, input)}) {
    if (const auto what = broken_origin(bytes); !what.empty()) return what;
    if (const auto what = broken_self(bytes); !what.empty()) return what;
    if (const auto what = broken_drains(bytes); !what.empty()) return what;
  }
  return {};
}

std::vector<std::string> fuzz::seeds() {
  auto left = saved_origins::empty();
  left.left = true;
  std::vector<std::string> seeds{
      encode(saved_origins::east()), encode(saved_origins::empty()), encode(left),
      encode(SavedSelf{"east", 0x500000001}),
      encode(std::vector<DrainOrder>{{{}, std::chrono::seconds(60), true}})};
  for (std::size_t at = 0, whole = seeds.size(); at < whole; ++at)
    seeds.push_back(seeds[at].substr(kHeader));
  return seeds;
}
