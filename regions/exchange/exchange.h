// The exchange with all peers: greetings and heartbeats, the batches that peers have asked for, and
// the forks that their histories show. Its parts are the connections (links.h) and the own
// subscriptions (subscriptions.h): the consumer drives. Arriving batches are handed to the replica.
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
#include "regions/exchange/links.h"
#include "regions/exchange/subscriptions.h"
#include "regions/members/settled_origins.h"
#include "regions/state/applied.h"
#include "regions/state/chain_hashes.h"
#include "regions/state/log_reader.h"
#include "regions/wire/effect.h"
#include "storage/storage.h"

namespace anabranch::regions {

class CommittedState;
class DurableState;

// The content of heartbeats besides vectors. The digest is that of the applied vector, if it can be
// compared.
struct HeartbeatState {
  core::Hlc hlc;
  core::Millis wall_ms = 0;
  std::optional<core::Hash128> digest = {};
  core::VersionVector reports = {};   // {origin: number of its newest known report}
  core::VersionVector clocks = {};    // See clock_bounds.h.
  std::vector<ClockWord> heard = {};  // See heard_clocks.h.
  LocalRules rules = {};
};

class Exchange {
 public:
  static constexpr core::Millis kHeartbeatMs = 1000;
  // The interval in which a peer is shown new origins' progress, before the next heartbeat.
  static constexpr core::Millis kShowMs = 10;
  static constexpr int kSilentTicks = 3;
  // The origins that all peers show together, each counted for each peer.
  static constexpr std::size_t kShownMax = 16 * core::VersionVector::kEntriesMax;

  // All must outlive the exchange. Effects are appended to `effects`.
  Exchange(CommittedState& state, const RegionList& regions, const SettledOrigins& settled,
           Effects& effects);
  // Tells the identity of this leader, once that and the log are known; before anything else.
  void begin(LocalIdentity self);

  [[nodiscard]] Subscriptions& subscriptions() { return subscriptions_; }
  [[nodiscard]] const Subscriptions& subscriptions() const { return subscriptions_; }
  [[nodiscard]] const Links& links() const { return links_; }
  // Links::of_other_origin.
  bool of_other_origin(LinkId link, const Message& message) {
    return links_.of_other_origin(link, message);
  }
  [[nodiscard]] const Peers& peers() const { return links_.peers(); }

  void link_up(LinkId link, std::string address, core::Millis now, std::string region);
  void link_down(LinkId link);

  // Puts back into a heartbeat the origins that its sender has left out, if the sender has the same
  // settled origins as this leader; otherwise the rest of its vectors holds, but not its digest.
  void complete(LinkId link, Heartbeat& heartbeat);
  // Takes a message in. Returns a batch for the replica to hold or apply, unless its sender is
  // paused or unknown.
  std::optional<BatchMessage> step(LinkId link, Message message, core::Millis now);
  // See Replica::part_came.
  void part_came(LinkId link, bool all, core::Millis now);
  // Sends the subscriptions that have waited for a body to come.
  void ask_waiting(core::Millis now);
  // Tells how much has left of the bodies of a link (OutboxRoom); there is room for more.
  void bodies_left(LinkId link, Lane lane, std::uint64_t weight) {
    links_.room().left(link, lane, weight);
  }
  [[nodiscard]] OutboxRoom& room() { return links_.room(); }
  // Notes figures for operators: the ops of a batch that came on a link, and its round trip.
  void count_received(LinkId link, const core::Batch& batch);
  void note_round_trip(LinkId link, std::optional<core::Millis> round_trip_ms);
  // Tells that foreign batches were applied, so that acks are due; acks that make room for more
  // batches only if `more_wanted`, and if the stream is not in vain (see Subscriptions). Dropped
  // batches are asked for again once all before them is applied.
  void applied_more(core::Millis now, bool more_wanted, const Subscriptions::Waits& waits);
  // Tells that a snapshot was merged: the applied vector has jumped, and the log has a gap.
  void merged(core::Millis now);
  // Tells that own or foreign records up to `position` may be sent.
  void log_grew(storage::Position durable, core::Millis now);
  // Sends heartbeats and finds stalls. `heartbeat_state` is called when heartbeats are due; returns
  // whether they were.
  bool tick(core::Millis now, const std::function<HeartbeatState()>& heartbeat_state);
  // The time at which tick() must be called next.
  [[nodiscard]] core::Millis next_tick_ms() const {
    return std::min({next_heartbeat_ms_, next_show_ms_, next_begin_ms_, next_slice_ms_,
                     subscriptions_.next_ms()});
  }

  // Sets how much of the log is looked at for a peer between two turns, from its next subscription
  // on.
  void set_slice(std::uint64_t bytes) { slice_bytes_ = bytes; }

  // ---- Forks.

  [[nodiscard]] const Forks& forks() const { return forks_; }
  // Returns whether a batch that a peer sent may be applied; see Forks. A batch of a peer that is
  // gone may not.
  bool may_apply(core::Origin peer, const core::Batch& batch, const core::VersionVector& deps);
  // Tells that a batch from a peer shows another history, at or before `differs`.
  void forked(core::Origin peer, core::Origin origin, core::Seq differs);

  // The reason why a peer's vector or hashes forbid to write on under the own origin; empty if none
  // do.
  [[nodiscard]] const std::string& origin_conflict() const { return origin_conflict_; }
  void forget_origin_conflict() { origin_conflict_.clear(); }
  // Notes that the peer of a link has the own origin up to `seq`.
  void compare_own(LinkId link, core::Seq seq);
  // Goes on as another origin, and greets all peers anew.
  void renew(core::Origin origin, core::Millis now);
  // Shows itself as a leader, or as a follower, from the next greeting on; both until now the
  // other way round.
  void lead() { links_.self().follows = false; }
  void follow() { links_.self().follows = true; }
  [[nodiscard]] bool follows() const { return self().follows; }

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

  // Pauses or resumes a peer; see Links.
  bool pause(std::string_view name) { return links_.pause(name); }
  bool resume(std::string_view name);

  // Sends a signed position on: an own one to all peers, another's to the peers that follow its
  // origin through this leader.
  void pass_on(const SignedPosition& position);
  // Sends the peer of a link a signed position of an origin that it has subscribed to, unless that
  // was sent a moment ago.
  void tell(LinkId link, const SignedPosition& position, core::Millis now);
  // Sends to a peer; false when it is not connected, or paused.
  bool send_to(core::Origin peer, Message message);
  // Returns whether a chunk of so many bytes may be sent to a peer now.
  [[nodiscard]] bool has_room_for_chunk(core::Origin peer, std::uint64_t bytes,
                                        std::uint64_t taken) const;
  void unsend_chunks(const Peer& peer, std::uint64_t before) {
    links_.unsend(peer, Lane::kSnapshot, before);
  }

 private:
  [[nodiscard]] const LocalIdentity& self() const { return links_.self(); }
  void on(Link& link, Greeting greeting, core::Millis now);
  // Finds or makes the peer of a greeting that is accepted.
  Peer& meet(Link& link, const Greeting& greeting);
  void on(Link& link, Peer& peer, const Heartbeat& heartbeat, core::Millis now);
  void on(Peer& peer, Subscribe subscribe, core::Millis now);
  // Begins the newest subscription of a peer, now or when that is due.
  void begin_stream(Peer& peer, core::Millis now);
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
  [[nodiscard]] Heartbeat heartbeat(const Link& link, const HeartbeatState& shown,
                                    core::Millis now) const;
  // Returns whether our greeting should be sent again: it may be lost.
  [[nodiscard]] static bool unknown_there(const Link& link, core::Millis now);
  // Compares the ends of the histories that a peer shows.
  void compare(Peer& peer, const core::VersionVector& applied,
               const std::vector<core::ChainHash>& chains);
  // Tells a peer the known positions of its and this history, and asks it anew for the rest.
  void tell_history(Peer& peer, core::Origin origin);
  void answer(const Peer& peer, const History& history);
  // Sends the own positions of forks again to peers that have not shown to have heard them.
  void repeat_histories();
  // Asks peers for positions that cannot be compared here; see Forks::questions.
  void ask_for_positions();
  // Returns whether both sides know the same forks; tells the other side those that it lacks.
  bool agree_on_forks(const Peer& peer, const std::vector<core::Origin>& forked);
  // Compares the own origin as a peer shows it.
  void compare_own(const Peer& peer, const core::VersionVector& applied,
                   const std::vector<core::ChainHash>& chains);

  // Sends a peer the batches that its window has room for, of one slice of the log.
  void pump(Peer& peer);
  // Looks at the next slice for a peer that needs more than one.
  void go_on();
  void acknowledge(Peer& peer);
  // Tells a peer the applied vector.
  void show(Peer& peer);
  // The origins whose progress here a peer must be told at once.
  [[nodiscard]] std::vector<core::Origin> news_for(const Peer& peer) const;
  // Tells peers of such progress if some time has passed since they were last told; otherwise
  // later.
  void show_news(core::Millis now);
  // The vector that survives a power loss here: the applied one once the whole log is durable,
  // otherwise the empty one.
  [[nodiscard]] core::VersionVector durable_vector() const;
  void shown(Peer& peer, const core::VersionVector& applied, const core::VersionVector& durable,
             core::Millis now);
  // A peer that has shown more origins than any mesh has is heard no more: its vectors are
  // forgotten, and its links end.
  void refuse_if_endless(Peer& peer);
  void refuse_endless(Peer& peer);
  // Keeps the origins that all peers show bounded: those of absent peers are forgotten first, then
  // the peer that shows most is refused.
  void bound_shown();
  void measure_lag(Peer& peer, core::Millis now) const;

  const Applied& applied_;
  ChainHashes& chains_;
  const SettledOrigins& settled_;
  const LogReader& log_;
  const DurableState& durable_state_;
  Effects& effects_;
  Links links_;
  Forks forks_;
  Subscriptions subscriptions_;
  storage::Position durable_ = 0;
  bool joining_ = false;
  static constexpr core::Millis kNever = std::numeric_limits<core::Millis>::max();
  core::Millis next_heartbeat_ms_ = 0;
  core::Millis next_show_ms_ = kNever;
  core::Millis next_begin_ms_ = kNever;
  static constexpr core::Millis kNow = 0;
  core::Millis next_slice_ms_ = kNever;
  std::uint64_t slice_bytes_ = OutStream::kSliceBytes;
  core::Origin last_sliced_ = 0;  // The peer that had the last slice.
  std::string origin_conflict_;
};

}  // namespace anabranch::regions
