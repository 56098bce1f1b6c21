// Columns of text, aligned.
#pragma once

#include <string>
#include <vector>

namespace anabranch::server::cli {

// Prints rows below each other, every column as wide as its widest cell, two blanks between
// columns. The first row holds the names. A column of numbers is right-aligned. All rows have the
// length of the first.
std::string table_of(const std::vector<std::vector<std::string>>& rows);

}  // namespace anabranch::server::cli
