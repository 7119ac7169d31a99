#include "forwarder/http/trailers.hpp"

#include "forwarder/http/characters.hpp"
#include "forwarder/http/field.hpp"

namespace forwarder::http {

void render_trailers(std::string_view section, std::string& out) {
  out.append("0\r\n");
  while (true) {
    const auto line = section.substr(0, section.find("\r\n"));
    section.remove_prefix(line.size() + 2);
    if (line.empty()) break;
    const auto name = line.substr(0, line.find(':'));
    if (classify(name) != Field::other) continue;
    out.append(name).append(": ").append(trimmed(line.substr(name.size() + 1))).append("\r\n");
  }
  out.append("\r\n");
}

}  // namespace forwarder::http
