// Any bytes as a name: what is read from the wire and what is parsed from text keep to the limits
// and mean the same when they are read again.
#include "dns/name.hpp"
#include "tests/fuzz/fuzzer.hpp"

namespace {

std::string_view broken_name(const dns::Name& name) {
  const auto again = dns::Name::read(name.wire());
  if (!again) return "a name of ours cannot be read back";
  if (!(*again == name)) return "read back, it is another name";
  if (name.wire().size() > dns::kMaxName || name.wire().back() != 0)
    return "it is longer than a name may be";
  if (!name.is_root() && !name.is_within(name.parent())) return "it lies outside its parent";
  if (!name.is_within(dns::Name{})) return "it lies outside the root";
  return "";
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  const std::span<const std::uint8_t> bytes(reinterpret_cast<const std::uint8_t*>(input.data()),
                                            input.size());
  for (std::size_t at = 0; at < bytes.size(); ++at)
    if (const auto end = dns::skip_name(bytes, at); end > bytes.size() || (end != 0 && end <= at))
      return "skipped past the end";
  if (const auto read = dns::Name::read(bytes)) {
    if (dns::skip_name(bytes, 0) != read->wire().size()) return "read and skipped differ";
    if (const auto what = broken_name(*read); !what.empty()) return what;
  }
  const auto parsed = dns::Name::parse(input);
  if (!parsed.ok()) return "";
  return broken_name(*parsed);
}

std::vector<std::string> fuzz::seeds() {
  return {"ratings.mesh.internal",
          "a..b",
          ".",
          "",
          std::string("\3www\7Example\0", 13),
          std::string("\xc0\x0c", 2),
          std::string(64, 'a') + ".b",
          std::string("\77") + std::string(63, 'a') + std::string(1, '\0')};
}
