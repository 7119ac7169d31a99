// A HeaderManipulationPolicy as edits of messages.
//
// What a policy may not change is left out and is a problem: fields that frame a message or end at
// one hop (http/field.hpp), those that the forwarder answers for itself (X-Forwarded-For, by which
// it finds loops; Via, Max-Forwards and Date, which RFC 9110 asks of it), Host, which a route's
// hostRewrite is for, and what no field can be: a name that is no token, a value that would end its
// line. Thread: the builder's.
#pragma once

#include "forwarder/treatment.hpp"
#include "resources/problem.hpp"

namespace forwarder {

struct PreparedHeaders {
  HeaderEdits request, response;
};
// The edits point into the policy.
PreparedHeaders prepare(const resources::HeaderManipulationPolicy& policy,
                        resources::Problems& problems);

// Both, as if the second were made of what came of the first.
HeaderEdits in_turn(const HeaderEdits& first, const HeaderEdits& second);

}  // namespace forwarder
