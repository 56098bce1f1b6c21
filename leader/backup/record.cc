#include "leader/backup/record.h"

#include <string_view>
#include <utility>

#include "core/text.h"
#include "leader/backup/note_file.h"

namespace anabranch::leader {

using core::Result;

namespace {

NoteForm form() {
  return {"anabranch last backup 1", {"begun", "rows", "bytes", "digest", "path"}};
}

std::string path_of(const std::string& directory) { return directory + "/backup"; }

}  // namespace

Result<void> save_record(const std::string& directory, const BackupRecord& record) {
  return save_note(path_of(directory), form(),
                   {std::to_string(record.begun_ms), std::to_string(record.rows),
                    std::to_string(record.bytes), record.digest, record.path});
}

Result<std::optional<BackupRecord>> load_record(const std::string& directory) {
  auto texts = load_note(path_of(directory), form());
  if (!texts.ok()) return texts.failure();
  if (!texts.value()) return std::optional<BackupRecord>();
  std::vector<std::string>& fields = *texts.value();
  const auto begun = core::parse_number<core::Millis>(fields[0]);
  const auto rows = core::parse_number<std::uint64_t>(fields[1]);
  const auto bytes = core::parse_number<std::uint64_t>(fields[2]);
  if (!begun || !rows || !bytes || fields[3].empty()) {
    return core::corrupt(path_of(directory) + " cannot be read");
  }
  return std::optional(
      BackupRecord{*begun, *rows, *bytes, std::move(fields[3]), std::move(fields[4])});
}

}  // namespace anabranch::leader
