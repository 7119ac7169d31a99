// How documents are named and how they refer to each other: readers for what object.hpp declares.
#pragma once

#include "resources/binder.hpp"
#include "resources/object.hpp"

namespace resources {

void read(const Value& value, Metadata& out);
void read(const Value& value, ObjectRef& out);
void read(const Value& value, ObjectSelector& out);
void read(const Value& value, PortSelector& out);
void read(const Value& value, DestinationRef& out);
void read_workspace(const Value& value, ObjectSelector& out);  // warns that it means nothing yet
void read_destination_kind(const Value& value, DestinationKind& out);

// apiVersion, kind and status: what every document has beside its metadata and its spec.
void read_envelope(Fields& document, Metadata& metadata);

// Seconds since 1970 of an RFC 3339 time such as "2024-05-06T07:08:09Z".
std::optional<std::int64_t> parse_timestamp(std::string_view text);

}  // namespace resources
