// Published Gloo documents, read from where they lie beside the repository (see README.md there).
#include "tests/unit/resources/reading.hpp"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

namespace {

namespace fs = std::filesystem;

std::string contents(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Row {
  std::string file, kind, name, deviations;
};

std::vector<std::string> split(const std::string& text, const std::string& separator) {
  std::vector<std::string> parts;
  std::size_t at = 0;
  for (auto end = text.find(separator); end != std::string::npos; end = text.find(separator, at)) {
    parts.push_back(text.substr(at, end - at));
    at = end + separator.size();
  }
  parts.push_back(text.substr(at));
  return parts;
}

// file, kind, name, source, features, deviations; empty, with a word, when the vectors are not
// there.
std::vector<Row> index_rows(const std::string& folder) {
  const fs::path root = NEARMOST_VECTORS;
  std::vector<Row> rows;
  if (!fs::exists(root / "gloo" / "INDEX.tsv")) {
    std::cout << "skipped: no vectors at " << root << " (cmake -DNEARMOST_VECTORS=…)\n";
    return rows;
  }
  std::istringstream index(contents(root / "gloo" / "INDEX.tsv"));
  for (std::string line; std::getline(index, line);) {
    const auto columns = split(line, "\t");
    if (columns.size() >= 3 && columns[0].starts_with(folder + "/")) {
      rows.push_back({columns[0], columns[1], columns[2], columns.size() > 5 ? columns[5] : ""});
    }
  }
  REQUIRE_FALSE(rows.empty());
  return rows;
}

resources::Loaded load_vector(const Row& row) {
  return load_text(contents(fs::path(NEARMOST_VECTORS) / "gloo" / row.file), row.file);
}

// "spec.config.providers[keycloak].remote: expected int …" → path as ours, and what is wrong.
std::pair<std::string, std::string> deviation(const std::string& text) {
  const auto colon = text.find(": ");
  std::string path;
  for (const auto& part : split(text.substr(0, colon), "[")) {
    const auto close = part.find(']');
    if (close == std::string::npos) {
      path += part;
    } else if (part[0] >= '0' && part[0] <= '9') {
      path += '[' + part;
    } else {
      path += '.' + part.substr(0, close) + part.substr(close + 1);
    }
  }
  return {path, text.substr(colon + 2)};
}

}  // namespace

TEST_CASE("published valid Gloo documents load without an error or an unknown field",
          "[resources][vectors]") {
  for (const Row& row : index_rows("valid")) {
    INFO(row.file);
    const auto loaded = load_vector(row);
    for (const auto& problem : loaded.problems) {
      INFO(problem.to_string());
      CHECK(problem.severity == resources::Severity::warning);
      CHECK(problem.message != "unknown field");
      CHECK(problem.message.find("expected") == std::string::npos);
    }
    const auto& documents = loaded.documents;
    bool is_read = false;
    const auto look_in = [&](const char* kind, const auto& list, std::string name) {
      if (row.kind != kind) return;
      is_read = true;
      REQUIRE(list.size() == 1);
      CHECK(list[0].metadata.name == name);
    };
    look_in("RouteTable", documents.route_tables, row.name);
    look_in("VirtualDestination", documents.virtual_destinations, row.name);
    look_in("VirtualGateway", documents.virtual_gateways, row.name);
    look_in("ExternalService", documents.external_services, row.name);
    look_in("ExternalEndpoint", documents.external_endpoints, row.name);
    look_in("RetryTimeoutPolicy", documents.retry_timeout_policies, row.name);
    look_in("LoadBalancerPolicy", documents.load_balancer_policies, row.name);
    look_in("FailoverPolicy", documents.failover_policies, row.name);
    look_in("OutlierDetectionPolicy", documents.outlier_detection_policies, row.name);
    if (is_read) continue;
    REQUIRE_FALSE(loaded.problems.empty());
    CHECK(loaded.problems[0].message == "kind " + row.kind + " is not supported yet: ignored");
  }
}

TEST_CASE("published mistakes load with a warning that names each of them",
          "[resources][vectors]") {
  for (const Row& row : index_rows("suspect")) {
    INFO(row.file);
    const auto loaded = load_vector(row);
    CHECK_FALSE(has_errors(loaded.problems));
    for (const auto& text : split(row.deviations, "; ")) {
      const auto [path, fault] = deviation(text);
      INFO(path << ": " << fault);
      const auto named =
          std::any_of(loaded.problems.begin(), loaded.problems.end(), [&](const auto& problem) {
            return problem.field == path && problem.place.line > 0 &&
                   (fault != "UNKNOWN FIELD" || problem.message == "unknown field");
          });
      CHECK(named);
    }
  }
}
