// load() for files that are read again and again: what a file said is kept while its text stays, so
// that a change costs the files that changed, and the others a hash.
//
// A document of a file that did not change is the same object as before. Checks of documents
// against each other are made anew only where two of them claim one thing, or route tables changed.
// Invariant: what is loaded is what load() makes of the same files. Thread: one at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/hash.hpp"
#include "resources/documents.hpp"

namespace resources {

class KeptDocuments {
 public:
  Loaded load(const std::vector<File>& files);
  // Drops what no load() since the last time had need of.
  void forget_unused();

  std::uint64_t parsed() const { return parsed_; }  // files, by now

 private:
  struct Kept {
    Loaded said;                        // of the file alone
    std::vector<std::uint64_t> claims;  // what only one document may be: see claims_of
    bool used = false;                  // since unused ones were forgotten
  };
  struct Key {
    base::Hash128 text;
    std::uint64_t name = 0;
    friend bool operator==(const Key&, const Key&) = default;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return key.text.low ^ key.name; }
  };
  const Kept& read(const File& file);
  void check_tables(Loaded& loaded);
  void add_aliases(Loaded& loaded);

  std::unordered_map<Key, Kept, KeyHash> kept_;
  std::uint64_t parsed_ = 0;
  // The route tables that were checked against each other last, and what came of it.
  SharedList<RouteTable> tables_, tables_left_;
  Problems table_problems_;
  // The external services as they were last, and what serves them.
  SharedList<ExternalService> external_services_;
  SharedList<ExternalEndpoint> external_endpoints_;
  Documents aliases_;
  Problems alias_problems_;
};

}  // namespace resources
