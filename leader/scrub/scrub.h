// One round of reading all that is stored: each value of the tables, and each record of the log.
// Damage is noted where it is read (storage/sealed_values.h, regions/state/sound_log.h), from where
// it is named and mended, and passed over here.
//
// A slice reads the newest state, and holds it for its own time only. What is written behind the
// place of a round was verified when it was made.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "regions/state/log_reader.h"
#include "storage/storage.h"

namespace anabranch::leader {

// How far a round is.
struct ScrubPlace {
  std::size_t part = 0;            // The table; behind the last one the log.
  std::string key;                 // In the table: of the last value that was read.
  storage::Position position = 0;  // In the log: of the next record.
  std::uint64_t done = 0;          // Values and records that were read.
  bool operator==(const ScrubPlace&) const = default;
};

// For one thread at a time.
class Scrub {
 public:
  static constexpr std::uint64_t kEntriesMax = 256;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 20U;

  // Both must outlive this.
  Scrub(const storage::Storage& storage, const regions::LogReader& log, ScrubPlace from)
      : storage_(storage), log_(log), place_(std::move(from)) {}

  // Reads the next values or records, up to kEntriesMax and about kBytesMax; returns whether there
  // is more. Throws Error{kIo} if the system cannot read.
  bool slice();
  [[nodiscard]] const ScrubPlace& place() const { return place_; }
  // The damaged values that slices have met.
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
  // About how many values and records there are in all.
  [[nodiscard]] std::uint64_t total() const;

 private:
  bool read_table();
  bool read_log();

  const storage::Storage& storage_;
  const regions::LogReader& log_;
  ScrubPlace place_;
  std::uint64_t damaged_ = 0;
};

// Where a round is, in words: "rows", "log".
[[nodiscard]] const char* part_name(const ScrubPlace& place);

}  // namespace anabranch::leader
