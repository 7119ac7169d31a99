#include "resources/kept_documents.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

#include "resources/cross_checks.hpp"
#include "resources/external_aliases.hpp"
#include "resources/kinds/catalogue.hpp"
#include "resources/tree.hpp"

namespace resources {
namespace {

void forget_marks(Node& node) {
  node.mark = node.key_mark = {};
  for (auto& child : node.children) forget_marks(child);
}

Loaded parse(const File& file) {
  Loaded loaded;
  const auto broken = read_trees(file.name, file.text, [&](Tree&& tree) {
    if (!file.has_lines) forget_marks(tree.root);
    read_document(file.name, std::move(tree), loaded);
  });
  loaded.problems.insert(loaded.problems.end(), broken.begin(), broken.end());
  // A slice of no service has nowhere to go; its reader has said so.
  erase_if(loaded.documents.endpoint_slices,
           [](const EndpointSlice& slice) { return slice.service.empty(); });
  return loaded;
}

// A number for each object and each host that some document claims: where none comes twice there is
// nothing that remove_duplicates() or check_claimed_hosts() could find.
std::vector<std::uint64_t> claims_of(const Documents& documents) {
  std::vector<std::uint64_t> claims;
  const auto claim = [&claims](std::uint64_t kind, const auto& list) {
    for (const auto& object : list)
      claims.push_back(
          base::hash64(object.metadata.cluster + '/' + name_of(object.metadata), kind));
  };
  claim(1, documents.virtual_destinations);
  claim(2, documents.route_tables);
  claim(3, documents.endpoint_slices);
  claim(4, documents.services);
  claim(4, documents.static_services);  // both kinds of services fill the same rows
  for (const auto& destination : documents.virtual_destinations)
    for (const auto& host : destination.hosts) claims.push_back(base::hash64(host, 5));
  claim(6, documents.virtual_gateways);
  claim(7, documents.external_services);
  claim(8, documents.external_endpoints);
  for (const auto& service : documents.external_services)
    for (const auto& host : service.hosts) claims.push_back(base::hash64(host, 5));
  std::uint64_t kind = 9;
  for_each_kind_of_policy(documents, [&](const auto& policies) { claim(kind++, policies); });
  return claims;
}

bool any_twice(std::vector<std::uint64_t> claims) {
  std::ranges::sort(claims);
  return std::ranges::adjacent_find(claims) != claims.end();
}

void sort_by_place(Problems& problems, const std::vector<File>& files) {
  if (problems.empty()) return;
  std::unordered_map<std::string_view, std::size_t> rank;
  for (const File& file : files) rank.try_emplace(file.name, rank.size());
  const auto place = [&rank](const Problem& problem) {
    return std::tuple(rank[problem.place.file], problem.place.line, problem.place.column);
  };
  std::stable_sort(problems.begin(), problems.end(),
                   [&](const Problem& a, const Problem& b) { return place(a) < place(b); });
}

}  // namespace

const KeptDocuments::Kept& KeptDocuments::read(const File& file) {
  const auto bytes =
      std::span(reinterpret_cast<const std::uint8_t*>(file.text.data()), file.text.size());
  const auto [at, is_new] = kept_.try_emplace(Key{base::hash128(bytes), base::hash64(file.name)});
  auto& kept = at->second;
  kept.used = true;
  if (is_new) {
    ++parsed_;
    kept.said = parse(file);
    kept.claims = claims_of(kept.said.documents);
  }
  return kept;
}

Loaded KeptDocuments::load(const std::vector<File>& files) {
  Loaded loaded;
  std::vector<std::uint64_t> claims;
  for (const File& file : files) {
    const auto& [said, claimed, used] = read(file);
    loaded.documents.append(said.documents);
    loaded.broken.append(said.broken);
    loaded.problems.insert(loaded.problems.end(), said.problems.begin(), said.problems.end());
    claims.insert(claims.end(), claimed.begin(), claimed.end());
  }
  const bool twice = any_twice(std::move(claims));
  if (twice) remove_duplicates(loaded.documents, loaded.problems);
  add_aliases(loaded);
  if (twice) check_claimed_hosts(loaded.documents, loaded.problems);
  check_tables(loaded);
  sort_by_place(loaded.problems, files);
  return loaded;
}

void KeptDocuments::add_aliases(Loaded& loaded) {
  auto& documents = loaded.documents;
  if (documents.external_services.pointers() != external_services_.pointers() ||
      documents.external_endpoints.pointers() != external_endpoints_.pointers()) {
    external_services_ = documents.external_services;
    external_endpoints_ = documents.external_endpoints;
    alias_problems_.clear();
    aliases_ = make_aliases(external_services_, external_endpoints_, alias_problems_);
  }
  documents.append(aliases_);
  loaded.problems.insert(loaded.problems.end(), alias_problems_.begin(), alias_problems_.end());
}

void KeptDocuments::check_tables(Loaded& loaded) {
  auto& tables = loaded.documents.route_tables;
  if (tables.pointers() != tables_.pointers()) {
    tables_ = tables_left_ = tables;
    table_problems_.clear();
    check_delegation(tables_left_, table_problems_);
  }
  tables = tables_left_;
  loaded.problems.insert(loaded.problems.end(), table_problems_.begin(), table_problems_.end());
}

void KeptDocuments::forget_unused() {
  std::erase_if(kept_, [](const auto& entry) { return !entry.second.used; });
  for (auto& [key, kept] : kept_) kept.used = false;
}

}  // namespace resources
