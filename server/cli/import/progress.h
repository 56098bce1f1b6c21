// How far an import is, as a file: a run that is stopped in whatever way goes on from it.
//
// Idea: a position from which the source is read again, and the keys that may have been written
// since. A later run knows by them that a key that it finds at the target is its own, perhaps half
// written, and writes it anew.
// Invariants: 1. no key is written before the file names it; 2. the file names a key of an earlier
// run until this run has written it: it may be half written until then.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "core/result.h"
#include "server/cli/import/key_sink.h"
#include "server/cli/import/report.h"

namespace anabranch::server::cli {

// Not thread-safe.
class Progress {
 public:
  // In `folder`, for this source and this target. Reads nothing and writes nothing.
  Progress(const std::string& folder, const std::string& from, const std::string& to);

  // Reads the file. Returns false if there is none. Fails if it cannot be read, or is no such file.
  core::Result<bool> load();
  // Writes the file; after a crash it is the old one or the new one.
  core::Result<void> save();
  // Removes the file, for an import that is done.
  core::Result<void> remove();

  // Goes on from a position: all before it is written. `report` is that of this moment.
  void move_to(const Position& position, const Report& report);
  // Names a key that will be written.
  void claim(std::uint32_t database, const std::string& key);
  // Whether it is named, by this run or the one before.
  [[nodiscard]] bool has(std::uint32_t database, const std::string& key) const;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] const std::optional<Position>& position() const { return position_; }
  [[nodiscard]] const Report& report() const { return report_; }
  // Forgets the position if the source is in another state now, and returns true. Keys stay named.
  bool set_source_state(const std::string& state);

 private:
  std::string path_;
  std::string from_;
  std::string to_;
  std::string source_state_;  // Positions belong to it: the run of a server, the time of a file.
  std::optional<Position> position_;
  Report report_;
  using Keys = std::set<std::pair<std::uint32_t, std::string>>;
  Keys keys_;     // Since the position, by this run.
  Keys earlier_;  // By earlier runs; this one has not written them yet.
};

}  // namespace anabranch::server::cli
