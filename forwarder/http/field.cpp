#include "forwarder/http/field.hpp"

#include "forwarder/http/characters.hpp"

namespace forwarder::http {
namespace {

Field either(std::string_view name, std::string_view spelling, Field field) {
  return equal_ignoring_case(name, spelling) ? field : Field::other;
}

}  // namespace

Field classify(std::string_view name) {
  switch (name.size()) {
    case 2:
      return either(name, "te", Field::te);
    case 4:
      return either(name, "host", Field::host);
    case 6:
      return either(name, "expect", Field::expect);
    case 7:
      return lower(name[0]) == 'u' ? either(name, "upgrade", Field::upgrade)
                                   : either(name, "trailer", Field::trailer);
    case 10:
      return lower(name[0]) == 'c' ? either(name, "connection", Field::connection)
                                   : either(name, "keep-alive", Field::keep_alive);
    case 14:
      return lower(name[0]) == 'c' ? either(name, "content-length", Field::content_length)
                                   : either(name, "http2-settings", Field::http2_settings);
    case 16:
      return either(name, "proxy-connection", Field::proxy_connection);
    case 17:
      return either(name, "transfer-encoding", Field::transfer_encoding);
    default:
      return Field::other;
  }
}

const Header* find_header(std::span<const Header> headers, std::string_view name) {
  for (const Header& header : headers) {
    if (equal_ignoring_case(header.name, name)) return &header;
  }
  return nullptr;
}

bool nominated(std::string_view name, std::span<const Header> headers) {
  bool found = false;
  for (const Header& header : headers) {
    if (classify(header.name) != Field::connection) continue;
    for_each_element(header.value, [&](std::string_view option) {
      found = found || equal_ignoring_case(option, name);
    });
  }
  return found;
}

}  // namespace forwarder::http
