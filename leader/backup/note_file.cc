#include "leader/backup/note_file.h"

#include <cstdio>
#include <filesystem>
#include <system_error>

#include "leader/backup/files.h"

namespace anabranch::leader {

using core::Result;

namespace {

constexpr std::size_t kBytesMax = std::size_t{64} << 10U;

// Takes what begins with a word, up to an end, off the front of a text; nullopt if that is not
// there.
std::optional<std::string> take(std::string_view& text, std::string_view word, std::size_t end) {
  if (end == std::string_view::npos || !text.starts_with(word)) return std::nullopt;
  std::string taken(text.substr(word.size(), end - word.size()));
  text.remove_prefix(end + 1);
  return taken;
}

}  // namespace

std::string absolute_path(const std::string& directory) {
  std::error_code error;
  const auto path = std::filesystem::absolute(directory, error);
  return error ? directory : path.string();
}

Result<void> save_note(const std::string& path, const NoteForm& form,
                       const std::vector<std::string>& texts) {
  std::string content = std::string(form.title) + '\n';
  for (std::size_t i = 0; i < form.words.size(); ++i) {
    content.append(form.words[i]).append(" ").append(texts.at(i)).append("\n");
  }
  const std::string made = path + ".new";
  if (auto written = write_new_file(made, content); !written.ok()) return written;
  if (std::rename(made.c_str(), path.c_str()) != 0) return file_failure("cannot rename", made);
  return sync_folder(std::filesystem::path(path).parent_path());
}

Result<std::optional<std::vector<std::string>>> load_note(const std::string& path,
                                                          const NoteForm& form) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::optional<std::vector<std::string>>();
  const auto read = read_small_file(path, kBytesMax);
  if (!read.ok()) return read.failure();
  std::string_view content = read.value();
  const auto title = take(content, form.title, content.find('\n'));
  if (!title || !title->empty())
    return core::corrupt(path + " is not \"" + std::string(form.title) + "\"");
  std::vector<std::string> texts;
  for (const std::string_view word : form.words) {
    const bool is_last = texts.size() + 1 == form.words.size();
    const std::size_t end = is_last ? content.rfind('\n') : content.find('\n');
    auto text = take(content, std::string(word) + ' ', end);
    if (!text) return core::corrupt(path + " cannot be read");
    texts.push_back(*std::move(text));
  }
  return std::optional(std::move(texts));
}

}  // namespace anabranch::leader
