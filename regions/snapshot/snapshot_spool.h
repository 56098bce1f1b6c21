// A snapshot as it is spooled and travels: the whole state of one replica at one moment.
//
//   header   id, how many rows, and the head of every origin
//   row ...  path and row, in the order of row keys
//   end      the number of rows, the sum of their digests, and a checksum of all bytes before
//
// Each item is a varint length and that many bytes, the first of which is the kind of item. Origins
// in rows are numbered in the order in which the header lists them, so that a snapshot is complete
// in itself. Rows carry all that a merge needs: tallies with bases and resets, dead slots included.
// docs/formats.md draws it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/origin_table.h"
#include "core/path.h"
#include "core/result.h"
#include "crdt/row.h"
#include "regions/state/head.h"
#include "regions/wire/chain_marks.h"
#include "storage/storage.h"

namespace anabranch::regions {

struct SnapshotHeader {
  static constexpr std::uint64_t kFormat = 1;

  std::uint64_t id = 0;
  std::uint64_t rows = 0;  // As the table says; for progress. The end has the exact number.
  std::map<core::Origin, Head> heads;
  ChainMarks checkpoints;

  [[nodiscard]] core::VersionVector vector() const;
  // The chain hash of every head.
  [[nodiscard]] ChainMarks newest() const;
};

struct SnapshotEnd {
  std::uint64_t rows = 0;
  core::Hash128 digest;    // Of the rows that count, as regions compare it.
  core::Hash128 checksum;  // Of every byte before.
  bool operator==(const SnapshotEnd&) const = default;
};

// Writes a snapshot, piece by piece. Not thread-safe.
class SnapshotWriter {
 public:
  // Begins with the header.
  explicit SnapshotWriter(const SnapshotHeader& header);
  // The next row. Every origin in it must be in the header.
  void row(const core::Path& path, const crdt::Row& row);
  void end();
  [[nodiscard]] std::uint64_t rows() const { return end_.rows; }
  // Returns the bytes written since the last call.
  [[nodiscard]] std::string take();
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

 private:
  core::OriginTable origins_;
  SnapshotEnd end_;
  std::string bytes_;
};

// Reads a snapshot off a spool that may still grow, in pieces. Checks everything that needs no
// other data: order, bounds, that each dot is covered by the vector, and, at the end, number and
// digest. Not thread-safe.
class SnapshotScan {
 public:
  static constexpr std::size_t kItemBytesMax = std::size_t{256} << 20U;

  // The spool must outlive the scan.
  explicit SnapshotScan(const storage::Spool& spool) : spool_(spool) {}

  enum class Item : std::uint8_t { kNothing, kHeader, kRow, kEnd };
  // Reads the next item; kNothing when it has not arrived yet. Fails with kCorrupt, and when the
  // spool cannot be read.
  core::Result<Item> next();

  // The header, once it was read.
  [[nodiscard]] const SnapshotHeader& header() const { return header_; }
  [[nodiscard]] const core::VersionVector& vector() const { return vector_; }
  // The row that next() read.
  [[nodiscard]] const std::string& key() const { return key_; }
  [[nodiscard]] const core::Path& path() const { return path_; }
  [[nodiscard]] const crdt::Row& row() const { return row_; }
  // The numbers of rows and bytes read.
  [[nodiscard]] std::uint64_t rows() const { return sum_.rows; }
  [[nodiscard]] std::uint64_t bytes() const { return read_to_ - (buffer_.size() - at_); }

 private:
  // The next item's bytes, or nullopt when they have not arrived yet; valid until the next call.
  core::Result<std::optional<std::string_view>> take();
  // Makes at least `size` unread bytes available, if the spool has them.
  core::Result<bool> fill(std::size_t size);
  core::Result<void> read_header(std::string_view bytes);
  core::Result<void> read_row(std::string_view bytes);
  core::Result<void> read_end(std::string_view bytes);
  [[nodiscard]] bool covered(const crdt::Row& row) const;

  const storage::Spool& spool_;
  std::string buffer_;
  std::size_t at_ = 0;
  std::uint64_t read_to_ = 0;  // The end of the buffer in the spool.
  bool begun_ = false;
  bool ended_ = false;
  SnapshotHeader header_;
  core::VersionVector vector_;
  core::OriginTable origins_;
  std::string key_;
  core::Path path_;
  crdt::Row row_;
  SnapshotEnd sum_;
};

}  // namespace anabranch::regions
