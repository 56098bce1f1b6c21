// The hash chain of every origin, as far as it is known here: chain_hash at the ends of batches,
// which are the same everywhere. Two leaders whose hashes at one position are equal have the same
// history of that origin up to there; where they differ it has forked.
//
// The newest hash is in the head; older ones follow from the log as long as it has the batch or the
// one after it. Some positions are kept for ever, as rows of meta: checkpoints, so that two leaders
// always have a position in common, and those passed to keep(). Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "core/hash.h"
#include "regions/state/applied.h"
#include "regions/state/chain_link.h"
#include "regions/state/log_reader.h"
#include "storage/storage.h"

namespace anabranch::regions {

// The relation of a position that a peer showed to the own history.
enum class Match : std::uint8_t {
  kEqual,
  kDifferent,
  kBeyond,   // The position is beyond this replica's.
  kUnknown,  // The position is so old that its hash is no longer known here.
};

// Returns whether a position of an origin is behind the place where a leader has given way in it.
// `parted` is {origin: end of the common history}.
[[nodiscard]] bool behind_parting(const std::map<core::Origin, core::Seq>& parted,
                                  core::Origin origin, core::Seq seq);

class ChainHashes {
 public:
  // The batch that reaches or crosses each multiple of this is a checkpoint.
  static constexpr core::Seq kCheckpointEvery = 65'536;
  static constexpr std::size_t kToldMax = 1000;  // More than that are told anew.

  // Both must outlive this.
  ChainHashes(const Applied& applied, const LogReader& log) : applied_(applied), log_(log) {}
  // Reads the kept positions, and where this leader has given way.
  core::Result<void> load(const storage::Snapshot& snapshot);

  // Functions with an allowance answer for a peer, and read no more of the log for it than that
  // lets them. Where it runs out, a position counts as not known; the allowance says so.

  // The hash at the end of the batch that ends with `seq`; nullopt when it is not known here, or
  // when no batch ends there. At 0 it is zero.
  [[nodiscard]] std::optional<core::ChainHash> at(core::Origin origin, core::Seq seq,
                                                  ReadAllowance* allowance = nullptr) const;
  // Returns whether a batch of the log goes on beyond `seq` although it begins before: in this
  // history no batch ends there.
  [[nodiscard]] bool within_batch(core::Origin origin, core::Seq seq,
                                  ReadAllowance* allowance = nullptr) const;
  // The hash of the batch that begins behind `seq`; nullopt when the log has none.
  [[nodiscard]] std::optional<core::ChainHash> first_behind(core::Origin origin,
                                                            core::Seq seq) const;
  // Positions of an origin from `from` down, newest first, in steps that double: enough for a peer
  // to find where another history parts from this one.
  [[nodiscard]] std::vector<ChainLink> trail(core::Origin origin, core::Seq from,
                                             ReadAllowance* allowance = nullptr) const;
  // Compares a position that a peer showed, the end of one of its batches.
  [[nodiscard]] Match compare(core::Origin origin, const ChainLink& shown,
                              ReadAllowance* allowance = nullptr) const;
  // Returns whether the position behind which an author wrote a batch, the end of a batch that it
  // had applied, is known to be of another history than the one here. `hash` is the
  // history_hash() there, 0 when the author told none.
  [[nodiscard]] bool differs(core::Origin origin, core::Seq seq, std::uint64_t hash) const;
  // The newest kept position at or below `seq`; the beginning, which all share, when there is none.
  [[nodiscard]] ChainLink checkpoint(core::Origin origin, core::Seq seq) const;

  // Keeps a position for ever, with the next changes that are taken.
  void keep(core::Origin origin, core::Seq seq, const core::ChainHash& hash);
  // The same with the hash that at() returns; returns whether there is one.
  bool keep(core::Origin origin, core::Seq seq);
  // Returns whether the end of a batch is a checkpoint.
  [[nodiscard]] static bool is_checkpoint(core::Seq first, core::Seq last) {
    return (first - 1) / kCheckpointEvery != last / kCheckpointEvery;
  }
  // Takes a position that a peer with the same history has told. It is in memory only.
  void learn(core::Origin origin, const ChainLink& told);
  // Forgets the kept positions of an origin beyond `seq`: another history comes in their place.
  void forget_beyond(core::Origin origin, core::Seq seq);
  // Keeps the end of a batch that was applied, with the hash there, when it is a checkpoint.
  void advance(core::Origin origin, const core::Extent& extent, const core::ChainHash& hash);

  // Notes that this leader has given way in an origin whose histories part behind `common`. It took
  // a snapshot of its present history, so that it knows few hashes of that behind `common`.
  // Stored with the next changes that are taken. Of several places the first one counts.
  void part(core::Origin origin, core::Seq common);
  // {origin: end of the common history} of all origins in which this leader has given way.
  [[nodiscard]] const std::map<core::Origin, core::Seq>& parted() const { return parted_; }

  // The rows of meta that have changed since the last call.
  [[nodiscard]] storage::Changes take_changes();
  [[nodiscard]] bool has_changes() const { return !changed_.empty() || !parted_changed_.empty(); }

 private:
  core::Result<void> load_parted(const storage::Snapshot& snapshot);
  // The newest known position at or below `seq`; nullopt when only the beginning is known.
  [[nodiscard]] std::optional<ChainLink> at_or_below(core::Origin origin, core::Seq seq,
                                                     ReadAllowance* allowance) const;
  using Position = std::pair<core::Origin, core::Seq>;

  // The end of a batch that was applied lately, with its history_hash().
  struct Recent {
    core::Origin origin = 0;
    core::Seq seq = 0;
    std::uint64_t hash = 0;
  };
  static constexpr std::size_t kRecent = 256;
  [[nodiscard]] std::optional<std::uint64_t> find_recent(core::Origin origin, core::Seq seq) const;

  const Applied& applied_;
  const LogReader& log_;
  // All batches that are not committed yet, so that the log lacks them, and some before, since a
  // batch mostly depends on what was applied just before. The newest comes last.
  std::vector<Recent> recent_;
  std::map<Position, core::ChainHash> kept_;
  std::vector<Position> changed_;             // To be written, or, when not kept any more, removed.
  std::map<Position, core::ChainHash> told_;  // By peers; see learn().
  std::map<core::Origin, core::Seq> parted_;
  std::set<core::Origin> parted_changed_;  // To be written.
};

}  // namespace anabranch::regions
