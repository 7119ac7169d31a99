#include "base/locality.hpp"

namespace base {

std::string Locality::to_string() const {
  std::string text = region;
  if (!zone.empty() || !sub_zone.empty()) text += "/" + zone;
  if (!sub_zone.empty()) text += "/" + sub_zone;
  return text;
}

}  // namespace base
