// The house rules that a program can check. Each is a sentence and a function that looks at one
// file, given the whole repository; `rules()` is the table of all of them.

#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "tests/tidy/source.h"

namespace anabranch::tidy {

struct Violation {
  std::size_t line;  // 0: the file as a whole.
  std::string what;
};

using Violations = std::vector<Violation>;

struct Rule {
  std::string_view name;
  std::string_view sentence;
  Violations (*check)(const Source& source, const Repository& repository);
};

std::span<const Rule> rules();

}  // namespace anabranch::tidy
