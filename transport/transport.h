// The interface of transport: links to other leaders that carry messages, and no more.
//
// A link is one connection, in either direction. Delivery is not guaranteed: messages may be lost
// when a link breaks, and the protocol above resumes by version vector. A broken and reopened
// connection shows as kDown and kUp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/result.h"
#include "transport/keys.h"

namespace anabranch::transport {

// Names a link for the life of the transport; never used twice.
using LinkId = std::uint64_t;

// How a message takes its turn on a link. Notes are short and go before the next frame of a body,
// in their order. Batches keep their order, and so do chunks of snapshots; the two take turns.
enum class Lane : std::uint8_t { kNote, kBatch, kSnapshot };
inline constexpr std::size_t kLanes = 3;

struct Event {
  // kPart: a message of several frames comes in; told a few times a second, and when it is whole,
  // if it was told before. kLeft: bodies of a link are under way, or were dropped.
  enum class Kind : std::uint8_t { kUp, kDown, kMessage, kPart, kLeft };
  Kind kind = Kind::kMessage;
  LinkId link = 0;
  std::uint8_t message_kind = 0;  // Of kMessage.
  std::string body;               // Of kMessage: complete and with a checked checksum.
  std::string address;            // Of kUp: the dialled address, empty for accepted links.
  std::string region = {};        // Of kUp: the region proven or required there; empty: any.
  // Of kLeft: the weight of all bodies of the lane that have left since the link came up.
  Lane lane = Lane::kNote;
  std::uint64_t weight = 0;
  bool is_whole = false;  // Of kPart: the message follows.
};

struct Turn {
  Lane lane = Lane::kNote;
  std::uint64_t stream = 0;  // Of a body: see Transport::drop.
  std::uint64_t weight = 0;  // Of a body: its bytes, as the caller counts them for kLeft.
};

// Counters for status and metrics, since the start.
struct TransportCounters {
  std::uint64_t frames_received = 0;
  std::uint64_t frames_sent = 0;
  std::uint64_t bytes_received = 0;
  std::uint64_t bytes_sent = 0;
  std::uint64_t frames_rejected = 0;  // Wrong version, length or checksum.
  std::uint64_t sends_failed = 0;     // To links that were gone.
  // Refused connections:
  std::uint64_t keys_unknown = 0;        // The key is in no list.
  std::uint64_t keys_expired = 0;        // The key was not, or no longer, valid.
  std::uint64_t handshakes_failed = 0;   // No key, another protocol, or silence.
  std::uint64_t connections_excess = 0;  // Too many at once.
  std::uint64_t messages_endless = 0;    // A message without end.
  // Messages for receive_apart() that were dropped: too long, or too many.
  std::uint64_t apart_dropped = 0;
};

// The state of a dialled address.
struct DialStatus {
  std::string address;
  bool connected = false;
  std::string why = {};  // Why the peer is away; empty when connected or unknown.
  // Why the link to which its name has led in the last minutes was ended; see redial().
  std::string elsewhere = {};
  std::uint64_t tries = 0;   // Attempts to connect since the last connection.
  std::int64_t away_ms = 0;  // For how long it has been away; 0 when connected.
  // The time to the next attempt, 0 while one is under way; -1 when connected.
  std::int64_t next_try_ms = -1;
};

// All functions are thread-safe.
class Transport {
 public:
  virtual ~Transport() = default;

  // Sends a message on a link; drops it when the link is down. Never blocks.
  virtual void send(LinkId link, std::uint8_t message_kind, std::string body, Turn turn) = 0;
  // In the order in which it is called: as a batch.
  void send(LinkId link, std::uint8_t message_kind, std::string body) {
    send(link, message_kind, std::move(body), Turn{.lane = Lane::kBatch});
  }
  // Drops the bodies of a lane that wait on a link, and of which nothing is sent yet, of all
  // streams before this one.
  virtual void drop(LinkId link, Lane lane, std::uint64_t before) = 0;
  // Takes the events that have arrived, oldest first, at most about `bytes_max` of bodies (at least
  // one event when there is any).
  virtual std::vector<Event> receive(std::size_t bytes_max) = 0;
  // Rejects the far side for a reason, "it ...", that is told to operators: closes the link if it
  // was an accepted one, and counts the rejection.
  virtual void reject(LinkId link, std::string why) = 0;
  // Takes the messages that have arrived of the kind that goes apart, oldest first, at most so
  // many: receive() never has them. Another thread may do so than that of receive(). A message may
  // come before the kUp of its link, or behind its kDown.
  virtual std::vector<Event> receive_apart(std::size_t /*most*/) { return {}; }
  // Readable while such messages wait; -1 if there is no such kind. Owned by the transport.
  [[nodiscard]] virtual int apart_fd() const { return -1; }
  // Makes the descriptor of wake_fd() readable until the next receive().
  virtual void wake() {}
  // Returns a file descriptor that is readable while events wait. Owned by the transport.
  [[nodiscard]] virtual int wake_fd() const = 0;
  // Returns the listening address, with the real port for port 0 or "*"; empty when it does not
  // listen.
  [[nodiscard]] virtual std::string endpoint() const = 0;
  [[nodiscard]] virtual TransportCounters counters() const = 0;
  // Returns all dialled addresses, in the order in which they were given.
  [[nodiscard]] virtual std::vector<DialStatus> dials() const { return {}; }
  // A dialled link leads to the wrong leader: "is this leader itself". Where the address is a name
  // it is hung up on and looked up again, after a pause of 1 s to a minute.
  // NOLINTNEXTLINE(performance-unnecessary-value-param): who overrides it moves the text.
  virtual void redial(LinkId /*link*/, std::string /*why*/) {}
  // The name of a dialled link may lead to another leader now. It is looked up each minute, and the
  // link is ended when that no longer gives its number.
  virtual void doubt(LinkId /*link*/) {}
  // Replaces the keys: new ones work at once, links of removed keys are cut. Only for transports
  // opened with keys.
  virtual void use_keys(const SharedKeys& /*keys*/) {}
};

}  // namespace anabranch::transport
