#include "resources/kinds/catalogue.hpp"

#include <array>

#include "resources/binder.hpp"
#include "resources/kinds/readers.hpp"
#include "resources/suggest.hpp"

namespace resources {
namespace {

constexpr std::string_view kGloo = "networking.gloo.solo.io";

std::string text_of(const Node* node) { return node && node->is_scalar() ? node->text : ""; }

// "RouteTable bookinfo/reviews": known before the document is read, so that every problem can say
// it.
std::string object_name(const Node& root, std::string_view kind) {
  const Node* metadata = root.find("metadata");
  const std::string name = text_of(metadata ? metadata->find("name") : root.find("service"));
  std::string space = text_of(metadata ? metadata->find("namespace") : root.find("namespace"));
  if (name.empty()) return std::string(kind);
  if (space.empty()) space = "default";
  return std::string(kind) + ' ' + space + '/' + name;
}

template <class T>
void keep(const Value& document, std::vector<T>& list) {
  T object;
  read(document, object);
  object.metadata.place = document.place();
  if (!document.report().failed()) list.push_back(std::move(object));
}

struct Reader {
  std::string_view group, version, kind;
  void (*read)(const Value& document, Documents& out);
};

constexpr std::array kReaders = {
    Reader{kGloo, "v2", "VirtualDestination",
           [](const Value& document, Documents& out) { keep(document, out.virtual_destinations); }},
    Reader{kGloo, "v2", "RouteTable",
           [](const Value& document, Documents& out) { keep(document, out.route_tables); }},
    Reader{"", "v1", "Service",
           [](const Value& document, Documents& out) { keep(document, out.services); }},
    Reader{"discovery.k8s.io", "v1", "EndpointSlice",
           [](const Value& document, Documents& out) { keep(document, out.endpoint_slices); }},
    Reader{"discovery.k8s.io", "v1beta1", "EndpointSlice",
           [](const Value& document, Documents& out) { keep(document, out.endpoint_slices); }},
};

void read_object(const Value& document, Documents& out) {
  const Node& root = document.node();
  if (!root.is_map()) return document.expected("a map with apiVersion and kind");
  if (!root.find("kind") && root.find("service")) return keep(document, out.static_services);
  const std::string kind = text_of(root.find("kind")), api = text_of(root.find("apiVersion"));
  if (kind.empty())
    return document.error(
        "no kind", "every document has apiVersion and kind, or is a service in the short form");
  const auto slash = api.find('/');
  const auto group = slash == std::string::npos ? "" : api.substr(0, slash);
  const auto version = slash == std::string::npos ? api : api.substr(slash + 1);
  for (const Reader& reader : kReaders) {
    if (reader.kind == kind && reader.group == group && reader.version == version)
      return reader.read(document, out);
  }
  document.warn(kind + " of " + api + " is not a kind Nearmost reads: ignored");
}

}  // namespace

void read_document(std::string_view file_name, Tree& tree, Documents& documents,
                   Problems& problems) {
  Report report(std::string(file_name), problems, UnknownFields::warn);
  const std::string kind = text_of(tree.root.find("kind"));
  report.name_object(object_name(tree.root, kind.empty() ? "service" : kind));
  report.adopt(std::move(tree.problems));
  read_object(Value(tree.root, report), documents);
}

}  // namespace resources
