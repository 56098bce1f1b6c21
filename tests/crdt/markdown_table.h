// Tables of a Markdown document, as data.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace anabranch::test {

using TableRow = std::vector<std::string>;  // Its cells, trimmed.

// The rows of the first table below the heading `## title`, without its head. Empty if there is
// none.
std::vector<TableRow> table_below(std::string_view document, std::string_view title);

// The texts between backticks, in order: "`a b`, `c`" gives {"a b", "c"}.
std::vector<std::string> quoted(std::string_view cell);

// The words between spaces.
std::vector<std::string> words(std::string_view text);

}  // namespace anabranch::test
