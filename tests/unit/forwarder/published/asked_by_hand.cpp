#include "tests/unit/forwarder/published/asked_by_hand.hpp"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include "tests/unit/forwarder/published/asked_by_hand_children.hpp"
#include "tests/unit/forwarder/published/asked_by_hand_roots.hpp"

namespace published {
namespace {

std::vector<std::string> columns_of(const std::string& line) {
  std::vector<std::string> columns;
  std::size_t at = 0;
  for (auto end = line.find(" | "); end != line.npos; end = line.find(" | ", at)) {
    columns.push_back(line.substr(at, end - at));
    at = end + 3;
  }
  columns.push_back(line.substr(at));
  return columns;
}

void read_header(const std::string& text, AskedByHand& row) {
  using From = AskedByHand::From;
  const auto colon = text.find(':');
  if (colon == text.npos) throw std::runtime_error(row.file + ": no header: " + text);
  const auto name = text.substr(0, colon);
  const auto value = text.substr(std::min(colon + 2, text.size()));
  if (name != "from")
    row.asked.headers.emplace_back(name, value);
  else if (value == "selected" || value == "stranger")
    row.from = value == "selected" ? From::selected : From::stranger;
  else
    throw std::runtime_error(row.file + ": from whom? " + text);
}

AskedByHand read_row(const Table& table, const std::string& line) {
  AskedByHand row{table.file, {}, AskedByHand::From::anywhere, {}};
  const auto columns = columns_of(line);
  if (columns.size() < 2 || columns.size() > 3)
    throw std::runtime_error(table.file + ": a row of " + std::to_string(columns.size()) +
                             " columns: " + line);
  std::istringstream request(columns.front());
  request >> row.asked.method >> row.asked.host >> row.asked.target;
  if (columns.size() == 3) read_header(columns[1], row);
  row.answer = columns.back();
  if (row.answer.starts_with('['))
    row.answer = table.table->metadata.namespace_ + '/' + table.table->metadata.name + row.answer;
  return row;
}

}  // namespace

std::vector<AskedByHand> asked_by_hand(const std::vector<Table>& tables) {
  std::vector<AskedByHand> rows;
  const Table* table = nullptr;
  std::istringstream text(std::string(kRootsByHand).append(kDelegatedByHand));
  for (std::string line; std::getline(text, line);) {
    if (line.empty()) continue;
    if (line.find(' ') != line.npos) {
      rows.push_back(read_row(*table, line));
      continue;
    }
    const auto named = std::ranges::find(tables, line, &Table::file);
    if (named == tables.end()) throw std::runtime_error("no file " + line);
    table = &*named;
  }
  return rows;
}

}  // namespace published
