#include "base/net/threads.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace base::net {

Each on_threads(std::size_t threads) {
  return [threads](std::size_t count, const std::function<void(std::size_t)>& work) {
    std::atomic<std::size_t> next{0};
    const auto take = [&] {
      for (auto i = next.fetch_add(1); i < count; i = next.fetch_add(1)) work(i);
    };
    std::vector<std::thread> others;
    for (auto n = std::min(threads, count); n > 1; --n) others.emplace_back(take);
    take();
    for (auto& other : others) other.join();
  };
}

Each on_all_processors() {
  return on_threads(std::min<std::size_t>(std::thread::hardware_concurrency(), kMaxThreads));
}

}  // namespace base::net
