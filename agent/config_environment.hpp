// `${NAME}` in a value of agent.yaml is what the environment calls NAME: a pod's own address, which
// no file can know.
//
// Done on the tree, before anything reads it: what a variable holds is text, and never becomes a
// field or a list. Keys stay as they are. Errors: a variable that is not set, and "${" that is
// none. Thread: any, while nobody changes the environment.
#pragma once

#include "resources/binder.hpp"

namespace agent {

void fill_in_variables(resources::Node& root, resources::Report& report);

}  // namespace agent
