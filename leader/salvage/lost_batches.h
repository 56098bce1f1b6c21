// The batches of a loss, as they are in the files that are set aside (storage/wal/set_aside.h), in
// the order of the log. For a leader, and for programs beside it: it reads these files alone. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/result.h"
#include "core/version_vector.h"
#include "regions/state/lost_log.h"
#include "storage/log_loss.h"
#include "storage/wal/files.h"
#include "storage/wal/set_aside.h"

namespace anabranch::leader {

class LostBatches {
 public:
  struct Record {
    regions::LostLog::OpPlace at;    // Of its first op.
    std::uint64_t end = 0;           // The place behind it.
    storage::Position position = 0;  // Of its first batch.
    bool proven = false;
    std::vector<core::Batch> batches;  // Without those that this version cannot read.
    // The regions of the batches' origins, as the commit stored them.
    std::map<core::Origin, std::string> regions;
    // The losses as noted in the same commit: a batch that they count as written again is no write
    // of a client.
    std::vector<regions::LostLog::Written> written;
  };

  // `files` are those of the log; needed here alone. Fails when the disk does.
  static core::Result<std::unique_ptr<LostBatches>> open(storage::Files& files,
                                                         const storage::LogLoss& loss);
  // Reads on to find them all, a step at a time, each of about a record; returns whether there is
  // more to find. Nothing else may be called before.
  core::Result<bool> search();
  // Goes to the record of an op, or the first one behind it.
  void seek(const regions::LostLog::OpPlace& at);
  // Returns the next record; nullopt at the end.
  core::Result<std::optional<Record>> next();

 private:
  LostBatches(storage::SetAside found, const storage::LogLoss& loss)
      : found_(std::move(found)), search_(found_.segments, loss) {}

  storage::SetAside found_;
  storage::StretchSearch search_;
  std::optional<storage::StretchReader> reader_;
};

// Whether an origin is one of the region; of an origin whose region a record does not tell `is_own`
// decides.
using IsOwn = std::function<bool(core::Origin)>;
bool is_of_region(const LostBatches::Record& record, core::Origin origin, const std::string& region,
                  const IsOwn& is_own);

// Returns the batches of a record that may be written again: those of a region, unless they are
// here already, or were written again themselves. None when nothing proves the record.
std::vector<core::Batch> own_batches(const LostBatches::Record& record,
                                     const core::VersionVector& applied, const std::string& region,
                                     const IsOwn& is_own);

}  // namespace anabranch::leader
