// Messages as a client sees them: queries made byte by byte, answers read back with pointers
// followed.
//
// Independent of dns/: what is tested must not vouch for itself. read() is strict; a server's
// answer that it refuses is a failure of the server.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace reading {

using Bytes = std::vector<std::uint8_t>;

struct Ask {
  std::string name = "ratings.mesh.internal";  // "" = the root; its case is kept
  std::uint16_t type = 1;
  std::uint16_t class_ = 1;
  std::uint16_t flags = 0x0100;  // RD
  std::uint16_t id = 0x1234;
  bool edns = false;
  std::uint16_t udp_size = 1232;
  std::uint8_t version = 0;
  std::uint16_t edns_flags = 0;
  Bytes options{};
};

Bytes wire_name(std::string_view name);
Bytes make(const Ask& ask);
Bytes from_hex(std::string_view hex);  // spaces allowed

struct Rr {
  std::string owner, data;  // data as dig prints it
  std::uint16_t type = 0, class_ = 0;
  std::uint32_t ttl = 0;
};

struct Answer {
  std::uint16_t id = 0, flags = 0;
  std::vector<std::string> questions;             // "Name TYPE", case as it came
  std::vector<Rr> answer, authority, additional;  // without OPT
  struct Opt {
    std::uint16_t size = 0, flags = 0;
    std::uint8_t version = 0;
    std::optional<std::uint16_t> ede;
    std::string ede_text;
    std::size_t options = 0;
    std::optional<Bytes> client_subnet;  // family, source, scope, address
  };
  std::optional<Opt> opt;
  std::uint16_t rcode = 0;  // with the OPT's upper bits

  bool aa() const { return flags & 0x0400; }
  bool tc() const { return flags & 0x0200; }
  bool rd() const { return flags & 0x0100; }
  std::vector<std::string> data(std::uint16_t type) const;  // of the answer section
};

// Nothing when the bytes are not one whole, well-formed message.
std::optional<Answer> read(const std::uint8_t* bytes, std::size_t size);

}  // namespace reading
