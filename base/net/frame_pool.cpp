#include "base/net/frame_pool.hpp"

#include <array>
#include <new>

namespace base::net {
namespace {

constexpr std::size_t kStep = 16;  // as the heap rounds

#if defined(__SANITIZE_ADDRESS__)
constexpr bool kPooled = false;
#else
constexpr bool kPooled = true;
#endif

struct FreeFrame {
  FreeFrame* next;
};

struct FreeList {
  FreeFrame* first = nullptr;
  std::size_t count = 0;
};

struct Pool {
  std::array<FreeList, kLargestPooledFrame / kStep + 1> lists;

  Pool() = default;
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (auto& list : lists)
      while (list.first) {
        FreeFrame* frame = list.first;
        list.first = frame->next;
        ::operator delete(frame);
      }
  }
};

FreeList* list_for(std::size_t bytes) {
  if (!kPooled || bytes > kLargestPooledFrame) return nullptr;
  thread_local Pool pool;
  return &pool.lists[(bytes + kStep - 1) / kStep];
}

}  // namespace

void* allocate_frame(std::size_t bytes) {
  FreeList* list = list_for(bytes);
  if (!list) return ::operator new(bytes);
  if (!list->first) return ::operator new((bytes + kStep - 1) / kStep * kStep);
  FreeFrame* frame = list->first;
  list->first = frame->next;
  --list->count;
  return frame;
}

void free_frame(void* frame, std::size_t bytes) noexcept {
  FreeList* list = list_for(bytes);
  if (!list || list->count == kFramesKeptPerSize) return ::operator delete(frame);
  list->first = new (frame) FreeFrame{list->first};
  ++list->count;
}

}  // namespace base::net
