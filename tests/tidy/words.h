// Plain words: how often comments and documents say `what`, `who` or `which` where the sentence
// could name its subject. A folder of code may have a limit of its own in the table of words.cc;
// all other folders, and all documents, have kPlainWords.

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/tidy/rules.h"
#include "tests/tidy/source.h"

namespace anabranch::tidy {

// Of 1000 words of a document, or of the comments of a folder.
inline constexpr double kPlainWords = 8;

// A document, or the folder of which `source` is the first C++ file, with more such words than its
// limit. A single one is never too many.
Violations words_are_plain(const Source& source, const Repository& repository);

// The limit to give a folder with `figure` such words per 1000 if it is more than 2 below `limit`;
// nullopt if `limit` may stay.
std::optional<double> lower_limit(double figure, double limit);

// The folders of the table with a lower limit to write down, a sentence each.
std::vector<std::string> loose_limits(const Repository& repository);

}  // namespace anabranch::tidy
