// Where batches come from: each waits here until its origin's chain reaches, through it, a position
// that its region has signed. That holds also for what the region's own leader sends, although the
// link is authenticated: whoever applies a batch must be able to prove it to all others, also when
// that leader is gone for good or has lost its newest writes.
//
//   applied | batch batch batch * batch        *: signed; what is before goes on, what is behind
//   waits
//
// When the chain through what waits does not lead there, somebody has lied: all that waits of the
// origin is dropped, to be asked for again from others. So are the positions, which come again with
// it: a region that ran twice on copies of one directory has signed two histories, and the one that
// is left in the end must not stand against the other one for ever. How much may wait is its
// owner's to say: a batch for which there is no room leaves its link of the chain behind, so that
// no proof needs more room than one batch has; it comes again and is known to be true then. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/hash.h"
#include "regions/delivery/hold_buffer.h"
#include "regions/state/applied.h"
#include "regions/wire/signatures.h"

namespace anabranch::regions {

class Provenance {
 public:
  static constexpr std::size_t kPointsMax = 256;  // Known positions of one origin.
  static constexpr std::size_t kLinksMax = 256;   // Batches of one origin beyond which none leaves.
  static constexpr std::size_t kOriginsMax = core::VersionVector::kEntriesMax;

  // What waited cannot all be the origin's history. Which part is false cannot be told.
  struct Lie {
    core::Origin origin = 0;
    std::vector<core::Origin> peers;  // Who passed on some of it.
  };
  struct Outcome {
    std::vector<HeldBatch> proven;     // To be applied as soon as they are deliverable.
    std::vector<SignedPosition> ends;  // Of what is proven here, those that are known.
    std::vector<Lie> lies;
  };

  // `applied` must outlive this.
  explicit Provenance(const Applied& applied) : applied_(applied) {}

  // Takes a batch in, or only its link of the chain. `region` is the region that its origin is
  // known to be of, empty when nothing is known; a batch with another opening than that is a lie.
  enum class Room : std::uint8_t { kWhole, kLink };
  Outcome take(HeldBatch batch, std::string_view region, Room room = Room::kWhole);
  // Takes a position in that the origin's region has signed.
  Outcome take(const SignedPosition& position);
  // The region that an origin seems to be of, by what waits; empty when nothing does.
  [[nodiscard]] std::string region(core::Origin origin) const;
  // Forgets all that waits.
  void clear();
  // Drops all that waits of an origin.
  void forget(core::Origin origin);
  // Calls function(origin, previous hash, signature of that) for what comes next of each origin,
  // also where only its link is here.
  template <typename Function>
  void for_each_next(const Function& function) const {
    for (const auto& [origin, log] : logs_) {
      const auto next = log.batches.find(applied_.vector().at(origin) + 1);
      if (next == log.batches.end()) continue;
      function(origin, next->second.previous, next->second.signature);
    }
  }
  // Calls function(origin, region or empty, first seq) for each origin of which the batch that
  // comes next is here, and not proven.
  template <typename Function>
  void for_each_unproven(const Function& function) const {
    for (const auto& [origin, log] : logs_) {
      const auto next = log.batches.find(start(origin, log).seq + 1);
      if (next == log.batches.end() || next->second.proven) continue;
      function(origin, std::string_view(log.region), next->first);
    }
  }
  // Whether anything of an origin waits here.
  [[nodiscard]] bool holds(core::Origin origin) const;
  // Whether the whole batch of an origin that begins with a seq waits here.
  [[nodiscard]] bool has(core::Origin origin, core::Seq first) const;
  // Forgets what has been applied meanwhile.
  Outcome settle();

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint64_t lies() const { return lies_; }

 private:
  // A position of a chain.
  struct End {
    core::Seq seq = 0;
    core::ChainHash hash{};
  };
  // A batch, or the link that one has left.
  struct Waiting {
    std::optional<HeldBatch> held = {};
    core::Seq last = 0;
    core::ChainHash previous{};
    core::ChainHash hash{};
    std::string signature = {};  // Of `previous`, if it carries one.
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
  // A batch comes where one is known that is the same, or that the same peer has sent.
  [[nodiscard]] static bool repeated(const Waiting& known, const Waiting& comes);
  void renew(Waiting& known, Waiting comes, Room room);
  // Adds what begins where nothing is known yet.
  void add(core::Origin origin, Log& log, Waiting waiting, Room room, Outcome& outcome);
  // Links, proves and hands out what can be; the result is added to `outcome`.
  void advance(core::Origin origin, Log& log, Outcome& outcome);
  bool link(core::Origin origin, Log& log, Outcome& outcome);  // False for a lie.
  void prove(core::Origin origin, Log& log, Outcome& outcome);
  void hand_out(core::Origin origin, Log& log, Outcome& outcome);
  void hand_out_all(core::Origin origin, Log& log, Outcome& outcome);
  // Whether the next batch continues the chain; false for a lie.
  [[nodiscard]] bool continues(const Log& log, core::Seq first, const Waiting& next) const;
  // Whether the chain has a hash at a position; nothing when that is not known any more.
  [[nodiscard]] static std::optional<bool> has(const Log& log, core::Seq seq,
                                               const core::ChainHash& hash);
  // Leaves the link of a batch, or not even that.
  void let_go(Log& log, core::Seq first);
  void drop(core::Origin origin, Log& log, Outcome& outcome);
  void add_point(Log& log, const SignedPosition& position);
  void drop(Log& log, std::map<core::Seq, Waiting>::iterator at);

  const Applied& applied_;
  std::map<core::Origin, Log> logs_;
  std::size_t bytes_ = 0;
  std::uint64_t lies_ = 0;
};

}  // namespace anabranch::regions
