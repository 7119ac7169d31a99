// make_rows() for documents that change a little at a time: what a change of them, or of what is
// seen of their endpoints, does to the rows.
//
// Documents that are the same objects as before make the rows that they made; what others of one
// namespace and name make is found by making the rows of both states of that name. Invariant: the
// changes lead from make_rows() of the documents before to make_rows() of these, and the problems
// are the latter's. Cost: what changed, what something is wrong with, and a number a document.
// Thread: the builder's.
#pragma once

#include <cstdint>
#include <vector>

#include "discovery/sources/rows.hpp"

namespace discovery::sources {

class KeptRows {
 public:
  struct Update {
    RowChanges rows, home;
    resources::Problems problems;
  };
  Update update(const resources::Documents& documents, const ExportRule& rule,
                const Seen& seen = {});

 private:
  // Of each document's namespace and service, or name, a number.
  struct Names {
    std::vector<std::uint64_t> destinations, services, slices, static_services;
  };
  static resources::Documents called(const std::vector<std::uint64_t>& those,
                                     const resources::Documents& documents, const Names& names);

  resources::Documents documents_;
  Names names_;
  ExportRule rule_;
  Seen seen_;
  std::size_t rows_ = 0, home_ = 0;      // that they made
  std::vector<std::uint64_t> troubled_;  // what something is wrong with: told again each time
};

}  // namespace discovery::sources
