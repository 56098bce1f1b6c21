// The exchange with all peers: who is there, who has what, what is subscribed from whom and what is
// sent to whom. The consumer drives: each origin is followed through one peer at a time, directly
// where possible, through another when the direct way is away or silent. What arrives is handed to
// the replica; losing any message is mended within kStallMs, by subscribing anew.
//
// No threads, sockets or clocks: messages and the time come in, effects go out. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "regions/applied.h"
#include "regions/effect.h"
#include "regions/peer.h"
#include "storage/storage.h"

namespace anabranch::regions {

// Who this leader is, as its greetings say.
struct Self {
  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  std::uint64_t nonce = 0;
};

class Exchange {
 public:
  static constexpr core::Millis kHeartbeatMs = 1000;
  static constexpr core::Millis kStallMs = 1000;
  static constexpr core::Millis kAvoidMs = 30'000;
  static constexpr int kWaitTicksMax = 10;
  static constexpr std::uint64_t kWindowBytes = std::uint64_t{8} << 20U;

  // `applied` and `log` must outlive the exchange. Effects are appended to `effects`.
  Exchange(Self self, const Applied& applied, const storage::Storage& log, Effects& effects);

  void link_up(LinkId link, std::string address, core::Millis now);
  void link_down(LinkId link);

  // Takes a message in. Batches come back for the replica to hold or apply, unless their sender is
  // paused or unknown.
  std::optional<BatchMessage> step(LinkId link, Message message, core::Millis now);
  // Tells that foreign batches were applied, so that acks are due.
  void applied_more(core::Millis now);
  // Tells that own or foreign records up to `position` may be sent.
  void log_grew(storage::Position durable, core::Millis now);
  // Heartbeats and stalls.
  void tick(core::Millis now, core::Hlc hlc);
  // When tick() wants to be called next.
  [[nodiscard]] core::Millis next_tick_ms() const { return next_heartbeat_ms_; }

  // Names are regions or dialled addresses. Returns whether such a peer is known.
  bool pause(std::string_view name);
  bool resume(std::string_view name);

  [[nodiscard]] const std::map<core::Origin, Peer>& peers() const { return peers_; }
  [[nodiscard]] const std::map<LinkId, Link>& links() const { return links_; }
  // The region at the other end of a link; empty when it is not known.
  [[nodiscard]] std::string region(LinkId link) const;
  [[nodiscard]] bool paused(const Peer& peer) const;
  [[nodiscard]] bool paused(std::string_view name) const { return paused_.contains(name); }

 private:
  // An origin that stood still although somebody has more of it.
  struct Stall {
    core::Seq seq = 0;                  // Where it stood at the last tick.
    core::Origin source = 0;            // Through whom it was followed.
    int ticks = 0;                      // For how many ticks, nothing arriving from there.
    int waits = 0;                      // For how many ticks, only others arriving from there.
    core::Origin avoided = 0;           // Not to be followed through this peer...
    core::Millis avoided_until_ms = 0;  // ...until then.
  };

  void on(Link& link, const Greeting& greeting, core::Millis now);
  void on(Peer& peer, const Heartbeat& heartbeat, core::Millis now);
  void on(Peer& peer, const Subscribe& subscribe);
  void on(Peer& peer, const Ack& ack, core::Millis now);
  [[nodiscard]] std::optional<BatchMessage> on(Peer& peer, BatchMessage batch, core::Millis now);
  [[nodiscard]] Message greeting() const;
  void refuse(Link& link, const std::string& why);

  // Whether `peer` leads the region that `origin` was written in.
  [[nodiscard]] bool direct(const Peer& peer, core::Origin origin) const;
  [[nodiscard]] bool usable(const Peer& peer) const;
  // From whom to follow an origin: null when nobody has more of it.
  [[nodiscard]] Peer* choose_source(core::Origin origin);
  [[nodiscard]] Peer* source(core::Origin origin);
  [[nodiscard]] bool somebody_has_more(core::Origin origin) const;
  // All origins that some usable peer leads or knows of, except the own one.
  [[nodiscard]] std::set<core::Origin> offered() const;
  // Brings all subscriptions in line with who is there and who has what.
  void subscribe_all();
  void subscribe(Peer& peer, std::vector<core::Origin> origins);
  void find_stalls(core::Millis now);
  // Whether an origin that `from` should bring must be asked for again.
  [[nodiscard]] bool stands_still(Stall& stall, core::Origin origin, const Peer& from,
                                  core::Millis now) const;
  void pump(Peer& peer);
  void acknowledge(Peer& peer);
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
  const storage::Storage& log_;
  Effects& effects_;
  std::map<LinkId, Link> links_;
  std::map<core::Origin, Peer> peers_;
  std::map<core::Origin, Stall> stalls_;
  std::set<std::string, std::less<>> paused_;
  storage::Position durable_ = 0;
  std::uint64_t streams_ = 0;
  core::Millis next_heartbeat_ms_ = 0;
};

}  // namespace anabranch::regions
