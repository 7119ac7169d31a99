#include "agent/http_message.hpp"

#include <charconv>
#include <nlohmann/json.hpp>

namespace agent {
namespace {

std::optional<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  while (!text.empty()) {
    if (text.front() != '%') {
      decoded.push_back(text.front() == '+' ? ' ' : text.front());
      text.remove_prefix(1);
      continue;
    }
    unsigned byte = 0;
    const auto digits = text.substr(1, 2);
    const auto end = digits.data() + digits.size();
    if (digits.size() < 2 || std::from_chars(digits.data(), end, byte, 16).ptr != end) return {};
    decoded.push_back(static_cast<char>(byte));
    text.remove_prefix(3);
  }
  return decoded;
}

}  // namespace

std::string to_text(const nlohmann::ordered_json& json, int indent) {
  return json.dump(indent, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

HttpReply json_reply(const nlohmann::ordered_json& body, std::uint16_t status) {
  return {.status = status, .body = to_text(body) + "\n"};
}

HttpReply refusal(std::uint16_t status, std::string_view why) {
  return json_reply({{"error", why}}, status);
}

std::optional<std::string> query_parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const auto pair = query.substr(0, query.find('&'));
    const auto equals = pair.find('=');
    if (pair.substr(0, equals) == name) {
      const bool bare = equals == std::string_view::npos;
      return percent_decoded(bare ? std::string_view{} : pair.substr(equals + 1));
    }
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
  }
  return {};
}

}  // namespace agent
