// Frames and events as one line of text each: what transcripts are made of.
#pragma once

#include <string>

#include "discovery/node.hpp"

namespace sim {

std::string describe(discovery::Stamp stamp);  // "2:57": the second life, version 57
std::string describe(const discovery::Frame& frame);
std::string describe(const discovery::Event& event);

}  // namespace sim
