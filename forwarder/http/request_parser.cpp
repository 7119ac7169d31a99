#include <charconv>
#include <limits>

#include "forwarder/http/head_reader.hpp"
#include "forwarder/http/parser.hpp"

namespace forwarder::http {
namespace {

constexpr std::size_t kLongestMethod = 32;

// Parses one request head; `reject_` is set where a step returns refused.
class RequestHeadParse {
 public:
  RequestHeadParse(std::string_view text, const Limits& limits, RequestHead& head)
      : reader_(text), limits_(limits), head_(head) {
    head_.headers.clear();
  }

  Parsed run() {
    auto step = request_line();
    if (step == Step::done) step = fields();
    if (step == Step::done) step = decide();
    switch (step) {
      case Step::done:
        return {Parsed::Verdict::complete, reader_.consumed(), {}};
      case Step::refused:
        return {Parsed::Verdict::reject, 0, reject_};
      case Step::need_more:
        break;
    }
    return {};
  }

 private:
  Step refuse(std::uint16_t status, std::string_view reason) {
    reject_ = {status, reason};
    return Step::refused;
  }

  Step request_line() {
    if (!reader_.at_end() && reader_.peek() == '\r') {
      const auto blank = reader_.literal("\r\n");
      if (blank == Step::refused) return refuse(400, "bare CR");
      if (blank != Step::done) return blank;
    }
    auto step = method();
    if (step == Step::done) step = target();
    if (step == Step::done) step = version();
    return step;
  }

  Step method() {
    head_.method = reader_.run(kToken);
    if (head_.method.size() > kLongestMethod) return refuse(501, "method too long");
    if (reader_.at_end()) return Step::need_more;
    if (head_.method.empty() || reader_.peek() != ' ') return refuse(400, "method is not a token");
    if (head_.method == "CONNECT") return refuse(501, "CONNECT is not served");
    reader_.skip();
    return Step::done;
  }

  Step target() {
    head_.target = reader_.run(kTargetByte);
    if (head_.target.size() > limits_.target) return refuse(414, "target too long");
    if (reader_.at_end()) return Step::need_more;
    if (head_.target.empty() || reader_.peek() != ' ') {
      return refuse(400, "target missing or with a byte no URI has");
    }
    reader_.skip();
    return split_target();
  }

  // origin-form, absolute-form or asterisk-form (RFC 9112 §3.2).
  Step split_target() {
    auto rest = head_.target;
    head_.authority = {};
    if (rest == "*") {
      if (head_.method != "OPTIONS") return refuse(400, "target * is for OPTIONS only");
    } else if (!rest.starts_with('/')) {
      const auto scheme = rest.substr(0, rest.find("://"));
      if (scheme.size() == rest.size() ||
          !(equal_ignoring_case(scheme, "http") || equal_ignoring_case(scheme, "https"))) {
        return refuse(400, "target is neither a path nor an http URI");
      }
      if (scheme.size() == 5) return refuse(421, "https target on a plain connection");
      rest.remove_prefix(scheme.size() + 3);
      head_.authority = rest.substr(0, rest.find_first_of("/?"));
      if (!is_authority(head_.authority))
        return refuse(400, "target's authority is no host and port");
      rest.remove_prefix(head_.authority.size());
    }
    const auto mark = rest.find('?');
    head_.has_query = mark != std::string_view::npos;
    head_.query = head_.has_query ? rest.substr(mark + 1) : std::string_view{};
    head_.path = rest.substr(0, mark);
    if (head_.path.empty()) head_.path = head_.method == "OPTIONS" && !head_.has_query ? "*" : "/";
    return Step::done;
  }

  Step version() {
    constexpr std::string_view kBadVersion = "version is not HTTP/1.0 or HTTP/1.1";
    char major = '1', minor = '1';
    auto step = reader_.literal("HTTP/");
    if (step == Step::done) step = digit(major);
    if (step == Step::done) step = reader_.literal(".");
    if (step == Step::done) step = digit(minor);
    if (step == Step::done) step = reader_.literal("\r\n");
    if (step == Step::refused) return refuse(400, kBadVersion);
    if (step == Step::need_more) return step;
    if (major != '1' || minor > '1') return refuse(505, kBadVersion);
    head_.minor_version = static_cast<std::uint8_t>(minor - '0');
    return Step::done;
  }

  Step digit(char& into) {
    if (reader_.at_end()) return Step::need_more;
    into = reader_.peek();
    if (!is(into, kDigit)) return Step::refused;
    reader_.skip();
    return Step::done;
  }

  Step fields() {
    const auto step = reader_.fields(limits_.headers, head_.headers, facts_);
    if (step != Step::refused) return step;
    return refuse(reader_.too_many() ? 431 : 400, reader_.why());
  }

  // What only the whole head can tell.
  Step decide() {
    if (facts_.chunked() && facts_.has_length()) {
      return refuse(400, "both Content-Length and Transfer-Encoding");
    }
    if (facts_.chunked() && head_.minor_version == 0) {
      return refuse(400, "Transfer-Encoding in HTTP/1.0");
    }
    if (!facts_.has_host() && head_.minor_version > 0) return refuse(400, "Host is missing");
    if (facts_.unknown_expectation()) return refuse(417, "unknown expectation");
    if (head_.authority.empty()) head_.authority = facts_.host();
    head_.framing = facts_.chunked()      ? Framing::chunked
                    : facts_.has_length() ? Framing::length
                                          : Framing::none;
    head_.content_length = facts_.length();
    head_.keep_alive = facts_.persistent(head_.minor_version);
    const bool has_body = facts_.chunked() || facts_.length() > 0;
    head_.expects_continue = facts_.expects_continue() && has_body && head_.minor_version > 0;
    head_.upgrade = facts_.upgrades() && !has_body && head_.minor_version > 0;
    head_.takes_trailers = facts_.takes_trailers() && !head_.upgrade && head_.minor_version > 0;
    return max_forwards();
  }

  // RFC 9110 §7.6.2; with other methods a field like any.
  Step max_forwards() {
    head_.max_forwards.reset();
    if (head_.method != "TRACE" && head_.method != "OPTIONS") return Step::done;
    for (const Header& header : head_.headers) {
      if (!equal_ignoring_case(header.name, "max-forwards")) continue;
      const auto text = header.value;
      if (head_.max_forwards || !all(text, kDigit)) return refuse(400, "Max-Forwards is no number");
      auto number = std::numeric_limits<std::uint64_t>::max();  // stays so where it overflows
      std::from_chars(text.data(), text.data() + text.size(), number);
      head_.max_forwards = number;
    }
    return Step::done;
  }

  HeadReader reader_;
  const Limits& limits_;
  RequestHead& head_;
  FieldFacts facts_;
  Reject reject_;
};

}  // namespace

Parsed RequestParser::parse(std::string_view buffer, RequestHead& head) {
  if (buffer.empty() || !progress_.worth_parsing(buffer, limits_.head)) return {};
  auto parsed = RequestHeadParse(buffer.substr(0, limits_.head), limits_, head).run();
  if (parsed.verdict == Parsed::Verdict::need_more) {
    if (buffer.size() < limits_.head) return parsed;
    parsed = {Parsed::Verdict::reject, 0, {431, "head too large"}};
  }
  progress_.restart();
  return parsed;
}

}  // namespace forwarder::http
