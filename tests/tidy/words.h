// Plain words: how often comments and documents say `what`, `who` or `which` where the sentence
// could name its subject. Every folder of code, and every document, has the same limit.

#pragma once

#include "tests/tidy/rules.h"
#include "tests/tidy/source.h"

namespace anabranch::tidy {

// Of 1000 words of a document, or of the comments of a folder.
inline constexpr double kPlainWords = 8;

// A document, or the folder of which `source` is the first C++ file, with more such words than
// kPlainWords. A single one is never too many.
Violations words_are_plain(const Source& source, const Repository& repository);

}  // namespace anabranch::tidy
