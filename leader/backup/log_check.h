// Checks the log of a backup: every batch must decode and continue the chain of its origin, the
// heads must be where the log ends, signed positions must have the hashes that are there, and the
// manifest must list each hole.
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/hash.h"
#include "leader/backup/report.h"
#include "regions/state/applied.h"
#include "regions/wire/signatures.h"
#include "storage/log_hole.h"
#include "storage/storage.h"

namespace anabranch::leader {

// Memory grows with origins, not with records.
class LogCheck {
 public:
  LogCheck(const regions::Applied& applied, BackupReport& report)
      : applied_(applied), report_(report) {}

  // A signed position of meta, before the records. `signatures`: null if no keys are known.
  void add_signed(const core::Hash128& mesh, std::string_view bytes,
                  const regions::Signatures* signatures);
  void add(const storage::StoredRecord& record);
  // All records were added.
  void finish();

 private:
  // The end of an origin's log, as far as it has been read.
  struct End {
    core::Seq last = 0;
    core::ChainHash chain{};
    bool sound = true;  // Whether the last record could be read.
  };

  void check_hole(const std::optional<storage::LogHole>& found);
  void check_chain(const storage::StoredRecord& record, const core::Batch& batch, End& end);
  void check_signed(const storage::StoredRecord& record, const core::ChainHash& chain);
  void check_head(core::Origin origin, const End& end);

  const regions::Applied& applied_;
  BackupReport& report_;
  storage::HoleFinder holes_;
  std::size_t holes_listed_ = 0;  // Of those that were found.
  std::map<core::Origin, End> ends_;
  std::map<core::Origin, regions::SignedPosition> signed_;
};

}  // namespace anabranch::leader
