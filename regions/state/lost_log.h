// What this leader's log has lost: batches that were on its disk once and are missing, or may be,
// since an opening has found the log damaged, cut off or gone. It stands, as rows of meta, until
// the hash chain of each origin shows here that all of it came back from others; where it is not
// known how far an origin went, until an operator ends it.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/wall_clock.h"
#include "regions/state/applied.h"
#include "regions/state/chain_hashes.h"
#include "regions/state/commit.h"
#include "storage/log_loss.h"
#include "storage/storage.h"

namespace anabranch::regions {

class LostLog final : public Participant {
 public:
  static constexpr std::size_t kNamedMax = 3;  // So many origins of a loss are named.

  // An origin with batches among the lost ones.
  struct End {
    core::Seq had = 0;        // All up to here was left.
    core::Seq last = 0;       // The last op that was lost, as far as known...
    core::ChainHash chain{};  // ...and the hash there.
    bool back = false;        // It is here again, with all before it.
  };
  // Lost ops that were written again, in order, and perhaps not all of them: of one stretch of ops
  // of this leader, with nothing else in it.
  struct Written {
    core::Origin lost = 0;
    core::Seq first = 0;
    core::Seq last = 0;
    core::Origin now = 0;
    core::Seq now_first = 0;
    core::Seq now_last = 0;
    bool operator==(const Written&) const = default;
    // Whether any of these ops of this leader is one of its ops now.
    [[nodiscard]] bool has(core::Origin of, core::Seq from, core::Seq to) const {
      return now == of && now_first <= to && from <= now_last;
    }
  };
  // An op of a record that is set aside: of the record at a place of a segment the op of this
  // number, from 0, over all its batches.
  struct OpPlace {
    std::string segment;  // Its name in the log; empty before the first record.
    std::uint64_t place = 0;
    std::uint64_t op = 0;
    bool operator==(const OpPlace&) const = default;
    [[nodiscard]] bool is_in_record_of(const OpPlace& other) const {
      return segment == other.segment && place == other.place;
    }
  };
  // A key that had changed since the loss, and its first op that was not written again.
  struct Left {
    std::string key;  // The part of the path, encoded.
    OpPlace from;
    bool operator==(const Left&) const = default;
  };
  // How far the lost writes of this region were written again. Stored with them.
  struct Salvage {
    static constexpr std::size_t kLeftMax = 1000;

    OpPlace next;            // All before it is done.
    std::string after = {};  // Of an op that clears several keys: the last one done.
    bool done = false;       // There is no more.
    std::uint64_t ops = 0;   // Written again.
    std::vector<Written> written = {};
    std::vector<Left> left = {};  // The first ones...
    std::uint64_t left_ops = 0;   // ...and the ops of all of them.
    std::uint64_t unproven = 0;   // Records that nothing proves.
    std::uint64_t batches = 0;    // Records with batches of this region that were proven.
    std::uint64_t other_ops = 0;  // Ops that are not written again by their kind.
    bool operator==(const Salvage&) const = default;
  };
  struct Loss {
    core::Millis found_ms = 0;  // By the wall clock of this leader.
    storage::LogLoss found;
    bool ends_known = false;  // No origin lost more than `ends` says.
    std::map<core::Origin, End> ends;
    bool left_known = false;   // Earlier versions did not note...
    core::VersionVector left;  // ...what was left then.
    Salvage salvage;
  };

  // Both must outlive this.
  LostLog(const Applied& applied, const ChainHashes& chains) : applied_(applied), chains_(chains) {}

  // Reads the losses of earlier openings, once the vector is loaded.
  core::Result<void> load(const storage::Snapshot& snapshot);
  // Takes over the losses that the storage has found; stored with the next commit. One that
  // was taken over before is left as it is.
  void take_over(const std::vector<storage::LogLoss>& losses, core::Millis wall_ms);
  // Forgets all losses, as an operator wants; stored with the next commit.
  void forget();
  // Notes how far the writing again of a loss is; stored with the next commit.
  void note(std::uint64_t number, Salvage salvage);
  // All that can be written again is, and nothing was left alone: of what this region has lost no
  // more is missing. Ends the loss when the rest is back, too.
  void salvaged(std::uint64_t number, const std::set<core::Origin>& own);
  // Returns how many ops of a loss that was written again are still missing: they could not be
  // read.
  [[nodiscard]] std::uint64_t unread(const Loss& loss) const;
  // Returns the loss of which a row of meta tells; fails with kCorrupt.
  static core::Result<Loss> decode(std::string_view bytes);

  [[nodiscard]] const std::map<std::uint64_t, Loss>& all() const { return losses_; }
  [[nodiscard]] bool has_changes() const { return !changed_.empty(); }
  // Returns a sentence for each loss, the oldest first.
  [[nodiscard]] std::vector<std::string> sentences() const;
  // Returns sentences about losses that have ended since the last call.
  [[nodiscard]] std::vector<std::string> take_news();

  void applied(core::Origin origin, core::Seq first) override;
  void record(Commit& commit) override;

 private:
  // Whether the batches behind the damage account for all that is missing.
  [[nodiscard]] bool accounts_for_all(const storage::LogLoss& loss) const;
  void look(core::Origin origin);
  // Whether the history here has the end, with its hash.
  [[nodiscard]] bool is_back(core::Origin origin, const End& end) const;
  // The sentence that tells of its end.
  [[nodiscard]] std::string ended(const Loss& loss) const;
  // Ends a loss of which all is back.
  void settle();

  const Applied& applied_;
  const ChainHashes& chains_;
  std::map<std::uint64_t, Loss> losses_;  // By number.
  std::vector<std::uint64_t> changed_;
  std::vector<std::string> news_;
};

}  // namespace anabranch::regions
