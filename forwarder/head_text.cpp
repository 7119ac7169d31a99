#include "forwarder/head_text.hpp"

#include <string>

#include "forwarder/http/characters.hpp"
#include "forwarder/http/field_facts.hpp"

namespace forwarder {
namespace {

std::string hex(char c) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto byte = static_cast<unsigned char>(c);
  return {'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c >= ' ' && c < 0x7f)
      result += c;
    else
      result += '\\' + hex(c);
  }
  return result + '"';
}

base::Result<void> check(std::string_view text, std::string_view also) {
  for (const char c : text)
    if (!http::is(c, http::kTargetByte) && also.find(c) == also.npos)
      return base::invalid(quoted(text) + " has a byte that no path may have: 0" + hex(c));
  return {};
}

}  // namespace

base::Result<void> check_path(std::string_view text) { return check(text, ""); }

base::Result<void> check_location(std::string_view text) { return check(text, "#"); }

base::Result<void> check_host(std::string_view text) {
  if (!http::is_authority(text)) return base::invalid(quoted(text) + " is no host and port");
  return {};
}

}  // namespace forwarder
