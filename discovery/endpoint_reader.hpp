// Reads the rows of one origin's endpoints, of which there may be very many: what several have in
// common is decoded and checked once, and is one object.
//
// Invariant: an endpoint is read where decode() (row.hpp) takes its row, and says the same. Cost:
// of a row like others a look at its bytes. Memory: what some endpoint has, twice over at most,
// until sweep(). Thread: the builder's.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "discovery/endpoint_row.hpp"

namespace discovery {

class EndpointReader {
 public:
  EndpointReader() = default;
  // Of the cluster; what says no region of its own stands at `locality`.
  EndpointReader(std::string cluster, base::Locality locality)
      : cluster_(std::move(cluster)), locality_(std::move(locality)) {}

  struct Read {
    std::string_view namespace_, service;  // in the row
    view::Endpoint endpoint;
  };
  std::optional<Read> read(const RowView& row);
  // Forgets what no endpoint has any more, where that may be much. After the rows of a state.
  void sweep();

 private:
  std::shared_ptr<const view::Traits> traits_of(const RowView& row);

  std::string cluster_;
  base::Locality locality_;
  EndpointParts parts_;  // of the row at hand; its buffer is kept
  std::map<base::Bytes, std::shared_ptr<const view::Traits>, std::less<>> known_;  // by their bytes
  std::size_t swept_ = 0;  // how many were left then
};

}  // namespace discovery
