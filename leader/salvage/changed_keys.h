// All that was written since a loss, by anybody but the salvage: read from the log, a few records
// at a time. Keys are remembered by a hash; one that has the hash of another counts as changed,
// too. Not thread-safe.
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "core/path.h"
#include "core/version_vector.h"
#include "regions/state/lost_log.h"
#include "regions/state/sound_log.h"

namespace anabranch::leader {

class ChangedKeys {
 public:
  // All that happened behind `left`, the vector at the position `from`. Both references must
  // outlive this.
  ChangedKeys(const regions::LogReader& log, const regions::LostLog& lost, storage::Position from,
              core::VersionVector left);
  // Reads so many records at most; returns whether there are more.
  bool read(std::size_t records);
  // Whether the log has told all that leads to this vector. Records that were trimmed, or came in a
  // snapshot, it has not.
  [[nodiscard]] bool complete(const core::VersionVector& now) const;
  // Whether any row of the key of a path was written.
  [[nodiscard]] bool contain(const core::Path& path) const;
  // The part of a path that is decided as a whole: its key; in the mesh's own space a request, or
  // else all of it. Encoded.
  [[nodiscard]] static std::string_view unit_of(const core::Path& path);

 private:
  void take(const storage::StoredRecord& record);
  void take(const core::Op& op);
  [[nodiscard]] bool is_salvage(const storage::StoredRecord& record) const;

  const regions::LogReader& log_;
  const regions::LostLog& lost_;
  storage::Position next_;
  core::VersionVector told_;
  bool gap_ = false;
  std::unordered_set<std::uint64_t> units_;
  std::vector<core::Path> above_;  // Prefixes of many keys that were cleared.
};

}  // namespace anabranch::leader
