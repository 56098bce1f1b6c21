// Finds the segments of a write-ahead log and its end, and changes nothing. docs/formats.md and
// wal_recovery.h have the rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/result.h"
#include "storage/wal/files.h"
#include "storage/wal/wal_recovery.h"
#include "storage/wal/wal_segment.h"

namespace anabranch::storage {

// The segments of a folder, the oldest first, and the names of those that are none of the log: an
// opening began anew before them, or one between them and the others is missing.
struct FoundSegments {
  std::vector<Segment> segments;
  std::vector<std::string> strays;
  std::vector<SegmentName> names;  // Of all of them.
  std::uint64_t opening = 0;       // The greatest number of an opening.

  // Finds the segments; those that do not join one with `base` are strays.
  static core::Result<FoundSegments> in(Files& files, std::uint64_t base);
};

// Returns the segments, by their places, without those that begin at or behind one of a later
// opening, since it began anew there; adds the names of these to `strays`.
std::vector<SegmentName> without_replaced(std::vector<SegmentName> names,
                                          std::vector<std::string>& strays);

// Where the log ends.
struct LogEnd {
  static constexpr std::size_t kPassedMax = 20;

  std::uint64_t end = 0;
  std::uint64_t synced = 0;  // It is known that the log was on disk to here.
  std::uint64_t sound = 0;   // All records of the last segment from here to the end are sound.
  Position position = 0;     // The greatest that is given already, before the end or by the base.
  Position next = 1;         // Of the next batch at the end, by the records before it.
  bool more = false;         // Records or segments lie behind the end.
  bool closed = false;       // The last record closes its opening.
  std::uint64_t redone = 0;
  // The positions, about, of damage in what the tables have: the first ones.
  std::vector<Position> passed = {};
};

// Walks over the records from the segment with the base on, and gives `redo` those behind it. Adds
// to the index of these segments.
class LogEndSearch {
 public:
  LogEndSearch(std::vector<Segment>& segments, const WalBase& base, const Redo& redo);
  core::Result<LogEnd> run();

 private:
  // Goes to the next segment if it begins here; returns whether it does.
  bool enter_next();
  // Passes over damage in what the tables have; returns whether the walk goes on.
  core::Result<bool> pass_damage(const FoundRecord& found);
  void note_passed();
  core::Result<bool> take(const FoundRecord& found);
  core::Result<bool> step();
  // Looks at all behind the end, for how far the log was on disk.
  core::Result<void> look_behind();
  core::Result<void> look_through(const Segment& segment, std::uint64_t place);

  std::vector<Segment>& segments_;
  const WalBase& base_;
  const Redo& redo_;
  std::size_t at_ = 0;  // The segment of the walk.
  SegmentScan scan_;
  LogEnd found_;
};

}  // namespace anabranch::storage
