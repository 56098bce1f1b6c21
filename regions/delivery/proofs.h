// The authorship of batches: each waits until a position that its region has signed proves it, also
// one that its region's own leader has sent. Signs, keeps and passes on positions.
//
// Without signatures every batch is believed. Not thread-safe.
#pragma once

#include <map>
#include <string>

#include "core/version_vector.h"
#include "regions/delivery/hold_back_queue.h"
#include "regions/delivery/provenance.h"
#include "regions/delivery/signer.h"
#include "regions/delivery/unproven.h"
#include "regions/exchange/exchange.h"
#include "regions/state/committed.h"
#include "regions/state/group_closed.h"
#include "regions/wire/alarms.h"
#include "regions/wire/signatures.h"

namespace anabranch::regions {

class Proofs final : public Participant {
 public:
  struct Owner {
    CommittedState& state;
    Exchange& exchange;
    Alarms& alarms;
    Effects& effects;
  };

  // All that the owner refers to must outlive this; so must `held`, the place of proven batches,
  // and `signatures`, unless null. Batches that wait here and in `held` share `bytes_max`.
  Proofs(Owner owner, HoldBackQueue& held, const Signatures* signatures, std::size_t bytes_max)
      : owner_(owner),
        held_(held),
        bytes_max_(bytes_max),
        signer_(signatures, owner.state.identity(), owner.state.applied()) {}
  core::Result<void> load(const storage::Snapshot& snapshot) { return signer_.load(snapshot); }

  // Takes a batch in to be applied when it is proven; one of another leader only if it was asked
  // for. `goes_on`: deliverable batches are also applied, and make room.
  void hold(LinkId link, HeldBatch&& held, bool goes_on, core::Millis now);
  // Takes a signed position in; returns whether it was news.
  bool on(LinkId link, const SignedPosition& position, core::Millis now);
  // Forgets the batches that have been applied meanwhile.
  void take_proven(core::Millis now);
  // Sends a link the newest signed positions of some origins, as far as they were not sent there a
  // moment ago.
  void send_positions(LinkId link, const core::VersionVector& origins, core::Millis now);
  // Keeps the proofs that the batches of a slice carry of their ends, as far as an origin now ends
  // there: to be called in the commit of the slice.
  void prove_ends(const std::vector<HeldBatch>& slice);
  // Signs the position before a batch of this region that is logged and carries no signature of it,
  // to be kept beside the batch.
  void sign_beside(const storage::StoredRecord& record);
  // Finds signatures of the positions of origins whose next batch waits for other origins: after a
  // snapshot, which carries none.
  void prove_stops();
  // Asks the sources of origins for the proofs that are missing here of what is applied of them: a
  // snapshot brings none, and a leader that writes its branch again signs no batch. The pause
  // before the next question doubles while an origin goes no further: some can never be proven.
  void ask_for_missing(core::Millis now);
  // Raises alarms for batches that have been waiting for their proof too long.
  void raise_alarms(core::Millis now);
  // Signs the positions that are due, and passes new ones on.
  void sign_and_pass_on(core::Millis now);
  // Whether there is anything to keep that nothing else was committed with for some time.
  [[nodiscard]] bool wants_keeping(core::Millis now) const {
    return signer_.active() && signer_.has_changes() && now >= next_keep_ms_;
  }
  core::Result<void> keep(const GroupClosed& closed, core::Millis now);
  // Drops all that waits of an origin; or all.
  void forget(core::Origin origin) { provenance_.forget(origin); }
  void clear() { provenance_.clear(); }

  void applied(core::Origin origin, core::Seq first) override { signer_.applied(origin, first); }
  void record(Commit& commit) override {
    signer_.record(commit);
    commit.changes.add(owner_.state.log().signatures().take_changes());
  }

  [[nodiscard]] Signer& signer() { return signer_; }
  [[nodiscard]] const Signer& signer() const { return signer_; }
  [[nodiscard]] const Provenance& provenance() const { return provenance_; }
  // The batches that have been waiting for their proof too long.
  [[nodiscard]] const Unproven& unproven() const { return unproven_; }

 private:
  static constexpr core::Millis kAskMs = 1'000;
  static constexpr core::Millis kAskMaxMs = 600'000;
  // The questions for the proof of a position.
  struct Asked {
    core::Seq seq = 0;
    core::Millis pause_ms = kAskMs;
    core::Millis next_ms = 0;
  };

  // Keeps the signature that came beside a batch, if it is true: its region is known now.
  void keep_beside(const HeldBatch& held);
  // Keeps the signature of the position that an origin is applied to, if that has no proof yet.
  void prove_head(core::Origin origin, const std::string& signature);
  void take(Provenance::Outcome outcome, core::Millis now);
  // A peer or more have passed on batches of another history of an origin.
  void avoid_sources(const Provenance::ForgedBatch& forged, core::Millis now);
  // Returns how people call a peer, also one that is gone.
  [[nodiscard]] std::string name_of(core::Origin peer) const;
  // Whether a batch may wait here as a whole until it is proven.
  [[nodiscard]] bool has_room(const HeldBatch& held, bool goes_on) const;
  // With much waiting, takes in the position that a batch carries the signature of.
  void prove_before(const HeldBatch& held, const std::string& region, bool goes_on,
                    core::Millis now);

  Owner owner_;
  HoldBackQueue& held_;
  std::size_t bytes_max_;
  Signer signer_;
  Provenance provenance_{owner_.state.applied()};
  Unproven unproven_;
  std::map<core::Origin, Asked> asked_;
  core::Millis next_keep_ms_ = 0;  // When signatures are stored without another reason.
};

// The region that an origin is known to be of, as far as applied batches or greetings tell; empty
// when they do not.
std::string region_of(core::Origin origin, const Applied& applied, const Peers& peers);

}  // namespace anabranch::regions
