// Documents of one kind, each shared with whoever else holds it: a copy of the list costs a pointer
// each, and a document that is the same object as before has not changed.
//
// Thread: what is in it is immutable.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

namespace resources {

template <class T>
class SharedList {
 public:
  using value_type = T;
  using Pointers = std::vector<std::shared_ptr<const T>>;

  class const_iterator {
   public:
    using iterator_category = std::forward_iterator_tag;
    using value_type = T;
    using difference_type = std::ptrdiff_t;
    using pointer = const T*;
    using reference = const T&;

    const_iterator() = default;
    explicit const_iterator(typename Pointers::const_iterator at) : at_(at) {}
    const T& operator*() const { return **at_; }
    const T* operator->() const { return at_->get(); }
    const_iterator& operator++() { return ++at_, *this; }
    const_iterator operator++(int) { return const_iterator(at_++); }
    friend bool operator==(const const_iterator&, const const_iterator&) = default;

   private:
    typename Pointers::const_iterator at_;
  };

  SharedList() = default;
  SharedList(std::initializer_list<T> documents) {
    for (const auto& document : documents) push_back(document);
  }

  const_iterator begin() const { return const_iterator(pointers_.begin()); }
  const_iterator end() const { return const_iterator(pointers_.end()); }
  std::size_t size() const { return pointers_.size(); }
  bool empty() const { return pointers_.empty(); }
  const T& front() const { return *pointers_.front(); }
  const T& operator[](std::size_t i) const { return *pointers_[i]; }
  const T& at(std::size_t i) const { return *pointers_.at(i); }
  const Pointers& pointers() const { return pointers_; }

  void push_back(T document) {
    pointers_.push_back(std::make_shared<const T>(std::move(document)));
  }
  void push_back(std::shared_ptr<const T> document) { pointers_.push_back(std::move(document)); }
  void drop_last(std::size_t count) { pointers_.resize(pointers_.size() - count); }
  // The others that hold the one before still do.
  void replace(std::size_t i, T document) {
    pointers_[i] = std::make_shared<const T>(std::move(document));
  }
  void append(const SharedList& more) {
    pointers_.insert(pointers_.end(), more.pointers_.begin(), more.pointers_.end());
  }

  template <class Predicate>
  friend std::size_t erase_if(SharedList& list, Predicate is_unwanted) {
    return std::erase_if(list.pointers_,
                         [&](const auto& document) { return is_unwanted(*document); });
  }

 private:
  Pointers pointers_;
};

}  // namespace resources
