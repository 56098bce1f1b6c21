// The lost ops of a key that were left alone, since the key had changed: read in steps, and written
// again in one transaction, beside all that the key has now. They take away all that they had seen,
// and each other, and nothing that came later: values stay as siblings, additions add up. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/number.h"
#include "core/path.h"
#include "leader/salvage/lost_batches.h"
#include "leader/salvage/lost_ops.h"
#include "regions/replica.h"

namespace anabranch::leader {

class LeftKey {
 public:
  // As many are held in memory; a key with more is not taken.
  static constexpr std::size_t kOpsMax = 100'000;

  using LostLog = regions::LostLog;

  // `key` as LostLog::Left has it.
  LeftKey(std::uint64_t loss, std::string key, const LostLog::OpPlace& from,
          std::unique_ptr<LostBatches> batches);
  [[nodiscard]] std::uint64_t loss() const { return loss_; }
  [[nodiscard]] const std::string& key() const { return key_; }
  // The ops that were left alone.
  [[nodiscard]] std::uint64_t ops() const { return ops_; }

  // Reads so many records at most; returns whether there are more. Fails with kInvalid when the key
  // has too many ops.
  core::Result<bool> read(std::size_t records, const regions::Replica& replica,
                          const IsOwn& is_own);
  // Stages all of it.
  void write(regions::Replica& replica, const rows::Resolvers& resolvers,
             regions::OpenTransaction& txn, std::vector<LostLog::Written>& written) const;

 private:
  struct Row {
    std::vector<std::pair<core::Dot, std::string>> values;
    core::VersionVector seen;  // All that was removed, or replaced.
    core::Number added;        // Since it was reset...
    core::Number before;       // ...by ops that were written again before.
    std::map<core::Origin, core::ObservedSlot> observed;
  };

  // Takes the ops of the own batches of a record.
  void take(const LostBatches::Record& record, const std::vector<core::Batch>& own,
            const regions::Replica& replica);
  void take(core::Dot was, const core::Op& op, bool left, const core::VersionVector& seen);
  void take(const core::Op& op, core::Dot was, Row& row, bool left,
            const core::VersionVector& seen);
  void reset(Row& row, const std::vector<core::ObservedSlot>& observed) const;
  void write_row(const core::Path& path, const Row& row, LostOps& ops,
                 regions::OpenTransaction& txn) const;

  const std::uint64_t loss_;
  const std::string key_;
  const core::Path prefix_;
  const LostLog::OpPlace from_;
  std::unique_ptr<LostBatches> batches_;
  bool found_ = false;  // All of them.
  bool left_ = false;   // From here on ops were left alone.
  std::uint64_t ops_ = 0;
  std::map<core::Origin, core::VersionVector> deps_;
  std::map<core::Path, Row> rows_;
  // Clears: their prefixes, and all that they had seen.
  std::vector<std::pair<core::Path, core::VersionVector>> clears_;
};

}  // namespace anabranch::leader
