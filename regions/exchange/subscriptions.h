// The subscriptions of this leader to its peers. Each origin is followed through one peer at a
// time: directly where possible, through another when the direct way is away or silent, or lags far
// behind a third. Any lost message is made up for by subscribing anew: after kStallMs, or later
// where other batches come. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "regions/exchange/forks.h"
#include "regions/exchange/links.h"
#include "regions/members/settled_origins.h"
#include "regions/state/applied.h"

namespace anabranch::regions {

class Subscriptions {
 public:
  static constexpr core::Millis kStallMs = 1000;
  static constexpr core::Millis kAvoidMs = 30'000;
  // How often it is looked whether a body that a new subscription waits for has come.
  static constexpr core::Millis kComingMs = 100;
  // The number of ticks that an origin waits while its source sends other origins, and while the
  // source has no more of it than this replica, but another peer has.
  static constexpr int kWaitTicksMax = 10;
  static constexpr int kEmptyTicksMax = 2;
  // How often an origin is asked for again if batches arrive, but none that can be applied.
  static constexpr int kAskedMax = 4;
  // A source lags in a tick if another peer has over twice as many missing ops as it has, and this
  // number more. After so many such ticks in a row the origin is followed through another.
  static constexpr core::Seq kLagOps = 16;
  static constexpr int kLagTicksMax = 5;
  // After a look at all origins that peers show it is a millisecond for so many until the next.
  static constexpr std::size_t kOriginsPerMs = 50;
  static constexpr std::uint64_t kWindowBytes = std::uint64_t{8} << 20U;

  // All must outlive this.
  Subscriptions(const Applied& applied, const SettledOrigins& settled, const Forks& forks,
                Links& links)
      : applied_(applied), settled_(settled), forks_(forks), links_(links) {}

  // Sets the bytes that a peer may have under way to here, from the next subscription on.
  void set_window(std::uint64_t bytes) { window_bytes_ = bytes; }
  // Tells whether received batches cannot be applied for want of room: none is asked for again.
  void pause_requests(bool paused) { requests_paused_ = paused; }
  // From now on, or no longer, nothing is subscribed.
  void suspend(bool suspended);
  // Tells the time of what follows.
  void set_time(core::Millis now) { now_ = now; }
  // The time at which tick() must be called next.
  [[nodiscard]] core::Millis next_ms() const { return next_ms_; }
  // Sends the subscriptions that had to wait for that time.
  void tick();
  // The number of peers whose subscription waits for that time.
  [[nodiscard]] std::size_t waiting() const { return waiting_; }
  // The number of origins that are not followed through a certain peer for kAvoidMs.
  [[nodiscard]] std::size_t avoided() const;

  // Brings all subscriptions in line with the connected peers and their vectors.
  void renew();
  // Closes all subscriptions and opens new ones. Of `ended` origins only batches that are on a
  // peer's disk are taken from now on.
  void reopen(const std::set<core::Origin>& ended);
  // Tells that a peer has greeted on a new link, or as a new process.
  void met(Peer& peer);
  // Finds origins that stand still although a peer has more of them, and asks for them again.
  void find_stalls(core::Millis now);

  // Tells that a batch of a stream was dropped, for want of room. Later batches of its origin in
  // that stream come in vain, so the origin is asked for again as soon as the dropped batch is
  // next.
  void dropped(LinkId link, std::uint64_t stream, core::Origin origin, core::Seq first);
  void ask_for_dropped();
  // Returns whether nothing more that a peer can send in its stream is of use: a new stream is
  // about to take its place; or a batch of it was dropped, and the next batch of each origin that
  // the peer has more of is here already. `waits` tells of an origin whether its next batch is here
  // and waits for other origins. Of all missing batches one depends on no other: its stream is not
  // in vain.
  using Waits = std::function<bool(core::Origin)>;
  [[nodiscard]] bool is_in_vain(const Peer& peer, const Waits& waits) const;
  // Notes that a peer has passed on false batches of an origin: the origin is followed through
  // others.
  void avoid_source(core::Origin origin, core::Origin peer, core::Millis now);
  // Asks the source of an origin for it again, with the signed positions that come with that: the
  // applied part cannot be proven to others. Less often the longer the source brings nothing new.
  // Returns whether it was asked.
  bool ask_for_proof(core::Origin origin, core::Millis now);
  // Notes that a peer has sent a damaged batch: the origins subscribed there are taken from others,
  // or come by a snapshot.
  void distrust_log(LinkId link);

  // Returns whether a vector has more of an origin that is followed through no peer, and can come.
  // If the peer cannot be followed, since it has another history, for example, nothing is news.
  [[nodiscard]] bool shows_news(const core::VersionVector& applied) const;
  // The peer to ask for a snapshot: the one with the greatest vector, of the peers with batches
  // that no log can serve any more. Nullopt when there is no need, or when all of them are in
  // `avoided`.
  [[nodiscard]] std::optional<core::Origin> snapshot_source(
      const std::set<core::Origin>& avoided) const;

 private:
  // An origin that stood still although a peer has more of it.
  struct Stall {
    core::Seq seq = 0;                  // Its position at the last tick.
    core::Origin source = 0;            // The peer through which it was followed.
    int ticks = 0;                      // Ticks without any batch from there.
    int waits = 0;                      // Ticks with batches of other origins only.
    int asked = 0;                      // How often it was asked for again since it last advanced.
    int lags = 0;                       // Ticks in which the source lagged.
    core::Origin avoided = 0;           // Not to be followed through this peer...
    core::Millis avoided_until_ms = 0;  // ...until then.
  };
  static constexpr core::Millis kNever = std::numeric_limits<core::Millis>::max();

  // An origin that some usable peer leads or knows of; never the own one.
  struct Offer {
    core::Origin origin = 0;
    core::Seq here = 0;        // Applied of it.
    Peer* source = nullptr;    // It is followed through this peer; null when there is none.
    bool lacking = false;      // A usable peer has more of it...
    bool served = false;       // ...and one that has serves it.
    core::Seq most = 0;        // Most that such a peer has of it...
    core::Origin most_by = 0;  // ...that peer...
    core::Seq second = 0;      // ...and most that the others have.
    Peer* best = nullptr;      // It is to be followed through this peer: see choose_sources().
    int score = -1;
  };

  class Walk;

  // Returns whether `peer` leads the region that `origin` was written in.
  [[nodiscard]] bool direct(const Peer& peer, core::Origin origin) const;
  [[nodiscard]] bool has_more(const Peer& peer, core::Origin origin) const;
  // Returns whether a peer's log has the next batch of an origin, as far as the peer has said.
  [[nodiscard]] bool serves(const Peer& peer, core::Origin origin) const;
  // All offers, sorted by origin. Takes as long as there are origins shown, not as many for each.
  [[nodiscard]] std::vector<Offer> offers() const;
  // Null when nobody offers it.
  [[nodiscard]] static Offer* find(std::vector<Offer>& offers, core::Origin origin);
  void look_at(Peer& peer, std::vector<Offer>& offers) const;
  // Sets `best` of all offers: null where no peer has more of the origin.
  void choose_sources(std::vector<Offer>& offers) const;
  void weigh(Peer& peer, Offer& offer) const;
  // The peer through which an origin is followed; null when there is none.
  [[nodiscard]] Peer* source(core::Origin origin);
  void subscribe(Peer& peer, std::vector<core::Origin> origins);
  // Returns whether an origin that `from` should send must be asked for again.
  bool stands_still(Stall& stall, core::Origin origin, Peer& from, core::Millis now) const;
  // Returns whether a stream that brings batches may be begun anew, now or in this tick already.
  static bool may_begin_anew(InStream& in, core::Millis now);
  // Returns whether the source of an origin has lagged behind another peer for long. Such a source
  // may need from here what only that peer sends: of two origins whose batches depend on each
  // other's, both leaders would then wait for one batch after the other.
  [[nodiscard]] bool lags_behind(Stall& stall, const Offer& offer) const;
  // From now on, for a while, an origin is not followed through a peer.
  static void avoid(Stall& stall, core::Origin peer, core::Millis now);

  const Applied& applied_;
  const SettledOrigins& settled_;
  const Forks& forks_;
  Links& links_;
  std::map<core::Origin, Stall> stalls_;
  std::set<core::Origin> ended_;
  std::uint64_t window_bytes_ = kWindowBytes;
  std::uint64_t streams_ = 0;
  bool requests_paused_ = false;
  bool suspended_ = false;
  core::Millis now_ = 0;
  core::Millis renew_ms_ = 0;      // When all origins may be looked at again.
  core::Millis next_ms_ = kNever;  // When subscriptions that wait are sent...
  std::size_t waiting_ = 0;        // ...and their number.
};

}  // namespace anabranch::regions
