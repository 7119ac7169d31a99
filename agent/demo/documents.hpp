// The documents of `nearmost demo`, built into the binary: what each of its clusters east, west and
// eu would have in its resources folder. The text stands in agent/demo/documents/.
//
// Addresses are loopback: 127.0.1.x is east, 127.0.2.x west, 127.0.3.x eu.
// Thread: a pure function.
#pragma once

#include <string_view>
#include <vector>

#include "resources/documents.hpp"

namespace agent::demo {

// `cluster` is east, west or eu.
std::vector<resources::File> documents(std::string_view cluster);

}  // namespace agent::demo
