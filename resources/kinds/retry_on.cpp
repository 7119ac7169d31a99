#include "resources/kinds/retry_on.hpp"

#include <algorithm>
#include <iterator>

#include "resources/suggest.hpp"

namespace resources {
namespace {

struct Condition {
  std::string_view name;
  bool RetryOn::*sets;  // null: with no effect of its own
};
constexpr Condition kConditions[] = {
    {"5xx", &RetryOn::server_errors},
    {"gateway-error", &RetryOn::gateway_errors},
    {"reset", &RetryOn::resets},
    {"connect-failure", &RetryOn::connect_failures},
    {"retriable-4xx", &RetryOn::conflicts},
    {"retriable-status-codes", nullptr},  // those that stand beside it
};
// Of HTTP/2 and gRPC; and what a route of Gloo's says no header names for.
constexpr std::string_view kWithoutEffect[] = {
    "refused-stream",     "cancelled",   "deadline-exceeded", "internal",
    "resource-exhausted", "unavailable", "retriable-headers", "envoy-ratelimited",
};

std::string_view trimmed(std::string_view text) {
  const auto begin = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(begin);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

// 0 when it is none.
std::uint16_t status_of(std::string_view text) {
  const bool digits =
      text.size() == 3 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  const auto status = digits ? (text[0] - '0') * 100 + (text[1] - '0') * 10 + text[2] - '0' : 0;
  return static_cast<std::uint16_t>(status >= 200 && status <= 599 ? status : 0);
}

void warn_of_unknown(const Value& value, std::string_view word) {
  std::vector<std::string_view> known;
  for (const auto& condition : kConditions) known.push_back(condition.name);
  std::ranges::copy(kWithoutEffect, std::back_inserter(known));
  auto hint = did_you_mean(word, known);
  value.warn(
      quoted(word) + " is no condition: ignored",
      hint.empty() ? "known here: " + joined(known) + " and statuses from 200 to 599" : hint);
}

}  // namespace

void read(const Value& value, RetryOn& out) {
  std::string text;
  read(value, text);
  std::vector<std::string_view> without_effect;
  bool asks_for_statuses = false;
  for (std::string_view rest = text; !rest.empty();) {
    const auto comma = rest.find(',');
    const auto word = trimmed(rest.substr(0, comma));
    rest.remove_prefix(comma == rest.npos ? rest.size() : comma + 1);
    const auto known = std::ranges::find(kConditions, word, &Condition::name);
    if (const auto status = status_of(word)) {
      out.statuses.push_back(status);
    } else if (known != std::end(kConditions)) {
      if (known->sets)
        out.*known->sets = true;
      else
        asks_for_statuses = true;
    } else if (std::ranges::count(kWithoutEffect, word)) {
      without_effect.push_back(word);
    } else {
      warn_of_unknown(value, word);
    }
  }
  if (!without_effect.empty())
    value.warn("without effect over HTTP/1.1: " + joined(without_effect));
  if (asks_for_statuses && out.statuses.empty())
    value.warn("retriable-status-codes without a status", "add them: retryOn: 'reset,503'");
}

}  // namespace resources
