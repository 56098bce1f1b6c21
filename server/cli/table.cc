#include "server/cli/table.h"

#include <algorithm>
#include <string_view>

#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

struct Column {
  std::size_t width = 0;
  bool is_number = true;
};

bool is_number(std::string_view cell) {
  return cell.find_first_not_of("0123456789-.") == cell.npos;
}

}  // namespace

std::string table_of(const std::vector<std::vector<std::string>>& rows) {
  std::vector<Column> columns(rows.empty() ? 0 : rows.front().size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    for (const auto& row : rows) {
      columns[i].width = std::max(columns[i].width, columns_of(row[i]));
      if (&row != &rows.front() && !is_number(row[i])) columns[i].is_number = false;
    }
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string padding(columns[i].width - columns_of(row[i]), ' ');
      line += i == 0 ? "" : "  ";
      line += columns[i].is_number ? padding + row[i] : row[i] + padding;
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace anabranch::server::cli
