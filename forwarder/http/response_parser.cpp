#include "forwarder/http/head_reader.hpp"
#include "forwarder/http/parser.hpp"

namespace forwarder::http {
namespace {

constexpr std::uint16_t kBadGateway = 502;

class ResponseHeadParse {
 public:
  ResponseHeadParse(std::string_view text, const Limits& limits, const Asked& asked,
                    ResponseHead& head)
      : reader_(text), limits_(limits), asked_(asked), head_(head) {
    head_.headers.clear();
  }

  Parsed run() {
    auto step = status_line();
    if (step == Step::done) step = fields();
    if (step == Step::done) step = decide();
    switch (step) {
      case Step::done:
        return {Parsed::Verdict::complete, reader_.consumed(), {}};
      case Step::refused:
        return {Parsed::Verdict::reject, 0, {kBadGateway, why_}};
      case Step::need_more:
        break;
    }
    return {};
  }

 private:
  Step refuse(std::string_view why) {
    why_ = why;
    return Step::refused;
  }

  Step status_line() {
    auto step = reader_.literal("HTTP/1.");
    if (step == Step::done) step = minor_version();
    if (step == Step::done) step = status();
    if (step == Step::done) step = reason();
    return step == Step::refused ? refuse("malformed status line") : step;
  }

  Step minor_version() {
    if (reader_.at_end()) return Step::need_more;
    const char minor = reader_.peek();
    if (minor != '0' && minor != '1') return Step::refused;
    head_.minor_version = static_cast<std::uint8_t>(minor - '0');
    reader_.skip();
    return reader_.literal(" ");
  }

  Step status() {
    unsigned status = 0;
    for (int i = 0; i < 3; ++i) {
      if (reader_.at_end()) return Step::need_more;
      if (!is(reader_.peek(), kDigit)) return Step::refused;
      status = status * 10 + static_cast<unsigned>(reader_.peek() - '0');
      reader_.skip();
    }
    if (status < 100) return Step::refused;
    head_.status = static_cast<std::uint16_t>(status);
    return Step::done;
  }

  // Absent with its space in the wild; the status is what counts.
  Step reason() {
    if (reader_.at_end()) return Step::need_more;
    const bool present = reader_.peek() == ' ';
    head_.reason = present ? trimmed(reader_.run(kFieldByte)) : std::string_view{};
    return reader_.literal("\r\n");
  }

  Step fields() {
    const auto step = reader_.fields(limits_.headers, head_.headers, facts_);
    return step == Step::refused ? refuse(reader_.why()) : step;
  }

  // RFC 9112 §6.3, in its order. Both lengths at once, or chunks in HTTP/1.0: the body is read as
  // chunks and the connection not used again (§6.1).
  Step decide() {
    const bool informational = head_.status < 200;
    const bool bodiless =
        informational || head_.status == 204 || head_.status == 304 || asked_.method == "HEAD";
    const bool as_asked =
        facts_.upgrades() && equal_ignoring_case(facts_.protocol(), asked_.protocol);
    if (head_.status == 101 && !as_asked) return refuse("switches protocols unasked");
    const bool doubtful = facts_.chunked() && (facts_.has_length() || head_.minor_version == 0);
    head_.declares_length =
        facts_.has_length() && !facts_.chunked() && !informational && head_.status != 204;
    head_.content_length = head_.declares_length ? facts_.length() : 0;
    head_.framing = bodiless              ? Framing::none
                    : facts_.chunked()    ? Framing::chunked
                    : facts_.has_length() ? Framing::length
                                          : Framing::until_close;
    head_.keep_alive = facts_.persistent(head_.minor_version) && !doubtful &&
                       head_.framing != Framing::until_close;
    return Step::done;
  }

  HeadReader reader_;
  const Limits& limits_;
  const Asked& asked_;
  ResponseHead& head_;
  FieldFacts facts_;
  std::string_view why_;
};

}  // namespace

Parsed ResponseParser::parse(std::string_view buffer, const Asked& asked, ResponseHead& head) {
  if (buffer.empty() || !progress_.worth_parsing(buffer, limits_.head)) return {};
  auto parsed = ResponseHeadParse(buffer.substr(0, limits_.head), limits_, asked, head).run();
  if (parsed.verdict == Parsed::Verdict::need_more) {
    if (buffer.size() < limits_.head) return parsed;
    parsed = {Parsed::Verdict::reject, 0, {kBadGateway, "head too large"}};
  }
  progress_.restart();
  return parsed;
}

}  // namespace forwarder::http
