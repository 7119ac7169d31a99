#include "forwarder/net/access_ring.hpp"

#include <algorithm>
#include <cstring>
#include <type_traits>

namespace forwarder::net {

// A record lies in one piece: what does not fit before the ring's end begins at its beginning, and
// a size of 0 says so.
struct AccessRing::Header {
  std::uint32_t size = 0;  // with all behind it, a multiple of kAlign
  std::array<std::uint16_t, AccessRecord::kTexts> lengths{};
  AccessFacts facts;

  static constexpr std::size_t kAlign = 16;
};

void AccessRing::push(const AccessRecord& record) {
  static_assert(std::is_trivially_copyable_v<Header> && alignof(Header) <= Header::kAlign);
  Header header;
  const auto texts = record.texts();
  std::size_t size = sizeof header;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    header.lengths[i] = static_cast<std::uint16_t>(std::min(texts[i]->size(), kMostText));
    size += header.lengths[i];
  }
  size = (size + Header::kAlign - 1) / Header::kAlign * Header::kAlign;
  header.size = static_cast<std::uint32_t>(size);
  header.facts = record;

  auto head = head_.load(std::memory_order_relaxed);
  const auto before_end = kBytes - head % kBytes;
  const auto skipped = size <= before_end ? 0 : before_end;
  if (head + skipped + size - tail_.load(std::memory_order_acquire) > kBytes) return dropped_.add();
  if (skipped > 0) {
    std::memset(at(head), 0, sizeof header.size);
    head += skipped;
  }
  auto* to = at(head);
  std::memcpy(to, &header, sizeof header);
  to += sizeof header;
  // Most texts lie one behind the other, as they were kept (request_note.hpp): they go at once.
  const char* from = nullptr;
  std::size_t together = 0;
  const auto copy = [&] {
    if (together > 0) std::memcpy(to, from, together);
    to += together;
    together = 0;
  };
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (header.lengths[i] == 0) continue;
    if (texts[i]->data() != from + together) {
      copy();
      from = texts[i]->data();
    }
    together += header.lengths[i];
  }
  copy();
  head_.store(head + size, std::memory_order_release);
}

std::optional<AccessRecord> AccessRing::pop() {
  tail_.store(popped_, std::memory_order_release);
  const auto head = head_.load(std::memory_order_acquire);
  if (popped_ == head) return std::nullopt;
  Header header;
  std::memcpy(&header.size, at(popped_), sizeof header.size);
  if (header.size == 0) popped_ += kBytes - popped_ % kBytes;
  std::memcpy(&header, at(popped_), sizeof header);
  const auto* text = reinterpret_cast<const char*>(at(popped_)) + sizeof header;
  AccessRecord record;
  static_cast<AccessFacts&>(record) = header.facts;
  for (std::size_t i = 0; i < header.lengths.size(); ++i) {
    *record.texts()[i] = {text, header.lengths[i]};
    text += header.lengths[i];
  }
  popped_ += header.size;
  return record;
}

}  // namespace forwarder::net
