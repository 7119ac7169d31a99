// One question to DNS that is put again and again: when it is due, and what is wrong with it.
//
// What servers fail to tell says nothing; what they deny is believed when they have denied it for
// kDoubted. Time is an argument. Thread: whoever owns it.
#pragma once

#include <algorithm>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "base/time.hpp"

namespace discovery::sources {

struct LookUp {
  static constexpr base::Duration kLeast = std::chrono::seconds(5);
  static constexpr base::Duration kMost = std::chrono::seconds(60);
  static constexpr base::Duration kDoubted = std::chrono::seconds(60);

  base::TimePoint next{};
  bool asking = false, told = false;  // by servers, that there is something or nothing
  std::string trouble;                // of the last answer
  std::optional<base::TimePoint> trouble_since, denied_since;

  // `wrong`: with what was told; "" = nothing.
  void succeeded(base::TimePoint now, base::Duration lasts, std::string wrong) {
    trouble = std::move(wrong);
    told = true;
    next = now + std::clamp(lasts, kLeast, kMost);
    denied_since = std::nullopt;
    if (trouble.empty())
      trouble_since = std::nullopt;
    else if (!trouble_since)
      trouble_since = now;
  }
  // Whether what was known is to be forgotten.
  bool failed(base::TimePoint now, const base::Error& error) {
    trouble = error.message;
    next = now + kLeast;
    if (!trouble_since) trouble_since = now;
    if (error.code != base::Code::not_found) return false;
    told = true;
    if (!denied_since) denied_since = now;
    return now - *denied_since >= kDoubted;
  }
};

}  // namespace discovery::sources
