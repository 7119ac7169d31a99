// What names may look like: hosts of RouteTables and VirtualDestinations (gloo.md §2, §3), and
// names that become a label of a DNS name (RFC 1123 §2.1); and which addresses an endpoint may
// have.
#pragma once

#include <string>
#include <string_view>

#include "base/address.hpp"
#include "base/locality.hpp"
#include "resources/binder.hpp"

namespace resources {

// `label`: "*.x". `allowed`: "*", "*.x", "*-x" and "*x".
enum class Wildcards { allowed, label };

// A host in lower case without the trailing dot.
void read(const Value& value, std::string& host, const Wildcards& wildcards);

// What is wrong with a host, or "": 1..253 characters in labels of 1..63 letters, digits and inner
// hyphens, the last label not all digits.
std::string_view host_fault(std::string_view host, Wildcards wildcards);

// "_http._tcp.example.internal", in lower case without the trailing dot: RFC 2782's name of a
// service. Whether a name that was read is one.
inline bool is_srv_name(std::string_view name) { return name.starts_with('_'); }
// What is wrong with such a name, or "".
std::string_view srv_name_fault(std::string_view name);

// A name in lower case without the trailing dot, as agent.yaml reads `networks`: labels joined by
// dots, at most 253 characters.
void read_network(const Value& value, std::string& network);

// 1 to 253 printable ASCII characters without spaces and slashes.
bool is_object_name(std::string_view text);

// Reports a name that no object can have: it would not survive in "namespace/name", a log or a URL.
void check_object_name(const Value& value, std::string_view text);

bool is_dns_label(std::string_view text);  // lower-case letters, digits, inner hyphens; 1..63

// Reports a name that cannot be part of a DNS name; "" is for who requires one to say.
void check_dns_label(const Value& value, std::string_view text);
// A name that becomes one label of a DNS name.
void read_dns_label(const Value& value, std::string& out);

// `region`, `zone` and `subZone`, each of which may be left out.
void read_place(Fields& fields, base::Locality& out);

// A name of a header, a cookie or a method: RFC 9110 §5.6.2.
bool is_token(std::string_view text);

// False for an address that no endpoint can have: unspecified, multicast, broadcast.
bool may_be_an_endpoint(const base::IpAddress& ip);
// Reports such an address.
void check_endpoint_address(const Value& value, const base::IpAddress& ip);

}  // namespace resources
