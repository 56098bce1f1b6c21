// A small file beside the data that notes something for the next start: a title, and a line of a
// word and a text for each field, in a fixed order. Beside the data and not in them, so that it is
// never in a backup, and no writer waits for it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace anabranch::leader {

// Returns the path of a data directory that stays right when the process changes its working
// directory; the path as it is when the system cannot tell.
[[nodiscard]] std::string absolute_path(const std::string& directory);

struct NoteForm {
  std::string_view title;               // With the version of the form.
  std::vector<std::string_view> words;  // Of the lines.
};

// Replaces the file at once. Each text is one line, but for the last one, which may have several.
core::Result<void> save_note(const std::string& path, const NoteForm& form,
                             const std::vector<std::string>& texts);
// Returns the texts; nullopt if there is no file. Fails with kCorrupt if it is none of this form.
core::Result<std::optional<std::vector<std::string>>> load_note(const std::string& path,
                                                                const NoteForm& form);

}  // namespace anabranch::leader
