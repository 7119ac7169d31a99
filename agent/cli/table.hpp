// A plain text table: columns as wide as their widest cell, two spaces between, no trailing space.
#pragma once

#include <string>
#include <vector>

namespace agent::cli {

class TextTable {
 public:
  explicit TextTable(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string to_string() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace agent::cli
