#include "storage/lmdb_directory.h"

#include <fcntl.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <system_error>

#include "storage/lmdb_meta.h"
#include "storage/lmdb_place.h"
#include "storage/lmdb_readers.h"
#include "storage/lmdb_sealing.h"

namespace anabranch::storage {
namespace {

namespace fs = std::filesystem;
using core::Failure;
using core::Result;

constexpr std::string_view kCreatingFolder = "creating";
constexpr const char* kLogName = "log";
constexpr const char* kLogIndexName = "log_index";
constexpr const char* kMarkerName = "anabranch";

// Adds the directory to the message of a failure.
Failure in_directory(const std::string& directory, const Failure& failure) {
  return {failure.code, "data directory " + directory + ": " + failure.message};
}

LmdbEnvOptions env_options(const LmdbOptions& options) {
  // Some places are left to LMDB's own tools.
  constexpr unsigned kReadersOfTools = 16;
  constexpr unsigned kTablesMax = 20;
  return {.map_bytes = options.map_bytes,
          .readers_max = LmdbReaders::places(options.readers_max) + kReadersOfTools,
          .tables_max = kTablesMax};
}

// Refuses a directory that has contents but no data of ours, before writing to it.
Result<void> check_not_foreign(const fs::path& directory) {
  std::error_code error;
  if (!fs::is_directory(directory, error)) return {};
  if (fs::exists(directory / LmdbEnv::kDataFile, error)) return {};
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name == DirectoryLock::kFile || name == LmdbEnv::kLockFile || name == kCreatingFolder) {
      continue;
    }
    // The control socket of a leader that was killed; one that is opened replaces it.
    std::error_code unknown;
    if (name == "control" && entry->is_socket(unknown)) continue;
    if (name == kRestoringFolder) {
      return core::invalid(
          "a restoration into it has not ended (found \"restoring\"): give the same `anabranch "
          "restore` again, or remove the directory");
    }
    return core::invalid("it holds something else (found \"" + name + "\"), use an empty one");
  }
  if (error) return core::invalid("cannot list it: " + error.message());
  return {};
}

Result<void> sync_folder(const fs::path& folder) {
  const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = file >= 0 && ::fsync(file) == 0;
  const std::error_code error(errno, std::generic_category());
  if (file >= 0) ::close(file);
  if (!synced) return Failure{ErrorCode::kIo, "fsync of the directory: " + error.message()};
  return {};
}

Result<void> create_each_table(LmdbTxn& txn) {
  for (std::size_t i = 0; i < kStoredTableCount; ++i) {
    const auto table = txn.open_table(table_name(static_cast<Table>(i)), true);
    if (!table.ok()) return table.failure();
  }
  return {};
}

Result<void> create_tables(LmdbTxn& txn) {
  if (auto opened = create_each_table(txn); !opened.ok()) return opened;
  for (const char* name : {kLogName, kLogIndexName}) {
    if (const auto table = txn.open_table(name, true); !table.ok()) return table.failure();
  }
  const auto marker = txn.open_table(kMarkerName, true);
  if (!marker.ok()) return marker.failure();
  if (const auto put = txn.put(marker.value(), kFormatKey, big_endian(kEngineFormat)); !put.ok()) {
    return put.failure();
  }
  return txn.commit();
}

// Creates the environment in a folder of its own and moves it to its place when it is complete.
Result<void> create_data_file(const fs::path& directory, const LmdbEnvOptions& options) {
  const fs::path folder = directory / kCreatingFolder;
  std::error_code error;
  fs::remove_all(folder, error);
  if (!fs::create_directory(folder, error)) {
    return Failure{ErrorCode::kInvalid, "cannot create a file in it: " + error.message()};
  }
  {
    Result<LmdbEnv> env = LmdbEnv::open(folder.string(), options);
    if (!env.ok()) return env.failure();
    Result<LmdbTxn> txn = env.value().begin_write();
    if (!txn.ok()) return txn.failure();
    if (auto created = create_tables(txn.value()); !created.ok()) return created;
  }
  fs::rename(folder / LmdbEnv::kDataFile, directory / LmdbEnv::kDataFile, error);
  if (error) return Failure{ErrorCode::kIo, "rename of its data file: " + error.message()};
  fs::remove_all(folder, error);
  return sync_folder(directory);
}

Result<std::unique_ptr<LmdbEnv>> open_env(const fs::path& directory,
                                          const LmdbEnvOptions& options) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(directory / LmdbEnv::kDataFile, error);
  if (error) return core::invalid("cannot read data.mdb: " + error.message());
  // LMDB would take an empty file for a new one.
  if (size == 0) return core::corrupt("data.mdb is truncated: it is empty");
  const std::string file = (directory / LmdbEnv::kDataFile).string();
  if (const auto checked = check_meta_pages(file); !checked.ok()) return checked.failure();
  Result<LmdbEnv> env = LmdbEnv::open(directory.string(), options);
  if (!env.ok())
    return Failure{env.failure().code, "cannot open data.mdb: " + env.failure().message};
  if (const auto found = env.value().find_map(); !found.ok()) return found.failure();
  return std::make_unique<LmdbEnv>(std::move(env).value());
}

struct Marker {
  LmdbTable table{};
  std::uint64_t format = 0;
  bool half_sealed = false;
};

Result<Marker> open_marker(LmdbTxn& txn) {
  const Result<LmdbTable> marker = txn.open_table(kMarkerName, false);
  if (!marker.ok()) {
    if (marker.failure().code != ErrorCode::kInvalid) return marker.failure();
    return core::invalid("data.mdb is an LMDB database of another program");
  }
  const LmdbFound<std::string_view> format = txn.get(marker.value(), kFormatKey);
  if (!format.ok()) return format.failure();
  if (!format.value() || format.value()->size() != sizeof(kFormat)) {
    return core::corrupt("data.mdb has no format number");
  }
  const std::uint64_t number = from_big_endian(*format.value());
  if (number < kFormat || number > kEngineFormat) {
    return core::invalid("its format is " + std::to_string(number) + ", this version knows only " +
                         std::to_string(kFormat) + " to " + std::to_string(kEngineFormat));
  }
  const auto sealed = txn.get(marker.value(), kSealedKey);
  if (!sealed.ok()) return sealed.failure();
  return Marker{marker.value(), number, sealed.value().has_value()};
}

// Gives the values of a directory of an earlier format their checksums.
Result<void> set_format(LmdbEnv& env, LmdbTables& tables, bool look) {
  if (look && tables.half_sealed) {
    return core::invalid(
        "its values are being given checksums, which was interrupted: open it with a leader first");
  }
  if (look || (tables.sealed() && !tables.half_sealed)) return {};
  return seal_all_values(env, tables);
}

// Creates the tables that an older version did not have, in the order of open_tables().
Result<void> add_tables(LmdbEnv& env) {
  constexpr std::size_t kOtherTables = 3;  // The log, its index and the marker.
  {
    Result<LmdbTxn> reading = env.begin_read();
    if (!reading.ok()) return reading.failure();
    const Result<std::size_t> tables = reading.value().tables();
    if (!tables.ok()) return tables.failure();
    if (tables.value() >= kStoredTableCount + kOtherTables) return {};
  }
  Result<LmdbTxn> txn = env.begin_write();
  if (!txn.ok()) return txn.failure();
  if (const auto marker = open_marker(txn.value()); !marker.ok()) return marker.failure();
  if (auto opened = create_each_table(txn.value()); !opened.ok()) return opened;
  return txn.value().commit();
}

}  // namespace

Result<LmdbTables> open_tables(LmdbEnv& env) {
  Result<LmdbTxn> begun = env.begin_read();
  if (!begun.ok()) return begun.failure();
  LmdbTxn txn = std::move(begun).value();
  const Result<Marker> marker = open_marker(txn);
  if (!marker.ok()) return marker.failure();
  LmdbTables tables;
  tables.marker = marker.value().table;
  tables.format = marker.value().format;
  tables.half_sealed = marker.value().half_sealed;
  const auto open = [&txn](const char* name, LmdbTable& table) -> Result<void> {
    const Result<LmdbTable> opened = txn.open_table(name, false);
    if (!opened.ok()) return core::corrupt(std::string("data.mdb has no table ") + name);
    table = opened.value();
    return {};
  };
  for (std::size_t i = 0; i < kStoredTableCount; ++i) {
    if (const auto done = open(table_name(static_cast<Table>(i)), tables.by_table.at(i));
        !done.ok()) {
      return done.failure();
    }
  }
  if (const auto done = open(kLogName, tables.log); !done.ok()) return done.failure();
  if (const auto done = open(kLogIndexName, tables.log_index); !done.ok()) return done.failure();
  // Handles stay valid only when the transaction that opened them is committed.
  if (const auto done = txn.commit(); !done.ok()) return done.failure();
  return tables;
}

Result<Generation> current_in(const LmdbTxn& txn, const LmdbTables& tables) {
  const auto swaps = txn.get(tables.marker, kSwappedKey);
  if (!swaps.ok()) return swaps.failure();
  if (!swaps.value()) return Generation{0};
  if (swaps.value()->size() != sizeof(std::uint64_t)) {
    return core::corrupt("the number of swaps cannot be read");
  }
  return static_cast<Generation>(from_big_endian(*swaps.value()) % 2);
}

Result<LmdbDirectory> open_directory(const LmdbOptions& options) {
  const fs::path path = options.directory;
  const auto fail = [&options](const Failure& failure) {
    return in_directory(options.directory, failure);
  };
  if (const auto checked = check_not_foreign(path); !checked.ok()) return fail(checked.failure());
  Result<DirectoryLock> lock = DirectoryLock::acquire(options.directory);
  if (!lock.ok()) return lock.failure();
  std::error_code error;
  if (!fs::exists(path / LmdbEnv::kDataFile, error)) {
    const auto created = create_data_file(path, env_options(options));
    if (!created.ok()) return fail(created.failure());
  } else if (const auto synced = sync_folder(path); !synced.ok()) {
    // The process that gave the file its name may have been killed before it synced that.
    return fail(synced.failure());
  }
  Result<std::unique_ptr<LmdbEnv>> env = open_env(path, env_options(options));
  if (!env.ok()) return fail(env.failure());
  if (const auto added = add_tables(*env.value()); !added.ok()) return fail(added.failure());
  Result<LmdbTables> tables = open_tables(*env.value());
  if (!tables.ok()) return fail(tables.failure());
  const auto formatted = set_format(*env.value(), tables.value(), options.look);
  if (!formatted.ok()) return fail(formatted.failure());
  if (const auto done = env.value()->check_readers(); !done.ok()) return fail(done.failure());
  Result<Place> place = find_place(options.directory);
  if (!place.ok()) return fail(place.failure());
  place.value().failed = lock.value().failed_before();
  return LmdbDirectory{std::move(lock).value(), std::move(env).value(), tables.value(),
                       std::move(place).value()};
}

Result<std::unique_ptr<LmdbEnv>> open_frozen(const LmdbOptions& options) {
  LmdbEnvOptions frozen = env_options(options);
  frozen.frozen = true;
  return open_env(options.directory, frozen);
}

Result<void> move_lmdb_storage(const std::string& directory, const std::string& folder) {
  const fs::path path = directory;
  std::error_code error;
  if (fs::exists(path / LmdbEnv::kDataFile, error)) {
    return in_directory(directory, core::invalid("it has data already"));
  }
  fs::rename(path / folder / LmdbEnv::kDataFile, path / LmdbEnv::kDataFile, error);
  if (error) return Failure{ErrorCode::kIo, "rename of its data file: " + error.message()};
  fs::remove_all(path / folder, error);
  return sync_folder(path);
}

}  // namespace anabranch::storage
