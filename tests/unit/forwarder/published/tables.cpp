#include "tests/unit/forwarder/published/tables.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "resources/documents.hpp"
#include "tests/unit/forwarder/scene.hpp"

namespace published {
namespace {

namespace fs = std::filesystem;

// "${DOMAIN_NAME}" → "domain-name".
std::string filled_in(std::string text) {
  for (auto at = text.find("${"); at != text.npos; at = text.find("${", at)) {
    const auto end = text.find('}', at);
    auto name = text.substr(at + 2, end - at - 2);
    std::ranges::transform(name, name.begin(), [](unsigned char c) {
      return c == '_' ? '-' : static_cast<char>(std::tolower(c));
    });
    text.replace(at, end - at + 1, name);
  }
  return text;
}

std::shared_ptr<const resources::RouteTable> read_table(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  const auto loaded = resources::load({{path.filename().string(), filled_in(text.str())}});
  if (loaded.documents.route_tables.size() != 1)
    throw std::runtime_error(path.string() + ": no route table");
  return loaded.documents.route_tables.pointers().front();
}

// Namespaces of the workspaces that published tables delegate to, which are not read here.
bool may_be_of(const resources::RouteTable& table, const std::string& workspace) {
  const auto& namespace_ = table.metadata.namespace_;
  if (workspace == "httpbin") return namespace_ == "httpbin";
  if (workspace == "gateways")
    return namespace_ == "istio-gateways" || namespace_ == "gloo-mesh-addons";
  if (!workspace.empty()) throw std::runtime_error("what is in workspace " + workspace + '?');
  return true;
}

bool may_delegate_to(const resources::RouteTable& root, const resources::RouteTable& child) {
  return std::ranges::any_of(root.http, [&](const auto& route) {
    const auto* delegate = std::get_if<resources::Delegate>(&route.action);
    return delegate && std::ranges::any_of(delegate->tables, [&](const auto& selector) {
             return may_be_of(child, selector.workspace);
           });
  });
}

resources::RouteTable made_up_root(const resources::RouteTable& child, const std::string& host,
                                   std::vector<resources::HttpMatcher> matchers) {
  auto delegate = scene::delegate_to({child.metadata.name});
  delegate.tables.front().namespace_ = child.metadata.namespace_;
  auto root = scene::table(host, {host}, {scene::route(std::move(matchers), std::move(delegate))});
  root.metadata.namespace_ = "made-up";
  return root;
}

}  // namespace

std::vector<Table> tables() {
  const fs::path folder = fs::path(NEARMOST_VECTORS) / "gloo" / "valid";
  std::vector<Table> tables;
  if (!fs::exists(folder)) {
    std::cout << "skipped: no vectors at " << folder << " (cmake -DNEARMOST_VECTORS=…)\n";
    return tables;
  }
  for (const auto& entry : fs::directory_iterator(folder)) {
    const auto name = entry.path().filename().string();
    if (name.starts_with("routetable-")) tables.push_back({name, read_table(entry.path())});
  }
  std::ranges::sort(tables, {}, &Table::file);
  return tables;
}

std::vector<Scene> scenes(const Table& table, const std::vector<Table>& all) {
  std::vector<Scene> scenes;
  if (table.table->hosts.empty()) {
    for (auto root : {made_up_root(*table.table, "whole.test", {}),
                      made_up_root(*table.table, "below.test", {scene::prefix("/team")})}) {
      auto& scene = scenes.emplace_back();
      scene.root = std::make_shared<const resources::RouteTable>(std::move(root));
      scene.all.push_back(scene.root);
      scene.all.push_back(table.table);
    }
    return scenes;
  }
  auto& scene = scenes.emplace_back();
  scene.root = table.table;
  scene.all.push_back(scene.root);
  std::set<std::string> names;
  for (const auto& other : all)
    if (other.table->hosts.empty() && may_delegate_to(*table.table, *other.table) &&
        names.insert(name_of(other.table->metadata)).second)
      scene.all.push_back(other.table);
  return scenes;
}

}  // namespace published
