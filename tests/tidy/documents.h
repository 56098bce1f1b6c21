// Rules about documents: the headings, names and functions that they refer to are there.
#pragma once

#include "tests/tidy/rules.h"

namespace anabranch::tidy {

// The anchor of a link to a Markdown file is one of its headings.
Violations anchors_are_headings(const Source& source, const Repository& repository);

// A page of docs that a file names, by docs/PAGE.md or docs/PAGE.md#SECTION, is there, and so is
// the section. Of a document its links are looked at, by the rules about these.
Violations named_sections_are_there(const Source& source, const Repository& repository);

// The kinds of warnings in leader/ are the headings of docs/operations/alarms.md that are one word.
Violations kinds_are_sections(const Source& source, const Repository& repository);

// A name of code in backticks occurs in a source outside of comments, and both parts of `A::b` in
// one. A name has an underscore or a capital within. All documents are looked at with the first one
// of the repository; docs/names.md and CHANGELOG.md tell of former names.
Violations code_names_occur(const Source& source, const Repository& repository);

// A function `A::b` right before a link to a C++ file is in that file. A public header may be that
// of its result.
Violations functions_are_beside_their_files(const Source& source, const Repository& repository);

// A document begins with a title, as "# core". A formatter for code makes "#core" of it, and the
// rest of the document useless.
Violations documents_have_titles(const Source& source, const Repository& repository);

// A page of docs/architecture/ is linked from docs/architecture.md. These, their overview and the
// glossary have at most 250 lines, of at most 120 columns, rows of tables of 200.
Violations pages_are_short(const Source& source, const Repository& repository);

// The sentence of a README about the folders that its room may include names all of `sees`, and
// none of `others`.
Violations wrong_includes(const Source& readme, const std::vector<std::string_view>& sees,
                          const std::vector<std::string_view>& others);

}  // namespace anabranch::tidy
