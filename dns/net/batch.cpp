#include "dns/net/batch.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

#include "base/bytes.hpp"
#include "base/hash.hpp"

namespace dns::net {
namespace {

constexpr std::size_t kMaxGroup = 65'000;  // bytes of a message of several datagrams

bool can_segment(int socket) {
  const int none = 0;
  return ::setsockopt(socket, IPPROTO_UDP, UDP_SEGMENT, &none, sizeof none) == 0;
}

// An IPv4 peer is known by its number; of IPv6 a hash stands for it, and is_peer() decides.
std::uint64_t key_of(const sockaddr_storage& peer) {
  if (peer.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(peer);
    return std::uint64_t{v4.sin_port} << 32 | v4.sin_addr.s_addr;
  }
  const auto* bytes = reinterpret_cast<const char*>(&peer);
  return base::hash64({bytes, sizeof(sockaddr_in6)}, 0);
}

base::Duration between(const timespec& from, const timespec& to) {
  return std::chrono::seconds(to.tv_sec - from.tv_sec) +
         std::chrono::nanoseconds(to.tv_nsec - from.tv_nsec);
}

}  // namespace

Batch::Batch(int socket) : socket_(socket), grouping_(can_segment(socket)) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
  for (std::size_t i = 0; i < kSize; ++i) {
    queries_[i] = {buffers_[i].data(), kBufferSize};
    peers_[i] = {};
    received_[i] = {};
    received_[i].msg_hdr.msg_name = &peers_[i];
    received_[i].msg_hdr.msg_iov = &queries_[i];
    received_[i].msg_hdr.msg_iovlen = 1;
    received_[i].msg_hdr.msg_control = &stamps_[i];
    sent_[i] = {};
  }
}

std::size_t Batch::receive() {
  for (auto& message : received_) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_storage);
    message.msg_hdr.msg_controllen = sizeof(Control);
  }
  answer_count_ = 0;
  const int count = ::recvmmsg(socket_, received_.data(), kSize, MSG_WAITFORONE, nullptr);
  if (count <= 0) return 0;
  ::clock_gettime(CLOCK_REALTIME, &now_);
  return static_cast<std::size_t>(count);
}

base::Duration Batch::age(std::size_t query) const {
  const auto& header = received_[query].msg_hdr;
  const auto* control = CMSG_FIRSTHDR(&header);
  if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMPNS)
    return {};
  timespec stamp;
  std::memcpy(&stamp, CMSG_DATA(control), sizeof stamp);
  return std::max(base::Duration::zero(), between(stamp, now_));
}

void Batch::put_answer(std::size_t query, std::size_t length) {
  answers_[answer_count_++] = {key_of(peers_[query]), static_cast<std::uint16_t>(length),
                               static_cast<std::uint8_t>(query)};
}

bool Batch::is_peer(std::size_t one, std::size_t other) const {
  const auto length = received_[one].msg_hdr.msg_namelen;
  return length == received_[other].msg_hdr.msg_namelen &&
         std::memcmp(&peers_[one], &peers_[other], length) == 0;
}

void Batch::add_segment(std::size_t message, const Answer& answer, std::size_t place) {
  auto& header = sent_[message].msg_hdr;
  pieces_[place] = {buffers_[answer.query].data(), answer.length};
  if (header.msg_iovlen++ > 0) return;
  header.msg_name = &peers_[answer.query];
  header.msg_namelen = received_[answer.query].msg_hdr.msg_namelen;
  header.msg_iov = &pieces_[place];
}

// Returns how many.
std::size_t Batch::make_messages(bool grouping) {
  const std::span answers(answers_.data(), answer_count_);
  if (grouping && answers.size() > 1)
    std::ranges::sort(answers, [](const Answer& one, const Answer& other) {
      return one.peer != other.peer ? one.peer < other.peer : one.length > other.length;
    });
  std::size_t messages = 0, bytes = 0;
  const Answer *first = nullptr, *last = nullptr;  // of the message that is open
  for (std::size_t place = 0; place < answers.size(); ++place) {
    const auto& answer = answers[place];
    const bool joins = grouping && first && answer.peer == first->peer &&
                       last->length == first->length && bytes + answer.length <= kMaxGroup &&
                       is_peer(answer.query, first->query);
    if (!joins) {
      auto& header = sent_[messages++].msg_hdr;
      header = {};
      first = &answer;
      bytes = 0;
    }
    last = &answer;
    bytes += answer.length;
    add_segment(messages - 1, answer, place);
  }
  for (std::size_t i = 0; i < messages; ++i) {
    auto& header = sent_[i].msg_hdr;
    if (header.msg_iovlen < 2) continue;
    header.msg_control = &segment_sizes_[i];
    header.msg_controllen = CMSG_SPACE(sizeof(std::uint16_t));
    auto* control = CMSG_FIRSTHDR(&header);
    control->cmsg_level = IPPROTO_UDP;
    control->cmsg_type = UDP_SEGMENT;
    control->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto size = static_cast<std::uint16_t>(header.msg_iov->iov_len);
    std::memcpy(CMSG_DATA(control), &size, sizeof size);
  }
  return messages;
}

Batch::Sent Batch::send() {
  Sent result;
  for (std::size_t count = make_messages(grouping_), done = 0; done < count;) {
    const int sent =
        ::sendmmsg(socket_, &sent_[done], static_cast<unsigned>(count - done), MSG_DONTWAIT);
    if (sent > 0) {
      for (const auto end = done + static_cast<std::size_t>(sent); done < end; ++done) {
        result.answers += sent_[done].msg_hdr.msg_iovlen;
        result.grouped += sent_[done].msg_hdr.msg_iovlen - 1;
      }
      continue;
    }
    if (errno == EINTR) continue;
    const auto segments = sent_[done].msg_hdr.msg_iovlen;
    // EIO, EINVAL, EMSGSIZE: this way out cannot cut messages; all that is left goes one by one.
    if (segments > 1 && errno != EAGAIN && errno != ENOBUFS) {
      grouping_ = false;
      const auto left = static_cast<std::size_t>(
          sent_[done].msg_hdr.msg_iov - pieces_.data());  // answers stand in their pieces' order
      answer_count_ = static_cast<std::size_t>(
          std::move(answers_.begin() + static_cast<std::ptrdiff_t>(left),
                    answers_.begin() + static_cast<std::ptrdiff_t>(answer_count_),
                    answers_.begin()) -
          answers_.begin());
      count = make_messages(false);
      done = 0;
      continue;
    }
    result.failed += segments;  // the others may do better
    ++done;
  }
  answer_count_ = 0;
  return result;
}

}  // namespace dns::net
