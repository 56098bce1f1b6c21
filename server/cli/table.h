// Columns of text, aligned.
#pragma once

#include <string>
#include <vector>

namespace anabranch::server::cli {

// The rows below each other, every column as wide as its widest cell, two blanks between them.
// The first row has the names. A column of numbers is aligned to the right. All rows are as long as
// the first.
std::string table_of(const std::vector<std::vector<std::string>>& rows);

}  // namespace anabranch::server::cli
