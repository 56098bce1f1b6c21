// Proves the origin of batches: each batch waits here until its origin's chain reaches, through it,
// a position that its region has signed. That holds also for batches from the region's own leader,
// although the link is authenticated: a leader that applies a batch must be able to prove it to all
// others, even when the sender is gone for good or has lost its newest writes.
//
//   applied | batch batch batch * batch     *: signed; batches before it go on, those behind it
//   wait
//
// When the chain through the waiting batches does not lead there, some peer has lied: all waiting
// batches of the origin are dropped, to be asked for again from others. So are the positions, which
// come again with the batches: a region that ran twice on copies of one directory has signed two
// histories, and positions of one of them must not block the surviving one for ever. The owner
// decides how much may wait: a batch without room leaves its link of the chain behind, so that no
// proof needs more room than one batch has; when the batch comes again it is known to be true. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "regions/delivery/hold_back_queue.h"
#include "regions/state/applied.h"
#include "regions/wire/signatures.h"

namespace anabranch::regions {

class Provenance {
 public:
  static constexpr std::size_t kPointsMax = 256;  // Known positions of one origin.
  // Batches of one origin beyond which no batch leaves a link.
  static constexpr std::size_t kLinksMax = 256;
  static constexpr std::size_t kOriginsMax = core::VersionVector::kEntriesMax;

  // The waiting batches cannot all be the origin's history. This leader cannot tell which are
  // false.
  struct ForgedBatch {
    core::Origin origin = 0;
    std::vector<core::Origin> peers;  // The peers that passed on some of them.
  };
  struct Outcome {
    // To be applied as soon as they are deliverable; each with the signature of its end.
    std::vector<HeldBatch> proven;
    std::vector<ForgedBatch> forged;
  };

  // `applied` must outlive this.
  explicit Provenance(const Applied& applied) : applied_(applied) {}

  // Takes a batch in, or only its link of the chain. `region` is the known region of its origin,
  // empty when none is known; a batch with another opening than that is a lie.
  enum class Room : std::uint8_t { kWhole, kLink };
  Outcome take(HeldBatch batch, std::string_view region, Room room = Room::kWhole);
  // Takes in a position that the origin's region has signed.
  Outcome take(const SignedPosition& position);
  // The region of an origin according to its waiting batches; empty when none waits.
  [[nodiscard]] std::string region(core::Origin origin) const;
  // Forgets all waiting batches.
  void clear();
  // Drops all waiting batches of an origin.
  void forget(core::Origin origin);
  // Calls function(origin, previous hash, signature of that) for the next batch of each origin,
  // also where only its link is here.
  template <typename Function>
  void for_each_next(const Function& function) const {
    for (const auto& [origin, log] : logs_) {
      const auto next = log.batches.find(applied_.vector().at(origin) + 1);
      if (next == log.batches.end()) continue;
      function(origin, next->second.previous, next->second.signature);
    }
  }
  // Calls function(origin, region or empty, first seq, the peer that sent it last) for each origin
  // whose next batch is here and not proven.
  template <typename Function>
  void for_each_unproven(const Function& function) const {
    for (const auto& [origin, log] : logs_) {
      const auto next = log.batches.find(start(origin, log).seq + 1);
      if (next == log.batches.end() || next->second.proven) continue;
      function(origin, std::string_view(log.region), next->first, next->second.from);
    }
  }
  // Returns whether any batch of an origin waits here.
  [[nodiscard]] bool holds(core::Origin origin) const;
  // Returns whether the whole batch of an origin that begins with seq `first` waits here.
  [[nodiscard]] bool has(core::Origin origin, core::Seq first) const;
  // Returns whether the batch of an origin that begins with seq `first` is proven, whole or not.
  [[nodiscard]] bool has_proven(core::Origin origin, core::Seq first) const;
  // Forgets batches that have been applied meanwhile.
  Outcome take_proven();

  [[nodiscard]] std::size_t bytes() const { return load_.bytes; }
  [[nodiscard]] const BatchLoad& load() const { return load_; }
  [[nodiscard]] std::uint64_t forged_batches() const { return forged_batches_; }

 private:
  // A position of a chain.
  struct End {
    core::Seq seq = 0;
    core::ChainHash hash{};
  };
  // A batch, or the link of a dropped one.
  struct Waiting {
    std::optional<HeldBatch> held = {};
    core::Seq last = 0;
    core::ChainHash previous{};
    core::ChainHash hash{};
    std::string signature = {};  // Of `previous`, if the batch carries one.
    std::string behind = {};     // That of the next batch, whose link was let go.
    core::Origin from = 0;       // The peer that sent it last.
    bool proven = false;
  };
  struct Log {
    std::string region;                    // Of the origin, empty when it is not known.
    std::map<core::Seq, Waiting> batches;  // By first seq; those before `linked` are of the chain.
    std::map<core::Seq, SignedPosition> points;  // Known to be the region's own, by seq.
    End linked;                                  // The chain is known up to here...
    End handed;                                  // ...and handed out up to here.
  };

  void begin(core::Origin origin, Log& log);
  [[nodiscard]] End start(core::Origin origin, const Log& log) const;
  // Returns whether a batch is the known one in its place, or was sent by the same peer.
  [[nodiscard]] static bool repeated(const Waiting& known, const Waiting& comes);
  void renew(Waiting& known, Waiting comes, Room room);
  // Adds a batch in a place where none is known yet.
  void add(core::Origin origin, Log& log, Waiting waiting, Room room, Outcome& outcome);
  // Links, proves and hands out batches as far as possible; adds the result to `outcome`.
  void advance(core::Origin origin, Log& log, Outcome& outcome);
  bool link(core::Origin origin, Log& log, Outcome& outcome);  // False for a lie.
  void prove(core::Origin origin, Log& log, Outcome& outcome);
  void hand_out(core::Origin origin, Log& log, Outcome& outcome);
  // The signature of the position at the end of a proven batch: of a known position there, else
  // the one that the batch behind it carries. Empty when its region has not signed there.
  [[nodiscard]] static std::string signature_behind(const Log& log, const Waiting& waiting);
  // Returns whether the next batch continues the chain; false for a lie.
  [[nodiscard]] bool continues(const Log& log, core::Seq first, const Waiting& next) const;
  // Returns whether the chain has a hash at a position; nullopt when that is no longer known.
  [[nodiscard]] static std::optional<bool> has(const Log& log, core::Seq seq,
                                               const core::ChainHash& hash);
  // Drops a batch, if it is here, and keeps its link, if there is room for one.
  void let_go(Log& log, core::Seq first);
  void drop(core::Origin origin, Log& log, Outcome& outcome);
  void add_point(Log& log, const SignedPosition& position);
  void drop(Log& log, std::map<core::Seq, Waiting>::iterator at);

  const Applied& applied_;
  std::map<core::Origin, Log> logs_;
  BatchLoad load_;  // Of whole batches.
  std::uint64_t forged_batches_ = 0;
};

}  // namespace anabranch::regions
