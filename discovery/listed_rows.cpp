#include "discovery/listed_rows.hpp"

#include <utility>

#include "base/digest.hpp"

namespace discovery {

ListedRows::Key::Key(std::string_view key) : text(key), digest(base::digest({key})) {}

const base::Bytes* ListedRows::aside(std::string_view key) const {
  const auto at = aside_.find(key);
  return at == aside_.end() ? nullptr : &at->second;
}

void ListedRows::list(base::Bytes key, base::Bytes value) {
  published_.erase(Key(key).digest);
  aside_.insert_or_assign(std::move(key), std::move(value));
}

void ListedRows::erase(std::string_view key) {
  if (const auto at = aside_.find(key); at != aside_.end())
    aside_.erase(at);
  else
    published_.erase(Key(key).digest);
}

void ListedRows::clear() {
  published_ = {};
  aside_.clear();
}

void ListedRows::publish(const Key& key) {
  if (const auto at = aside_.find(key.text); at != aside_.end()) aside_.erase(at);
  published_.insert(key.digest);
}

void ListedRows::yield(const Key& key, std::string_view published) {
  if (published_.erase(key.digest) != 0) aside_.emplace(key.text, published);
}

}  // namespace discovery
