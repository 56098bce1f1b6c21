#include "storage/engine/open_storage.h"

#include <filesystem>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "storage/wal/posix_files.h"

namespace anabranch::storage {
namespace {

using core::Result;
namespace fs = std::filesystem;

constexpr const char* kLogFolder = "wal";

// The log of a directory that has none: it cannot be begun.
class NoFiles final : public Files {
 public:
  Result<std::unique_ptr<File>> open(const std::string& /*name*/) override { return none(); }
  Result<std::unique_ptr<File>> create(const std::string& /*name*/) override { return none(); }
  Result<void> rename(const std::string& /*from*/, const std::string& /*to*/) override {
    return none();
  }
  Result<void> remove(const std::string& /*name*/) override { return none(); }
  [[nodiscard]] Result<std::vector<std::string>> list() const override {
    return std::vector<std::string>();
  }
  [[nodiscard]] Result<bool> has(const std::string& /*name*/) const override { return false; }
  Result<void> sync_folder() override { return none(); }
  [[nodiscard]] Result<void> check_there() const override { return {}; }

 private:
  static core::Failure none() { return {ErrorCode::kIo, "there is no folder for a log"}; }
};

Result<std::unique_ptr<Files>> make_log_folder(const std::string& directory,
                                               const fs::path& folder) {
  std::error_code error;
  if (fs::create_directory(folder, error)) {
    fs::permissions(folder, fs::perms::owner_all, error);
    if (auto synced = posix_files(directory)->sync_folder(); !synced.ok()) return synced.failure();
  }
  if (error) {
    return core::Failure{ErrorCode::kIo, "data directory " + directory + ": cannot create " +
                                             folder.string() + ": " + error.message()};
  }
  return posix_files(folder.string());
}

// A directory that is only looked at gets no folder.
Result<std::unique_ptr<Files>> log_files(const std::string& directory, bool look) {
  std::error_code error;
  // Independent of the working directory, which may change later.
  const fs::path folder = fs::absolute(directory, error) / kLogFolder;
  if (look && !fs::exists(folder, error))
    return std::unique_ptr<Files>(std::make_unique<NoFiles>());
  return make_log_folder(directory, folder);
}

}  // namespace

std::unique_ptr<Files> log_files_of(const std::string& directory) {
  std::error_code error;
  return posix_files((fs::absolute(directory, error) / kLogFolder).string());
}

Result<std::unique_ptr<WholeStorage>> open_storage(const StorageOptions& options) {
  LmdbOptions below = options.tables;
  below.look = options.engine.look;
  auto tables = open_lmdb_storage(below);
  if (!tables.ok()) return tables.failure();
  auto files = log_files(below.directory, below.look);
  if (!files.ok()) return files.failure();
  return open_engine_storage(std::move(tables).value(), std::move(files).value(), options.engine);
}

}  // namespace anabranch::storage
