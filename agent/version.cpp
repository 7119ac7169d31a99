#include "agent/version.hpp"

namespace agent {

std::string_view version() { return NEARMOST_VERSION; }

}  // namespace agent
