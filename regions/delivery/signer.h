// Signs the positions of this region's origins, keeps the newest signed position of every origin
// that is applied here, and returns the positions to be passed on. Without signatures it does
// nothing.
//
// An own position is signed as soon as it is durable, but not more often than every kSignMs: a lone
// write is signed at once, a stream of them every few milliseconds. Besides, each batch carries the
// signature of the position before it: for a leader that catches up, and for one that must stop
// between two positions because the next batch waits for another origin. If the stop could not be
// proven to others, two leaders that follow two origins through each other would wait for ever. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/wall_clock.h"
#include "regions/state/applied.h"
#include "regions/state/commit.h"
#include "regions/state/head.h"
#include "regions/wire/region_report.h"
#include "regions/wire/signatures.h"
#include "storage/storage.h"

namespace anabranch::regions {

class Signer final : public Participant {
 public:
  static constexpr core::Millis kSignMs = 2;
  static constexpr std::size_t kOriginsMax = core::VersionVector::kEntriesMax;
  static constexpr std::size_t kAheadMax = 16;  // Positions of one origin beyond the applied one.

  // All must outlive the signer; `signatures` may be null.
  Signer(const Signatures* signatures, const Identity& identity, const Applied& applied)
      : signatures_(signatures), identity_(identity), applied_(applied) {}
  // Reads the stored positions, after `applied` was loaded. Leaves out the position of another
  // history that a build before 0.1 may have kept.
  core::Result<void> load(const storage::Snapshot& snapshot);

  [[nodiscard]] bool active() const { return signatures_ != nullptr; }
  [[nodiscard]] bool verify(const SignedPosition& position) const;
  // Returns the signature of a position of this region. Only with keys.
  [[nodiscard]] std::string sign(const SignedPosition& position) const;
  // Signs a report of this region, and checks one of another; without keys no report is signed,
  // and every one is believed.
  void sign(RegionReport& report) const;
  [[nodiscard]] bool verify(const RegionReport& report) const;

  // The signature of the position before the next own batch, for that batch; empty for the first.
  [[nodiscard]] std::string for_batch() const;
  // Signs the own positions that are due, once everything applied is durable: that of the own
  // origin, and the unsigned ones of those before it: no position that follows would prove these.
  void sign_due(core::Millis now);
  // The time at which sign_due() must be called again; nullopt when no signature is due.
  [[nodiscard]] std::optional<core::Millis> next_ms() const;

  // Forgets what is signed of an origin: another history comes in its place. What is of this
  // region is signed anew.
  void forget(core::Origin origin);
  // Forgets the positions of an origin beyond the applied one: they may be of another history that
  // its region has signed, too.
  void forget_ahead(core::Origin origin);
  // Notes that the applied vector has gone on in an origin, with one batch or a snapshot that
  // begins at `first`. Forgets the positions on the way that are of another history, and those that
  // the snapshot does not vouch for.
  void passed(core::Origin origin, core::Seq first);
  // Remembers a position with a checked signature; not one that contradicts the applied history.
  // Of the positions ahead it keeps the nearest ones and the newest; an applied one is never
  // displaced by them. A region that ran twice has signed two histories: a position of one does not
  // displace the other's.
  void keep(const SignedPosition& position);
  // Returns the positions that have become the newest applied ones of their origins since the last
  // call: they must be passed on.
  [[nodiscard]] std::vector<SignedPosition> take_news();
  // The newest position of an origin that is applied here; nullptr when there is none.
  [[nodiscard]] const SignedPosition* newest(core::Origin origin) const;
  // Whether the position that an origin is applied to can be proven to others.
  [[nodiscard]] bool proves_head(core::Origin origin) const;
  // The rows of meta that have changed since the last call: to be committed with what was applied,
  // so that the proof is never lost before what it proves.
  [[nodiscard]] storage::Changes take_changes();
  [[nodiscard]] bool has_changes() const { return !changed_.empty(); }
  void record(Commit& commit) override;
  void applied(core::Origin origin, core::Seq first) override { passed(origin, first); }

 private:
  // A point of one history of an origin.
  using Place = std::pair<core::Seq, core::ChainHash>;
  // Of one origin; those beyond the applied one last.
  using Positions = std::map<Place, SignedPosition>;

  [[nodiscard]] static Place place(const SignedPosition& position) {
    return {position.seq, position.chain};
  }
  // The first position of an origin beyond a seq.
  template <typename SomePositions>
  [[nodiscard]] static auto behind(SomePositions& positions, core::Seq seq) {
    return positions.lower_bound({seq + 1, {}});
  }
  [[nodiscard]] SignedPosition sign_head(core::Origin origin) const;
  [[nodiscard]] bool is_unsigned(core::Origin origin) const;
  // The same for all origins that a swap carries beyond the vector announced to readers.
  void passed_by_swap();
  // Finds the positions that have become the newest applied ones.
  void look();

  const Signatures* signatures_;
  const Identity& identity_;
  const Applied& applied_;
  std::map<core::Origin, Positions> positions_;
  std::map<core::Origin, core::Seq> told_;  // The newest position that take_news() returned.
  std::vector<SignedPosition> news_;        // Of those, the ones that are not passed on yet.
  std::vector<core::Origin> changed_;
  core::Millis signed_ms_ = -kSignMs;
  core::Millis due_ms_ = -1;    // When the next signature may be made; -1 when none waits.
  core::Origin signed_as_ = 0;  // The own origin when signatures were due last.
  bool former_signed_ = false;  // Nothing is left unsigned of the incarnations before this one.
};

}  // namespace anabranch::regions
