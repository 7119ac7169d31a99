// What VirtualDestination and ExternalService have in common: the protocols of their ports and
// their hosts (gloo.md §3, §19).
#pragma once

#include <string>
#include <vector>

#include "resources/binder.hpp"

namespace resources {

// In upper case; left alone where the field is not there.
void read_protocol(Fields& port, std::string& protocol);
// spec.hosts, each once; `places` has one beside each where all could be read.
void read_hosts(Fields& spec, std::vector<std::string>& hosts, std::vector<Place>& places);

}  // namespace resources
