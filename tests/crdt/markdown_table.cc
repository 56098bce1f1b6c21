#include "tests/crdt/markdown_table.h"

#include <sstream>

namespace anabranch::test {
namespace {

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return "";
  return std::string(text.substr(first, text.find_last_not_of(' ') - first + 1));
}

TableRow cells(std::string_view line) {
  TableRow row;
  line.remove_prefix(1);
  while (true) {
    const auto bar = line.find('|');
    if (bar == std::string_view::npos) return row;
    row.push_back(trimmed(line.substr(0, bar)));
    line.remove_prefix(bar + 1);
  }
}

}  // namespace

std::vector<TableRow> table_below(std::string_view document, std::string_view title) {
  std::istringstream lines{std::string(document)};
  std::vector<TableRow> rows;
  bool below = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("## ")) below = line.substr(3) == title;
    if (!below) continue;
    if (line.starts_with('|')) {
      rows.push_back(cells(line));
    } else if (!rows.empty()) {
      break;
    }
  }
  // The head, and the line of dashes below it.
  rows.erase(rows.begin(), rows.begin() + (rows.size() < 2 ? std::ssize(rows) : 2));
  return rows;
}

std::vector<std::string> quoted(std::string_view cell) {
  std::vector<std::string> parts;
  while (true) {
    const auto open = cell.find('`');
    if (open == std::string_view::npos) return parts;
    const auto close = cell.find('`', open + 1);
    if (close == std::string_view::npos) return parts;
    parts.emplace_back(cell.substr(open + 1, close - open - 1));
    cell.remove_prefix(close + 1);
  }
}

std::vector<std::string> words(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::vector<std::string> found;
  for (std::string word; in >> word;) found.push_back(word);
  return found;
}

}  // namespace anabranch::test
