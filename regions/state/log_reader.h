// The log as the protocol reads it.
#pragma once

#include <optional>

#include "regions/state/record_ends.h"
#include "storage/storage.h"

namespace anabranch::regions {

class LogReader {
 public:
  LogReader() = default;
  LogReader(const LogReader&) = delete;
  LogReader& operator=(const LogReader&) = delete;
  virtual ~LogReader() = default;

  // The first record at or after `position`; nothing at the end of the log.
  [[nodiscard]] virtual std::optional<storage::StoredRecord> read_log(
      storage::Position position) const = 0;
  // The position of the first record of `origin` whose last seq is at least `seq`; nothing when the
  // log has none.
  [[nodiscard]] virtual std::optional<storage::Position> find(core::Origin origin,
                                                              core::Seq seq) const = 0;
  // The ends of the first record of `origin` whose last seq is at least `seq`; nothing when the log
  // has none, or when the allowance, if there is one, does not let it be read.
  [[nodiscard]] virtual std::optional<RecordEnds> ends(core::Origin origin, core::Seq seq,
                                                       Wanted wanted,
                                                       ReadAllowance* allowance) const = 0;
  // Of a reader that has come from `from` to `to` and found no record between: returns whether it
  // has passed one over, since that is trimmed or damaged. In a hole of the log
  // (storage/log_hole.h) there was none.
  [[nodiscard]] virtual bool lacks(storage::Position from, storage::Position to) const = 0;
  // Returns its region's signature of the position before a batch that carries none, as far as one
  // is known; empty when not.
  [[nodiscard]] virtual std::string signature_before(
      const storage::StoredRecord& /*record*/) const {
    return {};
  }
  // The last record of the log, and the last one that survives power loss.
  [[nodiscard]] virtual storage::Position last_position() const = 0;
  [[nodiscard]] virtual storage::Position durable_position() const = 0;
  // Returns whether the whole log survives power loss.
  [[nodiscard]] bool is_durable() const { return durable_position() == last_position(); }
};

}  // namespace anabranch::regions
