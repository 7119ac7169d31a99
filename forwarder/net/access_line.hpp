// One line of the access log, in one of two forms.
//
// text is much as Envoy's default line, with our reason, route, destination and attempts behind it:
//   [2026-11-27T09:30:41.123Z] "GET /r HTTP/1.1" 503 UH 0 181 0 "10.0.0.7" "curl/8.5" "-"
//   "ratings.mesh.internal" "-" "no endpoint" "bookinfo/ratings[0]" "ratings.mesh.internal:9080" 0
// (on one line). What is absent is "-"; quotes, backslashes and control characters are \xHH. json
// is one object, its fields named as docs/DOCUMENTS.md lists them; what is absent is left out.
//
// Where lines are made counts in each request's price: they are written to where they leave from,
// and the text of a second is made once. Thread: one at a time.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

#include "forwarder/net/access_record.hpp"
#include "forwarder/net/access_ring.hpp"

namespace forwarder::net {

enum class AccessFormat : std::uint8_t { text, json };

class AccessLines {
 public:
  // Of one line: every byte of every text escaped, and what stands around them.
  static constexpr std::size_t kMostBytes = AccessRecord::kTexts * AccessRing::kMostText * 6 + 1024;

  explicit AccessLines(AccessFormat format) : format_(format) {}

  // Writes the line and its end to `to`, where there is room for kMostBytes, and returns where it
  // ends. `began` is the record's, by the wall clock. Texts have at most AccessRing::kMostText.
  char* write(const AccessRecord& record, std::chrono::system_clock::time_point began, char* to);

 private:
  class Pen;
  void write_text(const AccessRecord& record, std::chrono::system_clock::time_point began,
                  Pen& pen);
  void write_json(const AccessRecord& record, std::chrono::system_clock::time_point began,
                  Pen& pen);
  void write_time(std::chrono::system_clock::time_point time, Pen& pen);

  const AccessFormat format_;
  std::chrono::sys_seconds second_{};
  std::array<char, 20> second_text_{};  // "2026-11-27T09:30:41."; as it was made for second_
};

}  // namespace forwarder::net
