// Endpoints' rows, of which there are very many: what each says of itself stands apart from what it
// has in common with others, so that the latter need not be decoded again for each (row.hpp has the
// codec of all kinds).
//
// Thread: pure functions.
#pragma once

#include <string_view>

#include "discovery/row.hpp"
#include "discovery/rows.hpp"

namespace discovery {

// The names lie in the row.
struct EndpointParts {
  std::string_view namespace_, service, id;
  base::IpAddress ip;
  view::Health health = view::Health::healthy;
  std::uint32_t weight = 1;
  base::Bytes traits;  // the fields that say the rest, as they stand
};

// False: it is no endpoint's row. What `parts` held is gone.
bool take_apart(const RowView& row, EndpointParts& parts);
bool decode_traits(std::string_view fields, view::Traits& traits);
EncodedRow encode_row(const EndpointRow& row);

}  // namespace discovery
