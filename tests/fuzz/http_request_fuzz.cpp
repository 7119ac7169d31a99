// Any bytes: the same verdict however they are cut; and what is accepted means the same once
// rendered.
#include "forwarder/http/parser.hpp"
#include "forwarder/http/render.hpp"
#include "tests/fuzz/fuzzer.hpp"
#include "tests/unit/forwarder_http/request_cases.hpp"

namespace {

using namespace forwarder::http;

bool same_verdict(const Parsed& a, const Parsed& b) {
  return a.verdict == b.verdict && a.consumed == b.consumed && a.reject.status == b.reject.status;
}

bool same_meaning(const RequestHead& a, const RequestHead& b) {
  return a.method == b.method && a.path == b.path && a.query == b.query &&
         a.has_query == b.has_query && a.authority == b.authority && a.framing == b.framing &&
         a.content_length == b.content_length && a.expects_continue == b.expects_continue &&
         a.takes_trailers == b.takes_trailers && a.upgrade == b.upgrade;
}

std::string_view broken_rendering(const RequestHead& head) {
  std::string rendered, again;
  render_request(head, {}, {}, rendered);
  RequestHead back;
  const auto parsed = RequestParser().parse(rendered, back);
  if (head.authority.empty()) return parsed.rejected() ? "" : "a request to nobody was accepted";
  // The Host of an absolute target and unfolded white space can make it longer than it came.
  if (parsed.rejected() && (parsed.reject.status == 431 || parsed.reject.status == 414)) return {};
  if (!parsed.complete() || parsed.consumed != rendered.size()) return "rendered, it is refused";
  if (!same_meaning(head, back)) return "rendered, it means something else";
  render_request(back, {}, {}, again);
  return rendered == again ? "" : "rendering is not idempotent";
}

}  // namespace

std::string_view fuzz::broken(std::string_view input) {
  // With an empty line at the end every look is decisive.
  const std::string bytes = std::string(input) + "\r\n\r\n";
  RequestHead head;
  const auto whole = RequestParser().parse(bytes, head);
  const auto cuts = {std::size_t{1}, bytes.size() / 3, bytes.size() / 2, bytes.size() - 1};
  for (const std::size_t cut : cuts) {
    RequestParser parser;
    RequestHead other;
    auto parsed = parser.parse(std::string_view(bytes).substr(0, cut), other);
    if (parsed.verdict == Parsed::Verdict::need_more) parsed = parser.parse(bytes, other);
    if (!same_verdict(whole, parsed)) return "a cut changes the verdict";
  }
  if (whole.rejected()) return whole.reject.reason.empty() ? "refused without a reason" : "";
  return whole.complete() ? broken_rendering(head) : "undecided";
}

std::vector<std::string> fuzz::seeds() {
  std::vector<std::string> seeds;
  for (auto& row : all_request_cases()) seeds.push_back(std::move(row.bytes));
  return seeds;
}
