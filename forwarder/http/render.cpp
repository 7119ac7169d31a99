#include "forwarder/http/render.hpp"

#include <algorithm>
#include <charconv>

#include "forwarder/http/characters.hpp"
#include "forwarder/http/field.hpp"

namespace forwarder::http {
namespace {

constexpr std::string_view kLineEnd = "\r\n";

void append(std::string& out, std::string_view a, std::string_view b) {
  out.append(a).append(b).append(kLineEnd);
}

void append(std::string& out, const Header& header) {
  out.append(header.name).append(": ").append(header.value).append(kLineEnd);
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), end);
}

void append_length(std::string& out, std::uint64_t length) {
  out.append("Content-Length: ");
  append_number(out, length);
  out.append(kLineEnd);
}

void append_status_line(std::string& out, std::uint16_t status, std::string_view reason) {
  out.append("HTTP/1.1 ");
  append_number(out, status);
  append(out, " ", reason);
}

void append_framing(std::string& out, Framing framing, std::uint64_t length) {
  if (framing == Framing::chunked) append(out, "Transfer-Encoding: ", "chunked");
  if (framing == Framing::length) append_length(out, length);
}

bool names_other_fields(std::span<const Header> headers) {
  bool other = false;
  for (const Header& header : headers) {
    if (classify(header.name) != Field::connection) continue;
    for_each_element(header.value, [&](std::string_view option) {
      other = other ||
              !(equal_ignoring_case(option, "close") || equal_ignoring_case(option, "keep-alive") ||
                equal_ignoring_case(option, "upgrade"));
    });
  }
  return other;
}

bool removed(std::string_view name, const Edits* edits) {
  for (; edits; edits = edits->then)
    if (std::ranges::any_of(edits->remove,
                            [&](std::string_view gone) { return equal_ignoring_case(gone, name); }))
      return true;
  return false;
}

void append_added(std::string& out, const Edits& edits) {
  for (const auto* layer = &edits; layer; layer = layer->then)
    for (const Header& header : layer->add)
      if (!removed(header.name, layer->then)) append(out, header);
}

// The end-to-end fields; those that are rendered from values are not among them.
void append_fields(std::string& out, std::span<const Header> headers, const Edits& edits) {
  const bool check_nominated = names_other_fields(headers);
  for (const Header& header : headers) {
    const auto field = classify(header.name);
    if (field != Field::other || removed(header.name, &edits)) continue;
    if (check_nominated && nominated(header.name, headers)) continue;
    append(out, header);
  }
  append_added(out, edits);
}

void append_upgrade(std::string& out, std::span<const Header> headers) {
  append(out, "Connection: ", "upgrade");
  const Header* const upgrade = find_header(headers, "upgrade");
  if (upgrade != nullptr) append(out, "Upgrade: ", upgrade->value);
}

}  // namespace

void render_request(const RequestHead& head, const Rewrite& rewrite, const Edits& edits,
                    std::string& out) {
  out.append(head.method).append(" ");
  out.append(rewrite.target.empty() ? head.path : rewrite.target);
  if (rewrite.target.empty() && head.has_query) out.append("?").append(head.query);
  out.append(" HTTP/1.1\r\n");
  append(out, "Host: ", rewrite.host.empty() ? head.authority : rewrite.host);
  append_fields(out, head.headers, edits);
  append_framing(out, head.framing, head.content_length);
  if (head.expects_continue) append(out, "Expect: ", "100-continue");
  if (head.upgrade) append_upgrade(out, head.headers);
  if (head.takes_trailers) out.append("TE: trailers\r\nConnection: TE\r\n");
  out.append(kLineEnd);
}

Framing framing_towards(std::uint8_t client_minor_version, const ResponseHead& head) {
  const bool endless = head.framing == Framing::chunked || head.framing == Framing::until_close;
  if (!endless) return head.framing;
  return client_minor_version > 0 ? Framing::chunked : Framing::until_close;
}

void render_response(const ResponseHead& head, const Delivery& delivery, const Edits& edits,
                     std::string& out) {
  append_status_line(out, head.status, head.reason);
  append_fields(out, head.headers, edits);
  if (head.status == 101) {
    append_upgrade(out, head.headers);
  } else if (head.status >= 200) {
    const bool length_of_nothing = delivery.framing == Framing::none && head.declares_length;
    append_framing(out, length_of_nothing ? Framing::length : delivery.framing,
                   head.content_length);
    if (delivery.trailers)
      for (const Header& header : head.headers)
        if (classify(header.name) == Field::trailer) append(out, header);
    const bool closes = !delivery.keep_alive || delivery.framing == Framing::until_close;
    if (closes) {
      append(out, "Connection: ", "close");
    } else if (delivery.client_minor_version == 0) {
      append(out, "Connection: ", "keep-alive");
    }
  }
  out.append(kLineEnd);
}

ChunkHeader::ChunkHeader(std::uint64_t size) {
  auto* const end = std::to_chars(text_.data(), text_.data() + 16, size, 16).ptr;
  end[0] = '\r';
  end[1] = '\n';
  length_ = static_cast<std::uint8_t>(end + 2 - text_.data());
}

void render_reply(const Reply& reply, ReplyBody body, Connection connection, std::string& out) {
  append_status_line(out, reply.status, reason_phrase(reply.status));
  for (const Header& header : reply.headers)
    if (!removed(header.name, &reply.edits)) append(out, header);
  append_added(out, reply.edits);
  const bool bodiless = reply.status < 200 || reply.status == 204 || reply.status == 304;
  if (!bodiless) append_length(out, reply.body.size());
  if (connection == Connection::close) append(out, "Connection: ", "close");
  out.append(kLineEnd);
  if (!bodiless && body == ReplyBody::sent) out.append(reply.body);
}

bool is_field_name(std::string_view text) { return all(text, kToken); }

bool is_field_value(std::string_view text) {
  return text.empty() || (all(text, kFieldByte) && trimmed(text).size() == text.size());
}

}  // namespace forwarder::http
