// The exchange with all peers: the connected peers, their vectors, and the subscriptions in both
// directions. The consumer drives: each origin is followed through one peer at a time, directly
// where possible, through another when the direct way is away or silent. Arriving batches are
// handed to the replica; any lost message is made up for within kStallMs, by subscribing anew.
//
// No threads, sockets or clocks: messages and the time come in, effects go out. Not thread-safe.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "regions/exchange/forks.h"
#include "regions/exchange/peer.h"
#include "regions/members/settled_origins.h"
#include "regions/state/applied.h"
#include "regions/state/chain_hashes.h"
#include "regions/state/log_reader.h"
#include "regions/wire/effect.h"
#include "storage/storage.h"

namespace anabranch::regions {

// This leader, as its greetings name it.
struct Self {
  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  std::uint64_t nonce = 0;
  bool follows = false;
};

// The content of heartbeats besides vectors. The digest is that of the applied vector, if it can be
// compared.
struct Showing {
  core::Hlc hlc;
  core::Millis wall_ms = 0;
  std::optional<core::Hash128> digest = {};
  core::VersionVector standings = {};  // {origin: number of its newest known standing}
  core::VersionVector clocks = {};     // See passed_clocks.h.
  std::vector<ClockWord> heard = {};   // See heard_clocks.h.
};

class Exchange {
 public:
  static constexpr core::Millis kHeartbeatMs = 1000;
  static constexpr core::Millis kStallMs = 1000;
  static constexpr core::Millis kAvoidMs = 30'000;
  // The interval in which a peer is shown new origins' progress, before the next heartbeat.
  static constexpr core::Millis kShowMs = 10;
  // The number of ticks that an origin waits while its source sends other origins, and while the
  // source has no more of it than this replica, but another peer has.
  static constexpr int kWaitTicksMax = 10;
  static constexpr int kEmptyTicksMax = 2;
  // How often an origin is asked for again if batches arrive, but none that can be applied.
  static constexpr int kAskedMax = 4;
  static constexpr int kSilentTicks = 3;
  static constexpr std::size_t kPeersMax = 1024;
  static constexpr std::uint64_t kWindowBytes = std::uint64_t{8} << 20U;

  // `applied`, `chains`, `settled` and `log` must outlive the exchange. Effects are appended to
  // `effects`.
  Exchange(const Applied& applied, const ChainHashes& chains, const SettledOrigins& settled,
           const LogReader& log, Effects& effects);
  // Tells the identity of this leader, once that and the log are known; before anything else.
  void begin(Self self);

  // Sets the bytes that a peer may have under way to here, from the next subscription on.
  void set_window(std::uint64_t bytes) { window_bytes_ = bytes; }

  void link_up(LinkId link, std::string address, core::Millis now, std::string region);
  void link_down(LinkId link);

  // Puts back into a heartbeat the origins that its sender has left out, if the sender has the same
  // settled origins as this leader; otherwise the rest of its vectors holds, but not its digest.
  void complete(LinkId link, Heartbeat& heartbeat);
  // Takes a message in. Returns a batch for the replica to hold or apply, unless its sender is
  // paused or unknown.
  std::optional<BatchMessage> step(LinkId link, Message message, core::Millis now);
  // Tells that foreign batches were applied, so that acks are due; acks that make room for more
  // batches only if `more_wanted`. Dropped batches are asked for again once all before them is
  // applied.
  void applied_more(core::Millis now, bool more_wanted);
  // Tells that a batch of a stream was dropped, for want of room.
  void dropped(LinkId link, std::uint64_t stream, core::Origin origin, core::Seq first);
  // Tells whether received batches cannot be applied for want of room: none is asked for again.
  void stand_still(bool still) { still_ = still; }
  // Tells that a snapshot was merged: the applied vector has jumped, and the log has a gap.
  void merged(core::Millis now);
  // Tells that own or foreign records up to `position` may be sent.
  void log_grew(storage::Position durable, core::Millis now);
  // Sends heartbeats and finds stalls. `showing` is called when heartbeats are due; returns whether
  // they were.
  bool tick(core::Millis now, const std::function<Showing()>& showing);
  // The time at which tick() must be called next.
  [[nodiscard]] core::Millis next_tick_ms() const {
    return std::min({next_heartbeat_ms_, next_show_ms_, next_subscribe_ms_});
  }

  // ---- Forks.

  [[nodiscard]] const Forks& forks() const { return forks_; }
  // Returns whether a batch that a peer sent may be applied; see Forks. A batch of a peer that is
  // gone may not.
  bool may_apply(core::Origin peer, const core::Batch& batch, const core::VersionVector& deps);
  // Tells that a batch from a peer shows another history, at or before `differs`.
  void forked(core::Origin peer, core::Origin origin, core::Seq differs);

  // See Forks::part.
  void part(core::Origin origin, core::Seq common) { forks_.part(origin, common); }

  // The reason why a peer's vector or hashes forbid to write on under the own origin; empty if none
  // do.
  [[nodiscard]] const std::string& doubt() const { return doubt_; }
  void forget_doubt() { doubt_.clear(); }
  // Notes that the peer of a link has the own origin up to `seq`.
  void compare_own(LinkId link, core::Seq seq);
  // Goes on as another origin, and greets all peers anew.
  void renew(core::Origin origin, core::Millis now);
  // Shows itself as a leader from the next greeting on; until now it followed one.
  void lead() { self_.follows = false; }
  [[nodiscard]] bool follows() const { return self_.follows; }

  // Closes all subscriptions and opens new ones, so that late batches of older ones can be told
  // from batches of these. Of `ended` origins only batches that are on a peer's disk are taken from
  // now on.
  void reopen(const std::set<core::Origin>& ended);
  // asks_for: returns whether a batch that came on a link is of the subscription that is open
  // there; asked_for: of any subscription since the link came up.
  [[nodiscard]] bool asks_for(LinkId link, const BatchMessage& message, core::Origin origin) const;
  [[nodiscard]] bool asked_for(LinkId link, const BatchMessage& message) const;
  // Returns whether the peer at the other end of a link has shown that it has a batch.
  [[nodiscard]] bool has_shown(LinkId link, const core::Batch& batch) const;
  // Returns an origin with another history at a peer than here; nullopt when there is none.
  [[nodiscard]] std::optional<core::Origin> fork_with(core::Origin peer) const;
  // Refuses a link, since the data of that region were declared lost, and tells the peer so; until
  // it sends a greeting that is accepted.
  void refuse_lost(LinkId link, const std::string& region);
  // From now on, or no longer, it shows itself as a leader with an empty vector that neither takes
  // nor serves anything but snapshots. Goes on as `origin`, and greets all peers anew.
  void join_as_empty(bool joining, core::Origin origin, core::Millis now);
  [[nodiscard]] bool joining() const { return joining_; }

  // Pauses or resumes a peer. Names are regions or dialled addresses. Returns whether such a peer
  // is known.
  bool pause(std::string_view name);
  bool resume(std::string_view name);

  [[nodiscard]] const Peers& peers() const { return peers_; }
  [[nodiscard]] const std::map<LinkId, Link>& links() const { return links_; }
  // Returns whether the peer at the other end of a link is refused, since it speaks another
  // protocol.
  [[nodiscard]] bool speaks_otherwise(LinkId link) const;
  // The peer at the other end of a link; 0 when it is not known.
  [[nodiscard]] core::Origin peer(LinkId link) const;
  // Sends a signed position on: an own one to all peers, another's to the peers that follow its
  // origin through this leader.
  void pass_on(const SignedPosition& position);
  // Notes that a peer has passed on false batches of an origin: the origin is followed through
  // others.
  void distrust(core::Origin origin, core::Origin peer, core::Millis now);
  // Notes that a peer has sent a damaged batch: the origins subscribed there are taken from others,
  // or come by a snapshot.
  void distrust_log(LinkId link);
  // The region at the other end of a link; empty when it is not known.
  [[nodiscard]] std::string region(LinkId link) const;
  // The greeted peer at the other end of a link; null when there is none.
  [[nodiscard]] const Peer* peer_at(LinkId link) const;
  // Sends to a peer; false when it is not connected, or paused.
  bool send_to(core::Origin peer, Message message);
  // The peer to ask for a snapshot: the one with the greatest vector, of the peers with batches
  // that no log can serve any more. Nullopt when there is no need, or when all of them are in
  // `avoided`.
  [[nodiscard]] std::optional<core::Origin> snapshot_source(
      const std::set<core::Origin>& avoided) const;
  [[nodiscard]] bool paused(const Peer& peer) const;
  [[nodiscard]] bool paused(std::string_view name) const { return paused_.contains(name); }
  // The number of links that were refused after their greeting.
  [[nodiscard]] std::uint64_t refused_greetings() const { return refused_greetings_; }

 private:
  // An origin that stood still although a peer has more of it.
  struct Stall {
    core::Seq seq = 0;                  // Its position at the last tick.
    core::Origin source = 0;            // The peer through which it was followed.
    int ticks = 0;                      // Ticks without any batch from there.
    int waits = 0;                      // Ticks with batches of other origins only.
    int asked = 0;                      // How often it was asked for again since it last advanced.
    core::Origin avoided = 0;           // Not to be followed through this peer...
    core::Millis avoided_until_ms = 0;  // ...until then.
  };

  void on(Link& link, Greeting greeting, core::Millis now);
  // Finds or makes the peer of a greeting; null when the link is refused.
  Peer* meet(Link& link, const Greeting& greeting);
  void on(Link& link, Peer& peer, const Heartbeat& heartbeat, core::Millis now);
  void on(Peer& peer, const Subscribe& subscribe);
  void on(Peer& peer, const Ack& ack, core::Millis now);
  void on(Peer& peer, const History& history);
  void on(Peer& peer, const Trimmed& trimmed);
  [[nodiscard]] std::optional<BatchMessage> on(Peer& peer, BatchMessage batch, core::Millis now);
  // Greets, without the settled origins, or with the whole vector.
  enum class Greet : std::uint8_t { kBriefly, kFully };
  void greet(Link& link, core::Millis now, Greet how = Greet::kBriefly);
  // Puts back the origins that a peer with the same settled origins has left out; returns whether
  // the vector is complete.
  bool complete(core::VersionVector& applied, std::vector<core::ChainHash>& chains,
                const std::optional<core::Hash128>& settled, bool left_out) const;
  [[nodiscard]] Heartbeat heartbeat(const Link& link, const Showing& shown, core::Millis now) const;
  // Returns whether our greeting should be sent again: it may be lost.
  [[nodiscard]] static bool unknown_there(const Link& link, core::Millis now);
  void refuse(Link& link, const std::string& why, bool lost = false);
  // Refuses a link whose peer speaks another protocol. The peer is not told: it finds out by the
  // greeting that it gets.
  void refuse_protocol(Link& link, const Greeting& greeting);
  // Marks a link as refused; the first time it is counted and logged.
  void give_up(Link& link, const std::string& who, const std::string& why);
  [[nodiscard]] Message heartbeat(const Showing& shown, const Link& link, core::Millis now) const;
  // Compares the ends of the histories that a peer shows.
  void compare(Peer& peer, const core::VersionVector& applied,
               const std::vector<core::ChainHash>& chains);
  // Tells a peer the known positions of its and this history, and asks it anew for the rest.
  void tell_history(Peer& peer, core::Origin origin);
  void answer(const Peer& peer, const History& history);
  // Sends the own positions of forks again to peers that have not shown to have heard them.
  void repeat_histories();
  // Returns whether both sides know the same forks; tells the other side those that it lacks.
  bool agree_on_forks(const Peer& peer, const std::vector<core::Origin>& forked);
  // Compares the own origin as a peer shows it.
  void compare_own(const Peer& peer, const core::VersionVector& applied,
                   const std::vector<core::ChainHash>& chains);

  // Returns whether `peer` leads the region that `origin` was written in.
  [[nodiscard]] bool direct(const Peer& peer, core::Origin origin) const;
  [[nodiscard]] bool usable(const Peer& peer) const;
  [[nodiscard]] bool has_more(const Peer& peer, core::Origin origin) const;
  // Returns whether a peer's log has the next batch of an origin, as far as the peer has said.
  [[nodiscard]] bool serves(const Peer& peer, core::Origin origin) const;
  // The peer through which to follow an origin: null when no peer has more of it.
  [[nodiscard]] Peer* choose_source(core::Origin origin);
  [[nodiscard]] Peer* source(core::Origin origin);
  [[nodiscard]] bool somebody_has_more(core::Origin origin) const;
  // All origins that some usable peer leads or knows of, except the own one, sorted.
  [[nodiscard]] std::vector<core::Origin> offered() const;
  // Brings all subscriptions in line with the connected peers and their vectors.
  void subscribe_all();
  void subscribe(Peer& peer, std::vector<core::Origin> origins);
  void find_stalls(core::Millis now);
  // Returns whether an origin that `from` should send must be asked for again.
  [[nodiscard]] bool stands_still(Stall& stall, core::Origin origin, const Peer& from,
                                  core::Millis now) const;
  void pump(Peer& peer);
  void acknowledge(Peer& peer);
  void ask_for_dropped();
  // Tells a peer the applied vector.
  void show(Peer& peer);
  // The origins whose progress here a peer must be told at once.
  [[nodiscard]] std::vector<core::Origin> news_for(const Peer& peer) const;
  // Tells peers of such progress if some time has passed since they were last told; otherwise
  // later.
  void show_news(core::Millis now);
  // Returns whether a vector has more of an origin that is followed through no peer.
  [[nodiscard]] bool shows_news(const core::VersionVector& applied) const;
  // The vector that survives a power loss here: the applied one once the whole log is durable,
  // otherwise the empty one.
  [[nodiscard]] core::VersionVector durable_vector() const;
  void shown(Peer& peer, const core::VersionVector& applied, const core::VersionVector& durable,
             core::Millis now);
  void measure_lag(Peer& peer, core::Millis now) const;
  void send(const Peer& peer, Message message);
  [[nodiscard]] bool known(std::string_view name) const;
  // Returns whether a peer has this name.
  [[nodiscard]] bool called(const Peer& peer, std::string_view name) const;
  // Ends the pauses under all names of a peer.
  void forget_pauses(const Peer& peer);

  Self self_;
  const Applied& applied_;
  const ChainHashes& chains_;
  const SettledOrigins& settled_;
  const LogReader& log_;
  Effects& effects_;
  std::map<LinkId, Link> links_;
  Peers peers_;
  std::map<core::Origin, Stall> stalls_;
  std::set<std::string, std::less<>> paused_;
  storage::Position durable_ = 0;
  bool still_ = false;
  bool joining_ = false;
  std::uint64_t window_bytes_ = kWindowBytes;
  std::set<core::Origin> ended_;
  std::uint64_t streams_ = 0;
  std::uint64_t refused_greetings_ = 0;
  static constexpr core::Millis kNever = std::numeric_limits<core::Millis>::max();
  core::Millis next_heartbeat_ms_ = 0;
  core::Millis next_show_ms_ = kNever;
  core::Millis next_subscribe_ms_ = kNever;
  core::Millis now_ = 0;  // Of the newest call with a time.
  std::string doubt_;
  Forks forks_;
};

}  // namespace anabranch::regions
