// One reader per kind. Each reads one document and checks it by itself; what it refers to is
// checked in cross_checks.hpp once everything is read.
#pragma once

#include "resources/binder.hpp"
#include "resources/documents.hpp"

namespace resources {

void read(const Value& document, VirtualDestination& out);
void read(const Value& document, RouteTable& out);
void read(const Value& document, VirtualGateway& out);
void read(const Value& document, Service& out);
void read(const Value& document, EndpointSlice& out);
void read(const Value& document, StaticService& out);
void read(const Value& document, ExternalService& out);
void read(const Value& document, ExternalEndpoint& out);
void read(const Value& document, RetryTimeoutPolicy& out);
void read(const Value& document, HeaderManipulationPolicy& out);
void read(const Value& document, LoadBalancerPolicy& out);
void read(const Value& document, OutlierDetectionPolicy& out);
void read(const Value& document, ConnectionPolicy& out);
void read(const Value& document, FailoverPolicy& out);

}  // namespace resources
