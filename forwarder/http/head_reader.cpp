#include "forwarder/http/head_reader.hpp"

namespace forwarder::http {

Step HeadReader::field(Header& header, std::string_view& raw) {
  header.name = run(kToken);
  if (at_end()) return Step::need_more;
  if (peek() == ' ' || peek() == '\t') {
    return refuse(header.name.empty() ? "folded or indented field line"
                                      : "white space before a field's colon");
  }
  if (peek() != ':') return refuse("field name is not a token");
  if (header.name.empty()) return refuse("field without a name");
  skip();
  raw = run(kFieldByte);
  const auto line_end = literal("\r\n");
  if (line_end == Step::refused) return refuse("control byte, bare CR or bare LF in a field");
  header.value = trimmed(raw);
  return line_end;
}

Step HeadReader::fields(std::size_t most, std::vector<Header>& headers, FieldFacts& facts) {
  for (;;) {
    if (at_end()) return Step::need_more;
    if (peek() == '\r') {
      const auto blank = literal("\r\n");
      return blank == Step::refused ? refuse("bare CR") : blank;
    }
    Header header;
    std::string_view raw;
    const auto step = field(header, raw);
    if (step != Step::done) return step;
    if (headers.size() == most) {
      too_many_ = true;
      return refuse("too many fields");
    }
    headers.push_back(header);
    const auto contradiction = facts.note(header, raw);
    if (!contradiction.empty()) return refuse(contradiction);
  }
}

}  // namespace forwarder::http
