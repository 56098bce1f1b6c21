// The connections to other leaders, and the peers at their ends: which greetings are accepted, and
// which peers an operator has paused. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "regions/exchange/outbox_room.h"
#include "regions/exchange/peer.h"
#include "regions/wire/effect.h"

namespace anabranch::regions {

// This leader, as its greetings name it.
struct LocalIdentity {
  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  std::uint64_t nonce = 0;
  bool follows = false;
  std::uint64_t renewals = 0;  // As in a greeting.
};

// Why a link is refused that has led to its own side.
inline constexpr std::string_view kIsSelf = "is this leader itself";

class Links {
 public:
  static constexpr std::size_t kPeersMax = 1024;

  // Effects are appended to `effects`, which must outlive this.
  explicit Links(Effects& effects) : effects_(effects) {}

  [[nodiscard]] const LocalIdentity& self() const { return self_; }
  [[nodiscard]] LocalIdentity& self() { return self_; }

  // ---- Connections.

  Link& up(LinkId link, std::string address, std::string region);
  // Removes a connection. Returns the peer that it led to; null when that had not greeted.
  Peer* down(LinkId link);
  [[nodiscard]] const std::map<LinkId, Link>& all() const { return links_; }
  [[nodiscard]] std::map<LinkId, Link>& all() { return links_; }
  // Returns null when there is no such connection.
  [[nodiscard]] Link* find(LinkId link);
  [[nodiscard]] const Link* find(LinkId link) const;

  // ---- Peers.

  [[nodiscard]] const Peers& peers() const { return peers_; }
  [[nodiscard]] Peers& peers() { return peers_; }
  // Returns the greeted peer at the other end of a link; null when there is none.
  [[nodiscard]] const Peer* peer_at(LinkId link) const;
  [[nodiscard]] Peer* peer_at(LinkId link);
  // The origins that all peers show, each counted for each peer.
  [[nodiscard]] std::size_t origins_shown() const;
  // The origin, and the region, at the other end of a link; 0 and empty when they are not known.
  [[nodiscard]] core::Origin peer(LinkId link) const;
  [[nodiscard]] std::string region(LinkId link) const;
  // Returns whether the peer at the other end of a link is refused, since it speaks another
  // protocol.
  [[nodiscard]] bool speaks_otherwise(LinkId link) const;
  // Returns whether messages may be exchanged with a peer: it is connected, and not paused.
  [[nodiscard]] bool usable(const Peer& peer) const { return peer.connected() && !paused(peer); }
  // Returns whether a message was sent by the peer at the other end of a link under another origin
  // than that of its greeting, and notes that of the link. Its vector and history are no longer
  // those of the peer, or not yet.
  bool of_other_origin(LinkId link, const Message& message);
  // Sends to a peer that is connected; otherwise does nothing.
  void send(const Peer& peer, Message message);

  // The room for bodies in the outbox.
  [[nodiscard]] OutboxRoom& room() { return room_; }
  [[nodiscard]] const OutboxRoom& room() const { return room_; }
  [[nodiscard]] bool has_room(const Peer& peer, Lane lane, std::uint64_t bytes,
                              std::uint64_t taken) const {
    return peer.connected() && room_.has_room(peer.links.front(), lane, weight_of(bytes), taken);
  }
  // Returns whether a body of a lane is known to be on its way out of this machine.
  [[nodiscard]] bool is_leaving(const Peer& peer, Lane lane) const {
    return peer.connected() && room_.waiting(peer.links.front(), lane) > 0;
  }
  // Drops batches that wait for a peer of streams before this one.
  void unsend(const Peer& peer, Lane lane, std::uint64_t before) {
    if (peer.connected()) effects_.push_back(Unsend{peer.links.front(), lane, before});
  }

  // ---- Greetings.

  // Returns whether a greeting is accepted; if not, refuses its link. A greeting under the own
  // origin by another process is accepted. A greeting that is older than the last one of the same
  // opening is late: it is dropped without a refusal.
  bool accepts(Link& link, const Greeting& greeting);
  struct Admitted {
    Peer& peer;
    bool is_new;     // The link leads to this peer since this greeting.
    bool restarted;  // It is another process than before, or is met for the first time.
  };
  // Finds or makes the peer of an accepted greeting.
  Admitted admit(Link& link, const Greeting& greeting);
  // Refuses a link: nothing is exchanged there until a greeting is accepted. Tells the peer why,
  // and with `lost` that its data were declared lost.
  void refuse(Link& link, const std::string& why, bool lost = false);
  // Returns the number of links that were refused after their greeting.
  [[nodiscard]] std::uint64_t refused_greetings() const { return refused_greetings_; }

  // ---- Pauses. Names are regions or dialled addresses.

  // Returns whether a peer, or a link, has this name; otherwise nothing is paused.
  bool pause(std::string_view name);
  // Ends a pause, and those under all other names of the same peers. Returns whether a peer, a link
  // or a pause has this name.
  bool resume(std::string_view name);
  [[nodiscard]] bool paused(const Peer& peer) const;
  [[nodiscard]] bool paused(std::string_view name) const { return paused_.contains(name); }

 private:
  // Returns why a greeting is refused; empty when it is not. The first: that its sender is at no
  // place where it is looked for.
  [[nodiscard]] std::string misplacement_of(const Link& link, const Greeting& greeting) const;
  [[nodiscard]] std::string refusal_of(const Greeting& greeting);
  // Returns whether there is room for one more peer; forgets those that are not connected for it.
  bool make_room();
  // Forgets the peers that a greeting replaces: former incarnations, and the former one of its
  // link.
  void forget_former(const Greeting& greeting, core::Origin before);
  // Forgets all of a peer whose process has ended; another one greets on `link`.
  void reset(Peer& peer, Link& link, core::Origin origin);
  // Refuses a link whose peer speaks another protocol. The peer is not told: it finds out by the
  // greeting that it gets.
  void refuse_protocol(Link& link, const Greeting& greeting);
  // Marks a link as refused; the first time it is counted and logged, but not again when the same
  // address is dialled anew and has led to the same.
  void give_up(Link& link, const std::string& who, const std::string& why);
  [[nodiscard]] bool known(std::string_view name) const;
  // Returns whether a peer has this name.
  [[nodiscard]] bool called(const Peer& peer, std::string_view name) const;
  // Ends the pauses under all names of a peer.
  void forget_pauses(const Peer& peer);

  Effects& effects_;
  OutboxRoom room_;
  LocalIdentity self_;
  std::map<LinkId, Link> links_;
  Peers peers_;
  std::set<std::string, std::less<>> paused_;
  std::uint64_t refused_greetings_ = 0;
  std::map<std::string, std::string> said_;  // The last reason, by dialled address.
};

}  // namespace anabranch::regions
