// Keys and values in the files of a backup: the writer and the reader of one part.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "leader/backup/files.h"
#include "leader/backup/manifest.h"
#include "storage/storage.h"
#include "transport/compression.h"

namespace anabranch::leader {

// Writes the files of a part, one after another. Not thread-safe.
class PartWriter {
 public:
  PartWriter(std::string folder, std::string_view part, Manifest& manifest,
             transport::Compressor& compressor);
  // Returns true when a block was written.
  core::Result<bool> add(std::string_view key, std::string_view value);
  core::Result<void> finish();

 private:
  core::Result<void> write_block();
  core::Result<void> end_file();

  const std::string folder_;
  Manifest& manifest_;
  transport::Compressor& compressor_;
  BackupFile next_;
  std::optional<BlockWriter> file_;
  std::string block_;
  std::uint64_t raw_bytes_ = 0;  // Of the file, uncompressed.
};

// Reads one file of a part. Views are valid until the next call.
class FileEntries {
 public:
  FileEntries(std::string folder, const BackupFile& file);
  // Moves to the next entry; returns whether there is one. At the end, and before the first one,
  // all that the manifest says of the file is compared. Failures name file and place.
  core::Result<bool> next();
  [[nodiscard]] std::string_view key() const { return key_; }
  [[nodiscard]] std::string_view value() const { return value_; }
  // The bytes read so far.
  [[nodiscard]] std::uint64_t bytes() const { return reader_ ? reader_->place() : 0; }

 private:
  core::Result<bool> next_block();
  [[nodiscard]] core::Failure failed(const core::Failure& failure) const;

  const std::string folder_;
  const BackupFile& file_;
  std::optional<BlockReader> reader_;
  std::string_view rest_;
  std::string_view key_;
  std::string_view value_;
  std::uint64_t entries_ = 0;
};

// The entry of a record of the log: position, origin, first and last as the key.
std::string log_key(const storage::StoredRecord& record);
// Whether a record says of which ops it is; one that does not is damaged beyond that.
bool names_ops(const storage::StoredRecord& record);
// Returns the record of an entry; its bytes are a copy.
core::Result<storage::StoredRecord> record_of(std::string_view key, std::string_view value);

}  // namespace anabranch::leader
