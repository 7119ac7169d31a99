#include "dns/reply.hpp"

#include <algorithm>
#include <cstring>

namespace dns {

Reply::Reply(std::span<std::uint8_t> buffer, const Query& query, std::size_t limit)
    : buffer_(buffer),
      query_(query),
      limit_(std::min(limit, buffer.size())),
      position_(query.question_end) {}

// OPT has its place kept, with the client subnet, without which a forwarder would keep the answer
// for everybody; the extended error comes before additional records but after the answer.
std::size_t Reply::room(Section section) const {
  std::size_t kept = query_.edns ? kOptSize : 0;
  if (subnet_) kept += subnet_->option_size();
  if (section == Section::additional && query_.edns) kept += ede_.size();
  return limit_ > position_ + kept ? limit_ - position_ - kept : 0;
}

std::size_t Reply::claim(Section section, std::size_t size) {
  if (size > room(section)) {
    truncated_ |= section != Section::additional;
    return 0;
  }
  const std::size_t place = position_;
  position_ += size;
  ++counts_[static_cast<std::size_t>(section)];
  return place;
}

std::size_t Reply::add(Section section, std::span<const std::uint8_t> record) {
  const auto place = claim(section, record.size());
  if (place != 0) std::memcpy(buffer_.data() + place, record.data(), record.size());
  return place;
}

std::size_t Reply::finish() {
  if (query_.edns) write_opt();
  const bool opcode_only = query_.verdict == Verdict::unknown_opcode;
  std::uint16_t flags = flag::kResponse | (query_.flags & flag::kOpcode);
  if (!opcode_only) flags |= query_.flags & flag::kRecursionDesired;
  if (!opcode_only && recursion_available_) flags |= flag::kRecursionAvailable;
  if (authoritative_) flags |= flag::kAuthoritative;
  if (truncated_) flags |= flag::kTruncated;
  flags |= static_cast<std::uint16_t>(rcode_) & 0xf;
  put_u16(buffer_, 2, flags);
  put_u16(buffer_, 4, query_.question_end > kHeaderSize ? 1 : 0);
  for (std::size_t i = 0; i < 3; ++i) put_u16(buffer_, 6 + 2 * i, counts_[i]);
  return position_;
}

void Reply::write_opt() {
  const std::size_t subnet = subnet_ ? subnet_->option_size() : 0;
  const std::size_t ede = position_ + kOptSize + subnet + ede_.size() <= limit_ ? ede_.size() : 0;
  const std::size_t options = subnet + ede;
  const auto opt = buffer_.subspan(position_);
  opt[0] = 0;
  put_u16(opt, 1, static_cast<std::uint16_t>(Type::opt));
  put_u16(opt, 3, kUdpPayload);
  put_u32(opt, 5,
          static_cast<std::uint32_t>(rcode_) >> 4 << 24 |
              (query_.edns->dnssec_ok ? std::uint32_t{flag::kDnssecOk} : 0));
  put_u16(opt, 9, static_cast<std::uint16_t>(options));
  if (subnet > 0) subnet_->write(opt.subspan(kOptSize), scope_bits_);
  if (ede > 0) std::memcpy(opt.data() + kOptSize + subnet, ede_.data(), ede);
  position_ += kOptSize + options;
  ++counts_[2];
}

}  // namespace dns
