#include "discovery/sources/srv_message.hpp"

#include <ares.h>

#include <algorithm>
#include <string>

#include "base/ascii.hpp"

namespace discovery::sources {
namespace {

constexpr std::uint16_t kSrv = 33, kInternet = 1;
constexpr std::size_t kHeaderBytes = 12, kQuestionBytes = 4, kRecordBytes = 10, kSrvBytes = 6;

class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool has(std::size_t count) const { return bytes_.size() - at_ >= count; }
  void skip(std::size_t count) { at_ += count; }
  std::uint32_t number(std::size_t count) {
    std::uint32_t number = 0;
    for (; count > 0; --count) number = number << 8 | bytes_[at_++];
    return number;
  }
  // In lower case; "" is the root.
  std::optional<std::string> name() {
    char* text = nullptr;
    long size = 0;
    if (!has(1) || ares_expand_name(bytes_.data() + at_, bytes_.data(),
                                    static_cast<int>(bytes_.size()), &text, &size) != ARES_SUCCESS)
      return std::nullopt;
    auto name = base::lower(text);
    ares_free_string(text);
    at_ += static_cast<std::size_t>(size);
    if (at_ > bytes_.size()) return std::nullopt;
    return name;
  }
  std::size_t position() const { return at_; }

 private:
  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

std::optional<Resolver::Srv> read_record(Reader& reader, std::size_t end) {
  if (end - reader.position() < kSrvBytes) return std::nullopt;
  Resolver::Srv record;
  record.priority = static_cast<std::uint16_t>(reader.number(2));
  record.weight = static_cast<std::uint16_t>(reader.number(2));
  record.port = static_cast<std::uint16_t>(reader.number(2));
  auto target = reader.name();
  if (!target || reader.position() != end) return std::nullopt;
  record.target = std::move(*target);
  return record;
}

}  // namespace

std::optional<Resolver::FoundSrv> read_srv(std::span<const std::uint8_t> message) {
  Reader reader(message);
  if (!reader.has(kHeaderBytes)) return std::nullopt;
  reader.skip(4);
  const auto questions = reader.number(2), answers = reader.number(2);
  reader.skip(4);
  for (std::uint32_t i = 0; i < questions; ++i) {
    if (!reader.name() || !reader.has(kQuestionBytes)) return std::nullopt;
    reader.skip(kQuestionBytes);
  }
  Resolver::FoundSrv found;
  std::uint32_t least = UINT32_MAX;
  for (std::uint32_t i = 0; i < answers; ++i) {
    if (!reader.name() || !reader.has(kRecordBytes)) return std::nullopt;
    const auto type = reader.number(2), of_class = reader.number(2), ttl = reader.number(4),
               size = reader.number(2);
    if (!reader.has(size)) return std::nullopt;
    least = std::min(least, ttl);
    if (type != kSrv || of_class != kInternet) {
      reader.skip(size);
      continue;
    }
    auto record = read_record(reader, reader.position() + size);
    if (!record) return std::nullopt;
    found.records.push_back(std::move(*record));
  }
  found.lasts = std::chrono::seconds(least);
  return found;
}

}  // namespace discovery::sources
