#include "discovery/sources/kubernetes/messages.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "resources/json_writer.hpp"
#include "resources/kinds/catalogue.hpp"

namespace discovery::sources::kubernetes {
namespace {

using resources::Node;

// The same JSON with a word in place of what lies deeper than a tree may be. Servers keep what
// somebody wrote a thousand levels deep, and it is among the objects of all others.
std::string without_depths(std::string_view json) {
  std::string out;
  std::size_t depth = 0;
  bool in_string = false, escaped = false;
  for (const char c : json) {
    const bool opens = !in_string && (c == '{' || c == '[');
    const bool closes = !in_string && (c == '}' || c == ']');
    if (opens && depth++ == resources::kMaxDepth) out += "\"(too many levels deep)\"";
    if (depth <= resources::kMaxDepth) out += c;
    if (closes && depth > 0) --depth;
    if (c == '"' && !escaped) in_string = !in_string;
    escaped = in_string && c == '\\' && !escaped;
  }
  return out;
}

std::optional<Node> read_tree(std::string_view text) {
  std::optional<Node> root;
  bool is_one = true;
  const auto problems = resources::read_trees(kPlace, text, [&](resources::Tree&& tree) {
    is_one = !root && tree.problems.empty() && tree.root.is_map();
    root = std::move(tree.root);
  });
  return problems.empty() && is_one ? std::move(root) : std::nullopt;
}

std::optional<Node> read_json(std::string_view text) {
  auto root = read_tree(text);
  return root ? std::move(root) : read_tree(without_depths(text));
}

std::string text_of(const Node* map, std::string_view field) {
  const Node* node = map ? map->find(field) : nullptr;
  return node && node->is_scalar() ? node->text : "";
}

Node* find(Node& map, std::string_view field) {
  for (auto& child : map.children)
    if (child.key == field) return &child;
  return nullptr;
}

void say(Node& map, std::string key, std::string text) {
  if (map.find(key)) return;  // items of a list leave out what the list is of
  Node node;
  node.kind = Node::Kind::string;
  node.key = std::move(key);
  node.text = std::move(text);
  map.children.push_back(std::move(node));
}

// An object has no line of its own in what an operator could look at.
std::string_view without_core(std::string_view group) {
  return group.substr(group.find('/') + 1);  // "api/v1" is written "v1", "apis/GROUP/v1" GROUP/v1
}

template <class Number>
Number number_of(const Node* map, std::string_view field) {
  const auto text = text_of(map, field);
  Number number{};
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// What its writer says, and nothing that changes without him.
CustomObject read_custom(Node&& node) {
  constexpr std::string_view kWritten[] = {"name", "namespace", "labels", "annotations",
                                           "creationTimestamp"};
  CustomObject custom;
  if (const Node* status = node.find("status"))
    if (const Node* common = status->find("common"))
      if (const Node* state = common->find("State"))
        custom.state = {number_of<std::int64_t>(state, "observedGeneration"),
                        text_of(state, "approval"), text_of(state, "message")};
  std::erase_if(node.children, [](const Node& child) { return child.key == "status"; });
  if (Node* metadata = find(node, "metadata")) {
    custom.uid = text_of(metadata, "uid");
    custom.generation = number_of<std::int64_t>(metadata, "generation");
    std::erase_if(metadata->children, [&](const Node& child) {
      return std::ranges::find(kWritten, child.key) == std::end(kWritten);
    });
    if (Node* annotations = find(*metadata, "annotations"))
      std::erase_if(annotations->children, [](const Node& child) {
        return child.key == "kubectl.kubernetes.io/last-applied-configuration";
      });
  }
  custom.text = resources::to_json(node);
  return custom;
}

// By the labels that clouds set, or those they set before.
base::Locality read_place(const Node* metadata) {
  const Node* labels = metadata ? metadata->find("labels") : nullptr;
  const auto label = [&](std::string_view name) {
    const auto text = text_of(labels, "topology.kubernetes.io/" + std::string(name));
    return !text.empty()
               ? text
               : text_of(labels, "failure-domain.beta.kubernetes.io/" + std::string(name));
  };
  base::Locality place;
  place.region = label("region");
  place.zone = label("zone");
  place.sub_zone = text_of(labels, "topology.istio.io/subzone");
  return place;
}

base::Labels read_labels(const Node* metadata, const std::vector<std::string>& keys) {
  base::Labels kept;
  if (const Node* labels = metadata ? metadata->find("labels") : nullptr)
    for (const auto& key : keys)
      if (const Node* label = labels->find(key); label && label->is_scalar())
        kept[key] = label->text;
  return kept;
}

Object read_object(const Resource& resource, Node&& node) {
  Object object;
  const Node* metadata = node.find("metadata");
  object.name = text_of(metadata, "namespace") + "/" + text_of(metadata, "name");
  object.version = text_of(metadata, "resourceVersion");
  if (resource.as == Resource::As::places) {
    object.place = read_place(metadata);
    return object;
  }
  if (resource.as == Resource::As::labels) {
    object.labels = read_labels(metadata, resource.labels);
    object.pod = resources::PodRef::of(text_of(metadata, "namespace"), text_of(metadata, "name"),
                                       text_of(metadata, "uid"));
    return object;
  }
  say(node, "apiVersion", std::string(without_core(resource.groups.front())));
  say(node, "kind", resource.kind);
  if (resource.as == Resource::As::texts) {
    object.custom = read_custom(std::move(node));
    return object;
  }
  node.mark = {};
  resources::Loaded loaded;
  resources::read_document(kPlace, {std::move(node), {}}, loaded);
  erase_if(loaded.documents.endpoint_slices, [](const auto& slice) {
    return slice.service.empty();  // somebody else's: of no service
  });
  object.documents = {std::move(loaded.documents.services),
                      std::move(loaded.documents.endpoint_slices)};
  for (auto& problem : loaded.problems) {
    if (problem.severity != resources::Severity::error) continue;
    problem.place = {std::string(kPlace), 0, 0};
    object.problems.push_back(std::move(problem));
  }
  return object;
}

base::Error unreadable(const Resource& resource, std::string_view what) {
  return base::unavailable("what it says of " + resource.name + " is not " + std::string(what));
}

}  // namespace

base::Result<Page> read_page(const Resource& resource, std::string_view text) {
  auto root = read_json(text);
  const Node* metadata = root ? root->find("metadata") : nullptr;
  Page page;
  page.version = text_of(metadata, "resourceVersion");
  page.rest = text_of(metadata, "continue");
  if (page.version.empty()) return unreadable(resource, "a list");
  // Go writes an empty list as null where it was never made.
  Node* items = find(*root, "items");
  if (!items || items->is_null()) return page;
  if (!items->is_list()) return unreadable(resource, "a list");
  page.items.reserve(items->children.size());
  for (auto& item : items->children) {
    page.items.push_back(read_object(resource, std::move(item)));
    item = {};  // as it is read its memory goes
  }
  return page;
}

base::Result<WatchEvent> read_event(const Resource& resource, std::string_view line) {
  using Kind = WatchEvent::Kind;
  auto root = read_json(line);
  Node* object = root ? find(*root, "object") : nullptr;
  if (!object || !object->is_map()) return unreadable(resource, "an event of a watch");
  const auto type = text_of(&*root, "type");
  WatchEvent event;
  if (type == "ADDED" || type == "MODIFIED" || type == "DELETED") {
    event.kind = type == "DELETED" ? Kind::deleted : Kind::put;
    event.object = read_object(resource, std::move(*object));
  } else if (type == "BOOKMARK") {
    event.kind = Kind::bookmark;
    event.object.version = text_of(object->find("metadata"), "resourceVersion");
  } else if (type == "ERROR") {
    event.kind = Kind::error;
    event.code = number_of<int>(object, "code");
    event.message = text_of(object, "message");
  }
  return event;
}

base::Result<KindNames> read_kinds(std::string_view text) {
  const auto root = read_json(text);
  const Node* list = root ? root->find("resources") : nullptr;
  if (!list || !list->is_list())
    return base::unavailable("what it says of an API group is not a list of resources");
  KindNames kinds;
  for (const auto& one : list->children)
    if (auto name = text_of(&one, "name"); name.find('/') == name.npos)
      kinds.emplace(text_of(&one, "kind"), std::move(name));
  return kinds;
}

std::string read_status(std::string_view text) {
  const auto root = read_json(text);
  auto message = root ? text_of(&*root, "message") : "";
  return resources::shown(message.empty() ? text : std::string_view(message));
}

}  // namespace discovery::sources::kubernetes
