// What a host answers at a place (place_labels.hpp): a host like any other, made of a selection of
// its own when it is asked for first, and kept with the host that it is narrowed from.
//
// Kept are answers for places where the host has somebody, and one for everywhere else: what a
// client can make us keep is bounded by the mesh, not by the names it invents, and by kMostBytes
// for all hosts; what finds no room is made anew for each query. With its host a narrowed one ends:
// both are of the same destination and state of clusters. Thread: any, without a lock; two that
// make the same at once keep the first. Cost: a host that is kept, some lookups; else its
// endpoints.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>

#include "discovery/view/resolution.hpp"
#include "dns/name.hpp"
#include "dns/place_labels.hpp"
#include "dns/zone_config.hpp"

namespace dns {

class Host;

// The memory that all narrowed hosts of one TableBuilder share.
class NarrowedMemory {
 public:
  static constexpr std::size_t kMostBytes = std::size_t{32} << 20;

  explicit NarrowedMemory(std::size_t most = kMostBytes) : most_(most) {}
  bool take(std::size_t bytes);  // false: there is no room
  void give_back(std::size_t bytes) { used_.fetch_sub(bytes, std::memory_order_relaxed); }
  std::size_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  const std::size_t most_;
  std::atomic<std::size_t> used_{0};
};

// Those of one host. Empty until somebody asks.
class NarrowedHosts {
 public:
  struct Places;

  NarrowedHosts() = default;
  ~NarrowedHosts();
  NarrowedHosts(const NarrowedHosts&) = delete;
  NarrowedHosts& operator=(const NarrowedHosts&) = delete;

 private:
  friend class Narrower;
  std::atomic<Places*> places_{nullptr};
};

struct Narrowed {
  const Host* host = nullptr;            // lives as long as the one it is of …
  std::shared_ptr<const Host> unkept{};  // … or as this
};

class Narrower {
 public:
  explicit Narrower(ZoneConfig config, std::size_t most_bytes = NarrowedMemory::kMostBytes);

  // `host`, called `name`, as callers of a class see it at a place; itself, where a place is
  // preferred at which it has nobody.
  Narrowed narrow(const Host& host, const Name& name, const PlaceLabels& labels,
                  const discovery::view::View& view, const discovery::view::Callers& callers,
                  std::uint16_t caller_class) const;
  std::size_t bytes() const { return memory_->used(); }

 private:
  const ZoneConfig config_;
  const std::shared_ptr<NarrowedMemory> memory_;
};

}  // namespace dns
