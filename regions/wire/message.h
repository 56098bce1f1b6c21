// The messages between leaders. Each is idempotent: losing, repeating or reordering any of them
// costs time, never data, since all say where their sender stands rather than what changed.
//
//   Greeting   my name and my applied vector; first on every link
//   Heartbeat  my applied vector, and the digest of my rows, once a second
//   Subscribe  send me these origins from these seqs on, up to so many bytes ahead of my acks
//   Batch      one batch, as the bytes that travel
//   Ack        the bytes of the subscription that I have received, and my applied vector
//   DigestRequest   about a part of the rows, to compare it; and DigestResponse (digest_request.h)
//   History    positions of my history of an origin, which differs from yours, and the stamp of
//              your last history message
//   Trimmed    my log serves these origins of your subscription only from these seqs on
//   SnapshotRequest   send me a snapshot, or go on with one, up to this byte
//   SnapshotChunk     some bytes of it
//   SnapshotRefusal   the reason why you get none
//   Refusal   I exchange nothing with you, and the reason
//   SignedPosition   an origin's log reaches this position, signed by its region
//   RegionReport     a region's own statement of its durable vector and of its closed origins
//   Presence         a message of an application, stored nowhere and passed on (presence.h)
//   MemberCards      the cards of members, stored nowhere and passed on (member_card.h)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/hash.h"
#include "core/hlc.h"
#include "core/result.h"
#include "core/version_vector.h"
#include "regions/state/chain_link.h"
#include "regions/wire/chain_marks.h"
#include "regions/wire/clock_word.h"
#include "regions/wire/digest_request.h"
#include "regions/wire/local_rules.h"
#include "regions/wire/member_card.h"
#include "regions/wire/presence.h"
#include "regions/wire/region_report.h"
#include "regions/wire/signatures.h"

namespace anabranch::regions {

// Of a greeting with another protocol number only the protocol, mesh and region are read: their
// places are the same in each protocol.
struct Greeting {
  static constexpr std::uint64_t kProtocol = 2;

  std::uint64_t protocol = kProtocol;
  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  std::uint64_t nonce = 0;  // Random per opening: tells a restart from a reconnect.
  core::VersionVector applied;
  // The chain hashes at the entries of `applied`, in their order; or none.
  std::vector<core::ChainHash> chains = {};
  // The hash of the origins that are settled there (settled_origins.h), and whether they are left
  // out of `applied`.
  std::optional<core::Hash128> settled = {};
  bool left_out = false;
  bool follows = false;  // The sender is a follower: it writes nothing but resets that its own
                         // clears of before owe.
  // How often the sender has greeted anew under another origin, or with another history, since its
  // opening: of two greetings of an opening the one with the smaller number is the older one.
  std::uint64_t renewals = 0;
  // The sender reads messages of the kinds 1 to this. A leader gives up a link that brings another.
  std::uint64_t kinds = kKindsUntold;
  static constexpr std::uint64_t kKindsUntold = 15;  // Of versions that did not tell.
  bool operator==(const Greeting&) const = default;
};

// Echoes the last heartbeat heard on this link, so that the other side can measure the round trip.
struct Echo {
  core::Millis sent_ms = 0;  // Copied from that heartbeat.
  core::Millis held_ms = 0;  // The time since its arrival here.
  bool operator==(const Echo&) const = default;
};

struct Heartbeat {
  core::VersionVector applied;
  core::VersionVector durable;  // The vector that survives a power loss there.
  core::Hlc hlc;
  std::vector<core::ChainHash> chains = {};  // As in a greeting.
  // Over all rows, at `applied`; nullopt while it cannot be compared.
  std::optional<core::Hash128> digest = {};
  core::Origin greeted = 0;         // The receiver's origin, as the sender knows it; 0 for none...
  std::uint64_t greeted_nonce = 0;  // ...and the nonce of its opening.
  core::Millis wall_ms = 0;         // The sender's wall clock; 0: unknown.
  core::Millis sent_ms = 0;         // The sender's steady clock, meaningless to others.
  std::optional<Echo> echo = {};
  std::optional<core::Hash128> settled = {};  // As in a greeting.
  bool left_out = false;
  core::VersionVector reports = {};  // {origin: number of its newest report there}
  // {origin: timestamp} that its sender is certain of (clock_bounds.h), at `applied`.
  core::VersionVector clocks = {};
  std::vector<ClockWord> heard = {};  // The sender's own word, and the newest of others.
  core::Origin sender = 0;            // See sender_of().
  LocalRules rules = {};
  bool operator==(const Heartbeat&) const = default;
};

struct Subscribe {
  std::uint64_t stream = 0;  // Names the subscription; a newer one replaces it.
  std::uint64_t window = 0;  // Bytes that may be under way unacknowledged.
  core::VersionVector from;  // {origin: first seq wanted}
  // The origins whose history at the producer is another one, as the consumer knows, sorted.
  std::vector<core::Origin> forked = {};
  // Of these only durable batches may be sent, since the origins have ended; sorted.
  std::vector<core::Origin> ended = {};
  std::uint64_t nonce = 0;  // Of the consumer's opening, which numbers its streams; 0: unknown.
  bool operator==(const Subscribe&) const = default;
};

struct BatchMessage {
  std::uint64_t stream = 0;
  std::string bytes;
  // Its region's signature of the position before the batch, beside one that carries none; empty
  // for all others, and where none is known.
  std::string signature = {};
  bool operator==(const BatchMessage&) const = default;
};

struct Ack {
  std::uint64_t stream = 0;
  std::uint64_t taken = 0;  // Bytes of batches of this stream received so far.
  core::VersionVector applied;
  core::VersionVector durable;
  core::Origin sender = 0;  // See sender_of().
  bool operator==(const Ack&) const = default;
};

// Positions of an origin's history, for a receiver whose history may be another one.
struct History {
  static constexpr std::size_t kLinksMax = 256;

  core::Origin origin = 0;
  // The receiver has shown another history at or before this seq; 0: nowhere.
  core::Seq differs = 0;
  std::vector<ChainLink> links;  // Newest first.
  // The stamp of the receiver's last History of this origin that the sender has heard; nullopt when
  // there was none.
  std::optional<core::Hash128> heard = {};
  bool asks = false;  // The sender does not know that the receiver has heard this: it must answer.
  // The position of the receiver's history that the sender asks for; 0: none.
  core::Seq wanted = 0;
  core::Origin sender = 0;  // See sender_of().
  bool operator==(const History&) const = default;
};

// A hash of the positions in a history message.
[[nodiscard]] core::Hash128 stamp_of(const History& history);

struct Trimmed {
  std::uint64_t stream = 0;
  core::VersionVector from;  // {origin: first seq that the log can serve}
  bool operator==(const Trimmed&) const = default;
};

struct SnapshotRequest {
  std::uint64_t stream = 0;    // Names the request; a newer one begins anew at its offset.
  std::uint64_t snapshot = 0;  // The one to go on with; 0, or one that is gone: any, from 0 on.
  std::uint64_t offset = 0;    // First byte, the first time that the stream is named.
  std::uint64_t window = 0;    // Bytes wanted from there.
  ChainMarks newest;           // Compared before anything is sent.
  ChainMarks checkpoints;
  core::VersionVector least;  // A snapshot that lacks any of this is useless.
  bool operator==(const SnapshotRequest&) const = default;
};

struct SnapshotChunk {
  std::uint64_t stream = 0;
  std::uint64_t snapshot = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // Of the whole snapshot; 0 while unknown.
  std::string bytes;
  bool operator==(const SnapshotChunk&) const = default;
};

struct SnapshotRefusal {
  std::uint64_t stream = 0;
  std::string why;
  bool passing = false;  // The source gives way just now, and may serve another snapshot later.
  bool operator==(const SnapshotRefusal&) const = default;
};

struct Refusal {
  std::string region;  // Of the sender.
  std::string why;     // A sentence about the receiver, without its beginning and end.
  bool lost = false;   // The receiver's data were declared lost: it must give way.
  bool operator==(const Refusal&) const = default;
};

using Message =
    std::variant<Greeting, Heartbeat, Subscribe, BatchMessage, Ack, DigestRequest, DigestResponse,
                 History, Trimmed, SnapshotRequest, SnapshotChunk, SnapshotRefusal, SignedPosition,
                 Refusal, RegionReport, Presence, MemberCards>;
inline constexpr std::uint64_t kMessageKinds = std::variant_size_v<Message>;

// Returns the origin of a message's sender when it was sent; 0 for kinds that do not name it. A
// message that shows its sender's vector or history names it: a network may deliver the message
// after the sender has given up that history, and goes by another origin.
[[nodiscard]] core::Origin sender_of(const Message& message);
// Writes the sender into a message of a kind that names it.
void set_sender(Message& message, core::Origin sender);

// How a message takes its turn on a link: batches and chunks of snapshots wait behind each other,
// in streams; all others are notes, which go before them.
enum class Lane : std::uint8_t { kNote, kBatch, kSnapshot };
struct Turn {
  Lane lane = Lane::kNote;
  std::uint64_t stream = 0;  // Of a batch or chunk.
  std::uint64_t weight = 0;  // Its bytes, by which the outbox is bounded.
};
[[nodiscard]] Turn turn_of(const Message& message);
// The weight of a batch, or chunk, of so many bytes.
[[nodiscard]] constexpr std::uint64_t weight_of(std::uint64_t bytes) { return bytes + 64; }

// The number of the message's kind in a frame.
[[nodiscard]] std::uint8_t kind_of(const Message& message);
// Returns the most bytes that the body of a message of a kind has: more than any version has sent,
// with room for what newer ones append. Of unknown kinds: as of a short one.
[[nodiscard]] std::size_t body_bytes_max(std::uint8_t kind);
std::string encode_message(const Message& message);
// Fails on an unknown kind, on bytes that are no message of that kind, and on a greeting of another
// protocol version, naming both. Fields that newer versions append to a message are skipped.
core::Result<Message> decode_message(std::uint8_t kind, std::string_view body);

}  // namespace anabranch::regions
