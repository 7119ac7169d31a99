// The parts of tables (upstreams, treatments) that a worker's requests use over their awaits, while
// tables come and go.
//
// The worker shares each once for all of its requests, and counts those itself: no request writes
// to a count that other workers write to as well. What none uses any more goes at the first request
// that comes with another table. Thread: the worker's. A Hold must not outlive it.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <utility>

#include "forwarder/table.hpp"
#include "forwarder/treatment.hpp"

namespace forwarder::net {

template <class Part>
class HeldParts {
  struct Held {
    std::shared_ptr<const Part> part;
    std::uint32_t users = 0;
    std::uint32_t retrying = 0;  // of the users
  };

 public:
  class Hold {
   public:
    Hold() = default;
    explicit Hold(Held& held) : held_(&held) { ++held.users; }
    Hold(Hold&& other) noexcept : held_(std::exchange(other.held_, nullptr)) {}
    Hold& operator=(Hold&& other) noexcept {
      std::swap(held_, other.held_);
      return *this;
    }
    ~Hold() {
      if (held_) --held_->users;
    }
    explicit operator bool() const { return held_; }
    const Part& operator*() const { return *held_->part; }
    const Part* operator->() const { return held_->part.get(); }
    // How many hold it, and how many of these are between the two calls.
    std::uint32_t users() const { return held_->users; }
    std::uint32_t retrying() const { return held_->retrying; }
    void retry_begins() { ++held_->retrying; }
    void retry_ends() { --held_->retrying; }

   private:
    Held* held_ = nullptr;
  };

  // `part` is not null, and of the table of that version.
  Hold hold(const InTable<Part>& part, std::uint64_t version) {
    if (std::exchange(version_, version) != version)
      std::erase_if(held_, [](const auto& entry) { return entry.second.users == 0; });
    auto& held = held_[&*part];
    if (!held.part) held.part = part.share();
    return Hold(held);
  }
  std::size_t size() const { return held_.size(); }

 private:
  std::unordered_map<const Part*, Held> held_;  // its nodes stay in place
  std::uint64_t version_ = 0;
};

using HeldUpstreams = HeldParts<Upstream>;
using HeldTreatments = HeldParts<Treatment>;

}  // namespace forwarder::net
