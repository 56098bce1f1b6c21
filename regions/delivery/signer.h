// Signs the positions of this region's origins, keeps the newest signed position of every origin
// that is applied here, and says when which is to be passed on. Without signatures it does nothing.
//
// An own position is signed as soon as it is durable, but not more often than every kSignMs: a lone
// write is signed at once, a stream of them every few milliseconds. Besides, each batch carries the
// signature of the position before it: for who catches up, and for who has to stop between two
// positions because what comes next waits for another origin. Could that not be proven to others,
// two leaders that follow two origins through each other would wait for ever. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/wall_clock.h"
#include "regions/state/applied.h"
#include "regions/state/head.h"
#include "regions/wire/signatures.h"
#include "regions/wire/standing.h"
#include "storage/storage.h"

namespace anabranch::regions {

class Signer {
 public:
  static constexpr core::Millis kSignMs = 2;
  static constexpr std::size_t kOriginsMax = core::VersionVector::kEntriesMax;
  static constexpr std::size_t kAheadMax = 16;  // Positions of one origin beyond what is applied.

  // All must outlive the signer; `signatures` may be null.
  Signer(const Signatures* signatures, const Identity& identity, const Applied& applied)
      : signatures_(signatures), identity_(identity), applied_(applied) {}
  // Reads what was kept, after `applied` was read. Leaves out the position of another history that
  // a build before 0.1 may have kept.
  core::Result<void> load(const storage::Snapshot& snapshot);

  [[nodiscard]] bool active() const { return signatures_ != nullptr; }
  [[nodiscard]] bool verify(const SignedPosition& position) const;
  // Signs a standing of this region, and checks one of another; without keys nothing is signed, and
  // everything believed.
  void sign(Standing& standing) const;
  [[nodiscard]] bool verify(const Standing& standing) const;

  // The signature that the next own batch carries of the position before it; empty for the first.
  [[nodiscard]] std::string for_batch() const;
  // Signs the own positions that are due, once everything applied is durable: that of the own
  // origin, and what was left unsigned of those before it.
  void sign_due(core::Millis now);
  // When sign_due() wants to be called again; nothing when it does not.
  [[nodiscard]] std::optional<core::Millis> next_ms() const;

  // The own origin is left for another one, perhaps with its last writes unsigned: they are due
  // now, and nobody would ever sign them by the positions that follow.
  void leave() { former_signed_ = false; }
  // Forgets what is signed of an origin: another history comes in its place. What is of this
  // region is signed anew.
  void forget(core::Origin origin);
  // Forgets the positions of an origin beyond what is applied: they may be of another history,
  // which its region has signed, too.
  void forget_ahead(core::Origin origin);
  // What is applied of an origin has gone on, with one batch or a snapshot that begins at `first`.
  // Forgets the positions on its way that are of another history, and those that the snapshot does
  // not tell of.
  void passed(core::Origin origin, core::Seq first);
  // Remembers a position that is known to be signed; of those ahead the nearest ones, the newest,
  // and the end of what was proven last: perhaps nothing behind it ever comes. A region that ran
  // twice has signed two histories: a position of one does not take the place of the other's.
  void keep(const SignedPosition& position);
  void keep_end(const SignedPosition& position);
  // Positions that have become the newest applied ones of their origins since the last call: to be
  // passed on.
  [[nodiscard]] std::vector<SignedPosition> take_news();
  // The newest position of an origin that is applied here; nothing when there is none.
  [[nodiscard]] const SignedPosition* newest(core::Origin origin) const;
  // The rows of meta that have changed since the last call: to be committed with what was applied,
  // so that the proof is never lost before what it proves.
  [[nodiscard]] std::vector<storage::Change> take_changes();
  [[nodiscard]] bool has_changes() const { return !changed_.empty(); }

 private:
  // Where a history of an origin stands.
  using Place = std::pair<core::Seq, core::ChainHash>;
  // Of one origin; the ones beyond what is applied last.
  using Positions = std::map<Place, SignedPosition>;

  [[nodiscard]] static Place place(const SignedPosition& position) {
    return {position.seq, position.chain};
  }
  // The first position of an origin beyond a seq.
  template <typename SomePositions>
  [[nodiscard]] static auto behind(SomePositions& positions, core::Seq seq) {
    return positions.lower_bound({seq + 1, {}});
  }
  [[nodiscard]] SignedPosition sign(core::Origin origin) const;
  [[nodiscard]] bool is_unsigned(core::Origin origin) const;
  // Finds the positions that have become the newest applied ones.
  void look();

  const Signatures* signatures_;
  const Identity& identity_;
  const Applied& applied_;
  std::map<core::Origin, Positions> positions_;
  std::map<core::Origin, Place> ends_;      // Of what was proven last.
  std::map<core::Origin, core::Seq> told_;  // The newest that take_news() gave.
  std::vector<SignedPosition> news_;        // Of those, the ones that are not passed on yet.
  std::vector<core::Origin> changed_;
  core::Millis signed_ms_ = -kSignMs;
  core::Millis due_ms_ = -1;    // When the next signature may be made; -1 when none waits.
  bool former_signed_ = false;  // Nothing is left unsigned of the incarnations before this one.
};

}  // namespace anabranch::regions
