// Any bytes: the same verdict however they are cut; and what is accepted means the same once
// rendered.
#include <algorithm>

#include "forwarder/http/parser.hpp"
#include "forwarder/http/render.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/unit/forwarder_http/response_cases.hpp"

namespace {

using namespace forwarder::http;

std::string_view broken_rendering(const ResponseHead& head, const Asked& asked) {
  std::string rendered;
  const auto framing = framing_towards(1, head);
  render_response(head, {framing, 1, head.keep_alive}, {}, rendered);
  ResponseHead back;
  const auto parsed = ResponseParser().parse(rendered, asked, back);
  // What is added may be too much for ourselves.
  const auto lines = static_cast<std::size_t>(std::ranges::count(rendered, '\n'));
  const bool too_much = rendered.size() > Limits{}.head || lines > Limits{}.headers;
  if (parsed.rejected() && too_much) return {};
  if (!parsed.complete() || parsed.consumed != rendered.size()) return "rendered, it is refused";
  const bool same = back.status == head.status && back.framing == framing &&
                    back.declares_length == head.declares_length &&
                    back.content_length == head.content_length;
  return same ? "" : "rendered, it means something else";
}

std::string_view broken_for(const std::string& bytes, const Asked& asked) {
  ResponseHead head;
  const auto whole = ResponseParser().parse(bytes, asked, head);
  for (const std::size_t cut : {std::size_t{1}, bytes.size() / 2, bytes.size() - 1}) {
    ResponseParser parser;
    ResponseHead other;
    auto parsed = parser.parse(std::string_view(bytes).substr(0, cut), asked, other);
    if (parsed.verdict == Parsed::Verdict::need_more) parsed = parser.parse(bytes, asked, other);
    if (parsed.verdict != whole.verdict || parsed.consumed != whole.consumed) {
      return "a cut changes the verdict";
    }
  }
  if (whole.rejected()) return whole.reject.status == 502 ? "" : "refused with a client's status";
  return whole.complete() ? broken_rendering(head, asked) : "undecided";
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  const std::string bytes = std::string(input) + "\r\n\r\n";
  for (const Asked& asked : {Asked{"GET", {}}, Asked{"HEAD", {}}, Asked{"GET", "websocket"}}) {
    const auto what = broken_for(bytes, asked);
    if (!what.empty()) return what;
  }
  return {};
}

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> seeds;
  for (auto& row : all_response_cases()) seeds.push_back(std::move(row.bytes));
  return seeds;
}
