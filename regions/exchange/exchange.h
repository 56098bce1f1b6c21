// The exchange with all peers: who is there, who has what, what is subscribed from whom and what is
// sent to whom. The consumer drives: each origin is followed through one peer at a time, directly
// where possible, through another when the direct way is away or silent. What arrives is handed to
// the replica; losing any message is mended within kStallMs, by subscribing anew.
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
#include "regions/wire/effect.h"
#include "storage/storage.h"

namespace anabranch::regions {

// Who this leader is, as its greetings say.
struct Self {
  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  std::uint64_t nonce = 0;
  bool follows = false;
};

// What heartbeats show besides vectors. The digest is that of what is applied, if it can be
// compared.
struct Showing {
  core::Hlc hlc;
  core::Millis wall_ms = 0;
  std::optional<core::Hash128> digest = {};
  core::VersionVector standings = {};  // The number of each that is known.
  core::VersionVector clocks = {};     // See passed_clocks.h.
  std::vector<ClockWord> heard = {};   // See heard_clocks.h.
};

class Exchange {
 public:
  static constexpr core::Millis kHeartbeatMs = 1000;
  static constexpr core::Millis kStallMs = 1000;
  static constexpr core::Millis kAvoidMs = 30'000;
  // Between two times that a peer is shown, before the next heartbeat, what has come here.
  static constexpr core::Millis kShowMs = 10;
  // For how many ticks an origin waits while its source sends others, and while the source has no
  // more of it than this replica, but somebody else has.
  static constexpr int kWaitTicksMax = 10;
  static constexpr int kEmptyTicksMax = 2;
  // How often it is asked for again where something comes, but nothing that can be applied.
  static constexpr int kAskedMax = 4;
  static constexpr int kSilentTicks = 3;
  static constexpr std::size_t kPeersMax = 1024;
  static constexpr std::uint64_t kWindowBytes = std::uint64_t{8} << 20U;

  // `applied`, `chains`, `settled` and `log` must outlive the exchange. Effects are appended to
  // `effects`.
  Exchange(Self self, const Applied& applied, const ChainHashes& chains,
           const SettledOrigins& settled, const storage::Storage& log, Effects& effects);

  // How many bytes a peer may have under way to here, from the next subscription on.
  void set_window(std::uint64_t bytes) { window_bytes_ = bytes; }

  void link_up(LinkId link, std::string address, core::Millis now, std::string region);
  void link_down(LinkId link);

  // Puts back into a heartbeat what its sender has left out, if that has the same settled as this
  // leader; if not, what it says of the rest holds, but not its digest.
  void complete(LinkId link, Heartbeat& heartbeat);
  // Takes a message in. Batches come back for the replica to hold or apply, unless their sender is
  // paused or unknown.
  std::optional<BatchMessage> step(LinkId link, Message message, core::Millis now);
  // Tells that foreign batches were applied, so that acks are due; those that make room for more to
  // come only if more is wanted. What was dropped is asked for again once all before it is applied.
  void applied_more(core::Millis now, bool more_wanted);
  // Tells that a batch of a stream was not kept, for want of room.
  void dropped(LinkId link, std::uint64_t stream, core::Origin origin, core::Seq first);
  // Whether what was received cannot be applied for want of room: nothing is asked for again.
  void stand_still(bool still) { still_ = still; }
  // Tells that a snapshot was merged: what was applied has jumped, and the log has a gap.
  void merged(core::Millis now);
  // Tells that own or foreign records up to `position` may be sent.
  void log_grew(storage::Position durable, core::Millis now);
  // Heartbeats and stalls. `showing` is asked when heartbeats are due; returns whether they were.
  bool tick(core::Millis now, const std::function<Showing()>& showing);
  // When tick() wants to be called next.
  [[nodiscard]] core::Millis next_tick_ms() const {
    return std::min({next_heartbeat_ms_, next_show_ms_, next_subscribe_ms_});
  }

  // ---- Forks.

  [[nodiscard]] const Forks& forks() const { return forks_; }
  // Whether a batch that a peer sent may be applied; see Forks. One of a peer that is gone may not.
  bool may_apply(core::Origin peer, const core::Batch& batch, const core::VersionVector& deps);
  // A peer sent a batch that shows that its history is another one at or before `differs`.
  void forked(core::Origin peer, core::Origin origin, core::Seq differs);

  // See Forks::part.
  void part(core::Origin origin, core::Seq common) { forks_.part(origin, common); }

  // Why a peer's words forbid to write on under the own origin; empty while none do.
  [[nodiscard]] const std::string& doubt() const { return doubt_; }
  void forget_doubt() { doubt_.clear(); }
  // Takes in that the peer of a link has the own origin up to `seq`.
  void compare_own(LinkId link, core::Seq seq);
  // Goes on as another origin, and greets everybody anew.
  void renew(core::Origin origin, core::Millis now);
  // Shows itself as a leader from the next greeting on, having followed one until now.
  void lead() { self_.follows = false; }

  // Closes all subscriptions and opens new ones, so that what still comes of older ones can be told
  // from what comes of these. Of `ended` origins only what is on a peer's disk is taken from now
  // on.
  void reopen(const std::set<core::Origin>& ended);
  // Whether a batch that came on a link is of the subscription that is open there; or of one since
  // the link came up.
  [[nodiscard]] bool asks_for(LinkId link, const BatchMessage& message, core::Origin origin) const;
  [[nodiscard]] bool asked_for(LinkId link, const BatchMessage& message) const;
  // Whether the peer at the other end of a link has shown that it has a batch.
  [[nodiscard]] bool has_shown(LinkId link, const core::Batch& batch) const;
  // An origin of which a peer has another history than this leader; nothing when there is none.
  [[nodiscard]] std::optional<core::Origin> fork_with(core::Origin peer) const;
  // Exchanges nothing on a link, since the data of that region were declared lost, and says so;
  // until a greeting comes that is taken.
  void refuse_lost(LinkId link, const std::string& region);
  // From now on, or no longer, it shows itself as a leader that has nothing, which neither takes
  // nor serves anything but snapshots. Goes on as an origin, and greets everybody anew.
  void join_as_empty(bool joining, core::Origin origin, core::Millis now);

  // Names are regions or dialled addresses. Returns whether such a peer is known.
  bool pause(std::string_view name);
  bool resume(std::string_view name);

  [[nodiscard]] const Peers& peers() const { return peers_; }
  [[nodiscard]] const std::map<LinkId, Link>& links() const { return links_; }
  // Whether the peer at the other end of a link is refused, since it speaks another protocol.
  [[nodiscard]] bool speaks_otherwise(LinkId link) const;
  // The peer at the other end of a link; 0 when it is not known.
  [[nodiscard]] core::Origin peer(LinkId link) const;
  // Sends a signed position to whom it may concern: an own one to all, another's to those that
  // follow its origin through us.
  void pass_on(const SignedPosition& position);
  // A peer has passed on what is not the history of an origin: it is followed through others.
  void distrust(core::Origin origin, core::Origin peer, core::Millis now);
  // A peer has sent a damaged batch: what its log still has for this leader is taken from others,
  // or comes by a snapshot.
  void distrust_log(LinkId link);
  // The region at the other end of a link; empty when it is not known.
  [[nodiscard]] std::string region(LinkId link) const;
  // The greeted peer at the other end of a link; null when there is none.
  [[nodiscard]] const Peer* peer_at(LinkId link) const;
  // Sends to a peer; false when it is not connected, or paused.
  bool send_to(core::Origin peer, Message message);
  // Whom to ask for a snapshot: the peer that has most, of those that have something which nobody's
  // log can serve any more. Nothing when there is no need, or when all of them are in `avoided`.
  [[nodiscard]] std::optional<core::Origin> snapshot_source(
      const std::set<core::Origin>& avoided) const;
  [[nodiscard]] bool paused(const Peer& peer) const;
  [[nodiscard]] bool paused(std::string_view name) const { return paused_.contains(name); }
  // Links on which somebody greeted with whom nothing is exchanged.
  [[nodiscard]] std::uint64_t refused_greetings() const { return refused_greetings_; }

 private:
  // An origin that stood still although somebody has more of it.
  struct Stall {
    core::Seq seq = 0;                  // Where it stood at the last tick.
    core::Origin source = 0;            // Through whom it was followed.
    int ticks = 0;                      // For how many ticks, nothing arriving from there.
    int waits = 0;                      // For how many ticks, only others arriving from there.
    int asked = 0;                      // How often it was asked for again since it went on.
    core::Origin avoided = 0;           // Not to be followed through this peer...
    core::Millis avoided_until_ms = 0;  // ...until then.
  };

  void on(Link& link, Greeting greeting, core::Millis now);
  // Who is there, by a greeting: null when nothing is exchanged on this link.
  Peer* meet(Link& link, const Greeting& greeting);
  void on(Link& link, Peer& peer, const Heartbeat& heartbeat, core::Millis now);
  void on(Peer& peer, const Subscribe& subscribe);
  void on(Peer& peer, const Ack& ack, core::Millis now);
  void on(Peer& peer, const History& history);
  void on(Peer& peer, const Trimmed& trimmed);
  [[nodiscard]] std::optional<BatchMessage> on(Peer& peer, BatchMessage batch, core::Millis now);
  // Greets, leaving out what is settled, or with everything.
  enum class Greet : std::uint8_t { kBriefly, kFully };
  void greet(Link& link, core::Millis now, Greet how = Greet::kBriefly);
  // Puts back what a peer that has the same settled has left out; returns whether nothing lacks.
  bool complete(core::VersionVector& applied, std::vector<core::ChainHash>& chains,
                const std::optional<core::Hash128>& settled, bool left_out) const;
  [[nodiscard]] Heartbeat heartbeat(const Link& link, const Showing& shown, core::Millis now) const;
  // Whether our greeting should be sent again: it may be lost.
  [[nodiscard]] static bool unknown_there(const Link& link, core::Millis now);
  void refuse(Link& link, const std::string& why, bool lost = false);
  // Exchanges nothing on a link whose peer speaks another protocol. It is not told so, since it
  // finds out by the greeting that it gets.
  void refuse_protocol(Link& link, const Greeting& greeting);
  // Marks a link as refused; the first time it is counted and said.
  void give_up(Link& link, const std::string& who, const std::string& why);
  [[nodiscard]] Message heartbeat(const Showing& shown, const Link& link, core::Millis now) const;
  // Looks at the ends of histories that a peer shows.
  void compare(Peer& peer, const core::VersionVector& applied,
               const std::vector<core::ChainHash>& chains);
  // Tells a peer what has become known of its and this history, and asks it anew for the rest.
  void tell_history(Peer& peer, core::Origin origin);
  void answer(const Peer& peer, const History& history);
  // Tells of forks anew where the other side has not shown to have heard it.
  void repeat_histories();
  // Whether both sides know of the same forks; tells the other side where not.
  bool agree_on_forks(const Peer& peer, const std::vector<core::Origin>& forked);
  // Looks at what a peer shows of the own origin.
  void compare_own(const Peer& peer, const core::VersionVector& applied,
                   const std::vector<core::ChainHash>& chains);

  // Whether `peer` leads the region that `origin` was written in.
  [[nodiscard]] bool direct(const Peer& peer, core::Origin origin) const;
  [[nodiscard]] bool usable(const Peer& peer) const;
  [[nodiscard]] bool has_more(const Peer& peer, core::Origin origin) const;
  // Whether a peer's log has what comes next of an origin, as far as it said.
  [[nodiscard]] bool serves(const Peer& peer, core::Origin origin) const;
  // From whom to follow an origin: null when nobody has more of it.
  [[nodiscard]] Peer* choose_source(core::Origin origin);
  [[nodiscard]] Peer* source(core::Origin origin);
  [[nodiscard]] bool somebody_has_more(core::Origin origin) const;
  // All origins that some usable peer leads or knows of, except the own one, sorted.
  [[nodiscard]] std::vector<core::Origin> offered() const;
  // Brings all subscriptions in line with who is there and who has what.
  void subscribe_all();
  void subscribe(Peer& peer, std::vector<core::Origin> origins);
  void find_stalls(core::Millis now);
  // Whether an origin that `from` should bring must be asked for again.
  [[nodiscard]] bool stands_still(Stall& stall, core::Origin origin, const Peer& from,
                                  core::Millis now) const;
  void pump(Peer& peer);
  void acknowledge(Peer& peer);
  void ask_for_dropped();
  // Tells a peer what is applied here.
  void show(Peer& peer);
  // The origins of which a peer is to be told at once that there is more here.
  [[nodiscard]] std::vector<core::Origin> news_for(const Peer& peer) const;
  // Tells of them where some time has passed since the peer was told last; where not, later.
  void show_news(core::Millis now);
  // Whether a vector has more of an origin that is followed through nobody.
  [[nodiscard]] bool shows_news(const core::VersionVector& applied) const;
  // What survives power loss here: all that is applied once the whole log is durable, else nothing
  // that is worth telling.
  [[nodiscard]] core::VersionVector durable_vector() const;
  void shown(Peer& peer, const core::VersionVector& applied, const core::VersionVector& durable,
             core::Millis now);
  void measure_lag(Peer& peer, core::Millis now) const;
  void send(const Peer& peer, Message message);
  [[nodiscard]] bool known(std::string_view name) const;
  // Whether a peer goes by this name.
  [[nodiscard]] bool called(const Peer& peer, std::string_view name) const;
  // Lets go of the pauses under all names of a peer.
  void forget_pauses(const Peer& peer);

  Self self_;
  const Applied& applied_;
  const ChainHashes& chains_;
  const SettledOrigins& settled_;
  const storage::Storage& log_;
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
  core::Millis now_ = 0;  // Of the newest call that says.
  std::string doubt_;
  Forks forks_;
};

}  // namespace anabranch::regions
