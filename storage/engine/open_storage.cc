#include "storage/engine/open_storage.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "storage/wal/posix_files.h"

namespace anabranch::storage {
namespace {

using core::Result;
namespace fs = std::filesystem;

constexpr const char* kLogFolder = "wal";

Result<std::string> make_log_folder(const std::string& directory) {
  std::error_code error;
  // Independent of the working directory, which may change later.
  const fs::path folder = fs::absolute(directory, error) / kLogFolder;
  if (fs::create_directory(folder, error)) {
    fs::permissions(folder, fs::perms::owner_all, error);
    if (auto synced = posix_files(directory)->sync_folder(); !synced.ok()) return synced.failure();
  }
  if (error) {
    return core::Failure{ErrorCode::kIo, "data directory " + directory + ": cannot create " +
                                             folder.string() + ": " + error.message()};
  }
  return folder.string();
}

LmdbFormat format_of(const std::optional<StorageKind>& kind) {
  if (!kind) return LmdbFormat::kAny;
  return *kind == StorageKind::kEngine ? LmdbFormat::kEngine : LmdbFormat::kAlone;
}

}  // namespace

Result<std::unique_ptr<WholeStorage>> open_storage(const StorageOptions& options) {
  LmdbOptions below = options.tables;
  below.format = format_of(options.kind);
  auto tables = open_lmdb_storage(below);
  if (!tables.ok()) return tables.failure();
  if (!tables.value()->has_engine()) {
    return std::unique_ptr<WholeStorage>(std::move(tables).value());
  }
  auto folder = make_log_folder(below.directory);
  if (!folder.ok()) return folder.failure();
  return open_engine_storage(std::move(tables).value(), posix_files(std::move(folder).value()),
                             options.engine);
}

}  // namespace anabranch::storage
