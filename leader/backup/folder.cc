#include "leader/backup/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "core/system/standard_descriptors.h"

namespace anabranch::leader {

namespace fs = std::filesystem;
using core::Failure;
using core::Result;

namespace {

constexpr mode_t kFolderMode = 0700;
constexpr mode_t kFileMode = 0600;
constexpr std::string_view kNewManifest = "manifest.new";
constexpr std::string_view kMarkText =
    "This backup was not finished. `anabranch backup` with this folder begins it anew.\n";
// Files and vectors of the greatest mesh, and to spare.
constexpr std::size_t kManifestBytesMax = std::size_t{256} << 20U;

std::string file_in(const std::string& path, std::string_view name) {
  return path + '/' + std::string(name);
}

Failure about(const std::string& path, const std::string& text) {
  return core::invalid("the folder " + path + " " + text);
}

// Whether a path leads into the data directory, also through links.
bool lies_in(const fs::path& path, const fs::path& data) {
  std::error_code error;
  const fs::path inner = fs::weakly_canonical(path, error);
  const fs::path outer = error ? fs::path() : fs::weakly_canonical(data, error);
  if (error || outer.empty()) return false;
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

// Returns the names in a folder. Fails if one of them is of no unfinished backup.
Result<std::vector<std::string>> names_in(const std::string& path) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator entry(path, error), end; !error && entry != end;
       entry.increment(error)) {
    names.push_back(entry->path().filename().string());
  }
  if (error) return about(path, "cannot be read: " + error.message());
  if (std::ranges::count(names, kManifestFile) > 0) {
    return about(path, "has a backup already: name a new one for each backup");
  }
  const bool is_ours = names.empty() || std::ranges::count(names, kUnfinishedFile) > 0;
  for (const std::string& name : names) {
    if (is_ours && (is_backup_file(name) || name == kUnfinishedFile || name == kNewManifest)) {
      continue;
    }
    return about(path, "holds something else (found \"" + name + "\"): name a new or empty one");
  }
  return names;
}

// Opens the mark and locks it.
Result<Descriptor> lock_mark(const std::string& path) {
  const std::string mark = file_in(path, kUnfinishedFile);
  Descriptor file(
      core::above_standard(::open(mark.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, kFileMode)));
  if (!file.open()) return file_failure("cannot create", mark);
  if (::flock(file.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return file_failure("cannot lock", mark);
    return Failure{ErrorCode::kBusy, "another backup is being written to " + path};
  }
  // The one before may have finished and removed it meanwhile.
  struct stat opened {};
  struct stat there {};
  if (::fstat(file.get(), &opened) != 0 || ::stat(mark.c_str(), &there) != 0 ||
      opened.st_ino != there.st_ino) {
    return Failure{ErrorCode::kBusy, "another backup was being written to " + path};
  }
  return file;
}

// A folder that is there already may have a name that is not on disk yet.
Result<void> make_folder(const std::string& path) {
  if (::mkdir(path.c_str(), kFolderMode) != 0) {
    if (errno != EEXIST) return file_failure("cannot create the folder", path);
    std::error_code error;
    if (!fs::is_directory(path, error)) return about(path, "is no folder");
  }
  return sync_folder(fs::path(path).parent_path().string());
}

}  // namespace

Result<BackupFolder> BackupFolder::take(const std::string& path, const std::string& data) {
  fs::path whole = fs::path(path).lexically_normal();
  if (!whole.has_filename()) whole = whole.parent_path();
  if (!whole.is_absolute() || !whole.has_filename()) {
    return core::invalid("a backup needs the absolute path of a folder");
  }
  if (lies_in(whole, data)) {
    return about(whole.string(), "lies in the data directory: name one outside");
  }
  const std::string folder = whole.string();
  if (auto made = make_folder(folder); !made.ok()) return made.failure();
  if (auto names = names_in(folder); !names.ok()) return names.failure();
  auto mark = lock_mark(folder);
  if (!mark.ok()) return mark.failure();
  // Under the lock: what another one has left.
  const auto names = names_in(folder);
  if (!names.ok()) return names.failure();
  const std::string mark_path = file_in(folder, kUnfinishedFile);
  struct stat marked {};
  const bool anew = ::fstat(mark.value().get(), &marked) == 0 && marked.st_size > 0;
  std::error_code error;
  for (const std::string& name : names.value()) {
    if (name != kUnfinishedFile) fs::remove(file_in(folder, name), error);
    if (error) return about(folder, "cannot be emptied: " + error.message());
  }
  if (!anew) {
    if (auto written = write_whole(mark.value(), mark_path, kMarkText); !written.ok()) {
      return written.failure();
    }
    if (auto synced = sync_file(mark.value(), mark_path); !synced.ok()) return synced.failure();
  }
  if (auto synced = sync_folder(folder); !synced.ok()) return synced.failure();
  return BackupFolder(folder, std::move(mark).value(), anew);
}

Result<void> BackupFolder::finish(const Manifest& manifest) const {
  const std::string made = file_in(path_, kNewManifest);
  const std::string text = encode_manifest(manifest);
  if (auto synced = sync_folder(path_); !synced.ok()) return synced;
  if (auto written = write_new_file(made, text); !written.ok()) return written;
  const std::string target = file_in(path_, kManifestFile);
  if (::rename(made.c_str(), target.c_str()) != 0) return file_failure("cannot rename", made);
  if (auto synced = sync_folder(path_); !synced.ok()) return synced;
  const std::string mark = file_in(path_, kUnfinishedFile);
  if (::unlink(mark.c_str()) != 0) return file_failure("cannot remove", mark);
  return sync_folder(path_);
}

Result<Manifest> read_manifest(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return core::invalid("there is no folder " + path);
  if (!fs::exists(file_in(path, kManifestFile), error)) {
    if (fs::exists(file_in(path, kUnfinishedFile), error)) {
      return about(path, "has a backup that was not finished: it cannot be used");
    }
    return about(path, "has no backup: there is no file \"manifest\" in it");
  }
  const auto text = read_small_file(file_in(path, kManifestFile), kManifestBytesMax);
  if (!text.ok()) return text.failure();
  auto manifest = decode_manifest(text.value());
  if (manifest.ok()) return manifest;
  return Failure{manifest.failure().code,
                 "the manifest of the backup " + path + ": " + manifest.failure().message};
}

}  // namespace anabranch::leader
