#include "leader/backup/restore.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <limits>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "leader/backup/entries.h"
#include "leader/backup/folder.h"
#include "leader/backup/verify.h"
#include "regions/state/head.h"
#include "storage/changes.h"
#include "storage/directory_lock.h"
#include "storage/layout.h"
#include "storage/lmdb_storage.h"

namespace anabranch::leader {

namespace fs = std::filesystem;
using core::Result;
using storage::Table;

namespace {

constexpr std::size_t kWriteBytes = std::size_t{8} << 20U;

// The identity of a directory that has moved: no place is this one.
Result<std::string> moved(std::string_view stored) {
  auto identity = regions::decode_identity(stored);
  if (!identity.ok()) return identity.failure();
  storage::Place& place = identity.value().place;
  place.directory = std::numeric_limits<std::uint64_t>::max();
  place.file = std::numeric_limits<std::uint64_t>::max();
  place.made_ns = 0;
  return regions::encode_identity(identity.value());
}

// Writes entries of a backup to the tables and the log below an engine, some MiB at a time. All
// tables are new: those of rows are of the first generation, which has their own names.
class PartsWriter {
 public:
  PartsWriter(storage::StorageBelow& storage, const Manifest& manifest, const BackupWatch& watch)
      : storage_(storage), manifest_(manifest), watch_(watch) {
    for (const BackupFile& file : manifest.files) progress_.total += file.entries;
  }

  Result<void> add(const Part& part, std::string_view key, std::string_view value);
  // All entries were added.
  Result<void> finish();

 private:
  Result<void> add_record(std::string_view key, std::string_view value);
  // Writes what waits.
  Result<void> write();

  storage::StorageBelow& storage_;
  const Manifest& manifest_;
  const BackupWatch& watch_;
  storage::Changes changes_;
  std::vector<storage::StoredRecord> records_;
  std::size_t bytes_ = 0;  // Waiting.
  BackupProgress progress_{.stage = "restoring"};
};

Result<void> PartsWriter::add_record(std::string_view key, std::string_view value) {
  auto record = record_of(key, value);
  if (!record.ok()) return record.failure();
  if (!names_ops(record.value())) return {};  // As one that was damaged before the backup.
  const storage::Position last =
      records_.empty() ? storage_.last_position() : records_.back().position;
  if (record.value().position <= last) return core::corrupt("the log of the backup turns back");
  records_.push_back(std::move(record).value());
  return {};
}

Result<void> PartsWriter::add(const Part& part, std::string_view key, std::string_view value) {
  if (!part.table) {
    if (auto added = add_record(key, value); !added.ok()) return added;
  } else {
    std::string content(value);
    if (part.table == Table::kMeta && key == storage::kIdentityKey) {
      auto identity = moved(value);
      if (!identity.ok()) return identity.failure();
      content = std::move(identity).value();
    }
    changes_.put(*part.table, key, content);
  }
  ++progress_.done;
  bytes_ += key.size() + value.size();
  progress_.bytes += key.size() + value.size();
  return bytes_ < kWriteBytes ? Result<void>() : write();
}

Result<void> PartsWriter::write() {
  std::vector<storage::ChangeView> changes;
  storage::sort_changes(changes_, changes);
  if (auto applied = storage_.apply(changes, std::nullopt); !applied.ok()) return applied;
  if (auto appended = storage_.append(records_); !appended.ok()) return appended;
  records_.clear();
  changes_.clear();
  bytes_ = 0;
  return watch_(progress_);
}

Result<void> PartsWriter::finish() {
  if (auto done = write(); !done.ok()) return done;
  return storage_.go_on_behind(manifest_.log_last);
}

std::string not_empty(const std::string& directory, const std::string& name) {
  return "the directory " + directory + " is not empty (found \"" + name +
         "\"): restore to a new one";
}

// Refuses a directory with anything but an unfinished restoration. Returns whether there is one.
Result<bool> look_at_directory(const std::string& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) return false;
  bool unfinished = false;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name == storage::kRestoringFolder) unfinished = true;
    if (name == storage::kRestoringFolder || name == storage::DirectoryLock::kFile) continue;
    return core::invalid(not_empty(directory, name));
  }
  if (error) return core::invalid("cannot read " + directory + ": " + error.message());
  return unfinished;
}

// Has a directory hold an unfinished restoration, before anything else: what is left of a killed
// one is no new region to any leader. Returns whether the directory was made.
Result<bool> mark_unfinished(const std::string& directory) {
  constexpr mode_t kMode = 0700;
  const bool makes = ::mkdir(directory.c_str(), kMode) == 0;
  std::error_code error;
  if (!makes && errno != EEXIST) error.assign(errno, std::generic_category());
  if (!error) fs::create_directory(fs::path(directory) / storage::kRestoringFolder, error);
  if (!error) return makes;
  return core::invalid("cannot restore into " + directory + ": " + error.message());
}

// Takes that back, as far as the disk lets it.
void unmark(const std::string& directory, bool made) {
  std::error_code error;
  fs::remove(fs::path(directory) / storage::kRestoringFolder, error);
  if (!made) return;
  fs::remove(fs::path(directory) / storage::DirectoryLock::kFile, error);
  ::rmdir(directory.c_str());
}

// Refuses as look_at_directory() does. The directory must be locked; removes what an unfinished
// restoration has written into it.
Result<void> empty_directory(const std::string& directory) {
  if (auto looked = look_at_directory(directory); !looked.ok()) return looked.failure();
  std::error_code error;
  for (fs::directory_iterator entry(fs::path(directory) / storage::kRestoringFolder, error), end;
       !error && entry != end; entry.increment(error)) {
    fs::remove_all(entry->path(), error);
  }
  if (error) return core::invalid("cannot empty " + directory + ": " + error.message());
  return {};
}

Result<void> write_directory(const std::string& folder, const Manifest& manifest,
                             const std::string& target, std::size_t map_bytes,
                             const BackupWatch& watch) {
  auto opened = storage::open_lmdb_storage({.directory = target, .map_bytes = map_bytes});
  if (!opened.ok()) return opened.failure();
  storage::StorageBelow& storage = *opened.value();
  if (auto ready = storage.open_below(); !ready.ok()) return ready.failure();
  return write_parts(folder, manifest, storage, watch);
}

Result<regions::CheckReport> check_directory(const std::string& target, const Manifest& manifest,
                                             const BackupWatch& watch) {
  Result<void> told;
  auto report = regions::check_directory(target, [&](std::string_view, std::uint64_t done) {
    if (told.ok()) told = watch({.stage = "checking", .done = done});
  });
  if (!report.ok()) return report;
  if (!told.ok()) return told.failure();
  if (report.value().rows == manifest.rows && report.value().digest == manifest.digest) {
    return report;
  }
  return core::corrupt("the directory was written, but has " + std::to_string(report.value().rows) +
                       " rows with digest " + core::to_string(report.value().digest) +
                       " instead of " + std::to_string(manifest.rows) + " with " +
                       core::to_string(manifest.digest) + ": is its disk sound?");
}

}  // namespace

Result<void> write_parts(const std::string& folder, const Manifest& manifest,
                         storage::StorageBelow& storage, const BackupWatch& watch) {
  PartsWriter out(storage, manifest, watch);
  for (const BackupFile& file : manifest.files) {
    const auto* const part = std::ranges::find(kParts, file.part, &Part::name);
    FileEntries entries(folder, file);
    for (;;) {
      const Result<bool> more = entries.next();
      if (!more.ok()) return more.failure();
      if (!more.value()) break;
      if (auto added = out.add(*part, entries.key(), entries.value()); !added.ok()) return added;
    }
  }
  return out.finish();
}

Result<Restoration> restore_backup(const std::string& folder, const std::string& directory,
                                   const regions::Signatures* signatures, const BackupWatch& watch,
                                   std::size_t map_bytes) {
  const auto manifest = read_manifest(folder);
  if (!manifest.ok()) return manifest.failure();
  const auto unfinished = look_at_directory(directory);
  if (!unfinished.ok()) return unfinished.failure();
  const auto made = mark_unfinished(directory);
  if (!made.ok()) return made.failure();
  const auto lock = storage::DirectoryLock::acquire(directory);
  if (!lock.ok()) return lock.failure();
  auto verified = verify_files(folder, manifest.value(), signatures, watch);
  if (!verified.ok()) return verified.failure();
  Restoration done;
  done.anew = unfinished.value();
  done.backup = std::move(verified).value();
  if (done.backup.damaged > 0) {
    if (!unfinished.value()) unmark(directory, made.value());
    return done;
  }
  if (auto empty = empty_directory(directory); !empty.ok()) return empty.failure();
  const std::string target = directory + '/' + storage::kRestoringFolder;
  const auto written = write_directory(folder, manifest.value(), target, map_bytes, watch);
  if (!written.ok()) return written.failure();
  auto checked = check_directory(target, manifest.value(), watch);
  if (!checked.ok()) return checked.failure();
  done.check = std::move(checked).value();
  const auto moved = storage::move_lmdb_storage(directory, storage::kRestoringFolder);
  if (!moved.ok()) return moved.failure();
  return done;
}

}  // namespace anabranch::leader
