// What one source lists, beside the origin's rows that already say most of it.
//
// Of a row that is published as the source has it only the key's digest is here; a text stands here
// while another source's is published in its place, or there is no room for it. Whoever writes the
// origin's rows says so: publish() of who is published now, yield() of all others. Nobody can make
// two keys of one digest (digest.hpp). Invariant: what is_published() has the origin's value.
// Memory: 40 bytes a published row, where key and value as a map's took 150. Thread: control only.
#pragma once

#include <map>
#include <string_view>
#include <unordered_set>

#include "base/bytes.hpp"
#include "base/hash.hpp"

namespace discovery {

class ListedRows {
 public:
  // A key and base::digest() of it, which costs more than to look it up.
  struct Key {
    explicit Key(std::string_view key);
    std::string_view text;
    base::Hash128 digest;
  };

  // It is listed as one of the two, or not at all.
  bool is_published(const Key& key) const { return published_.contains(key.digest); }
  const base::Bytes* aside(std::string_view key) const;  // null: it is published, or not listed

  void list(base::Bytes key, base::Bytes value);  // aside
  void erase(std::string_view key);
  void clear();

  void publish(const Key& key);                            // what it lists is published now
  void yield(const Key& key, std::string_view published);  // another's is, in place of this

  struct Low {
    std::size_t operator()(const base::Hash128& digest) const noexcept { return digest.low; }
  };
  using Digests = std::unordered_set<base::Hash128, Low>;
  using Texts = std::map<base::Bytes, base::Bytes, std::less<>>;
  const Digests& all_published() const { return published_; }
  const Texts& all_aside() const { return aside_; }

 private:
  Digests published_;
  Texts aside_;
};

}  // namespace discovery
