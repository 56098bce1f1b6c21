#include "leader/backup/record.h"

#include <cstdio>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "core/text.h"
#include "leader/backup/files.h"

namespace anabranch::leader {

using core::Result;

namespace {

constexpr std::string_view kTitle = "anabranch last backup 1\n";
constexpr std::size_t kBytesMax = std::size_t{64} << 10U;

std::string path_of(const std::string& directory) { return directory + "/backup"; }

// Takes a line that begins with a word off the front of a text; returns its rest.
std::string_view take(std::string_view& text, std::string_view word) {
  const std::string_view line = text.substr(0, text.find('\n'));
  if (!line.starts_with(word) || line.size() == text.size()) return {};
  text.remove_prefix(line.size() + 1);
  return line.substr(word.size());
}

}  // namespace

Result<void> save_record(const std::string& directory, const BackupRecord& record) {
  const std::string text = std::string(kTitle) + "begun " + std::to_string(record.begun_ms) +
                           "\nrows " + std::to_string(record.rows) + "\nbytes " +
                           std::to_string(record.bytes) + "\ndigest " + record.digest + "\npath " +
                           record.path + '\n';
  const std::string made = path_of(directory) + ".new";
  if (auto written = write_new_file(made, text); !written.ok()) return written;
  if (std::rename(made.c_str(), path_of(directory).c_str()) != 0) {
    return file_failure("cannot rename", made);
  }
  return sync_folder(directory);
}

Result<std::optional<BackupRecord>> load_record(const std::string& directory) {
  const std::string path = path_of(directory);
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::optional<BackupRecord>();
  const auto read = read_small_file(path, kBytesMax);
  if (!read.ok()) return read.failure();
  std::string_view text = read.value();
  if (!text.starts_with(kTitle)) return core::corrupt(path + " is no note of a backup");
  text.remove_prefix(kTitle.size());
  const auto begun = core::parse_number<core::Millis>(take(text, "begun "));
  const auto rows = core::parse_number<std::uint64_t>(take(text, "rows "));
  const auto bytes = core::parse_number<std::uint64_t>(take(text, "bytes "));
  const std::string_view digest = take(text, "digest ");
  if (!begun || !rows || !bytes || digest.empty() || !text.starts_with("path ") ||
      !text.ends_with('\n')) {
    return core::corrupt(path + " cannot be read");
  }
  text.remove_prefix(std::string_view("path ").size());
  text.remove_suffix(1);
  return std::optional(BackupRecord{*begun, *rows, *bytes, std::string(digest), std::string(text)});
}

}  // namespace anabranch::leader
