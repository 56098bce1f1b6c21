// A place in the log, behind a version vector, from which batches are read one after another. It
// notices when it cannot go on without a gap: when records were trimmed before it came to them, or
// when a snapshot has brought rows that no record tells of.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/batch.h"
#include "core/hash.h"
#include "core/version_vector.h"
#include "regions/state/log_reader.h"
#include "rows/names.h"
#include "storage/storage.h"

namespace anabranch::leader {

// What a log is read from, and what is needed to tell of it. Any thread may use it; what it names
// must outlive it.
struct LogSource {
  const storage::Storage& storage;
  const regions::LogReader& log;  // Of that, with its sound records only.
  const rows::Names& names;
  std::string region;  // This one.
  core::Hash128 mesh;  // For tokens.
};

// Reads the storage only, so it may be used beside the writer. A value; one thread at a time.
class LogCursor {
 public:
  // Behind all that is committed now. Throws Error{kCorrupt}.
  static LogCursor now(const LogSource& source);
  // Behind what was seen; what lies from `end` on is left to others. Nothing when the log does not
  // reach back that far. Throws as now().
  static std::optional<LogCursor> behind(const LogSource& source, core::VersionVector seen,
                                         storage::Position end);

  // All that lies behind it.
  [[nodiscard]] const core::VersionVector& seen() const { return seen_; }
  // The next record that it reads.
  [[nodiscard]] storage::Position position() const { return position_; }
  // Whether next() would find a gap, or a record up to this position.
  [[nodiscard]] bool before(const LogSource& source, storage::Position last) const {
    return position_ <= last || lost(source);
  }
  // What others have seen besides is passed by.
  void pass_by(const core::VersionVector& seen) { seen_.join(seen); }

  enum class Found {
    kBatch,  // One that was not seen yet, as a whole or in part. It lies behind the cursor now.
    kEnd,    // There is none before the end.
    kLost,   // There is a gap. It stays so: begin anew.
  };
  // The next batch of the records before a position.
  Found next(const LogSource& source, storage::Position end, core::Batch& batch);

 private:
  LogCursor() = default;
  [[nodiscard]] bool lost(const LogSource& source) const;

  core::VersionVector seen_;
  storage::Position position_ = 0;
  std::uint64_t jumps_ = 0;  // PublishedVector::jumps(), as it was before seen_ was read.
  bool gap_ = false;
};

}  // namespace anabranch::leader
