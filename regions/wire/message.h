// The messages between leaders. Each is idempotent: losing, repeating or reordering any of them
// costs time, never data, since all say where their sender stands rather than what changed.
//
//   Greeting   who I am and what I have applied; first on every link
//   Heartbeat  what I have applied, and the digest of it, once a second
//   Subscribe  send me these origins from these seqs on, up to so many bytes ahead of my acks
//   Batch      one batch, as the bytes that travel
//   Ack        how many bytes of the subscription I have taken, and what I have applied
//   Question, Answer  what a part of the rows is, to compare it (question.h)
//   History    where my history of an origin stands, which differs from yours, and what of yours I
//              have heard
//   Trimmed    my log serves these origins of your subscription only from these seqs on
//   SnapshotRequest   send me a snapshot, or go on with one, up to this byte
//   SnapshotChunk     some bytes of it
//   SnapshotRefusal   why there is none for you
//   Refusal   nothing is exchanged with you, and why
//   SignedPosition   so far goes the log of an origin, says its region
//   Standing         what a region has on its disk and what it has closed, says it
#pragma once

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
#include "regions/wire/question.h"
#include "regions/wire/signatures.h"
#include "regions/wire/standing.h"

namespace anabranch::regions {

// Of a greeting of another protocol only the protocol, mesh and region are read, which have the
// same place in each.
struct Greeting {
  static constexpr std::uint64_t kProtocol = 1;

  std::uint64_t protocol = kProtocol;
  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  std::uint64_t nonce = 0;  // Random per opening: tells a restart from a reconnect.
  core::VersionVector applied;
  // The chain hashes at the entries of `applied`, in their order; or none.
  std::vector<core::ChainHash> chains = {};
  // Which origins are settled there (settled_origins.h), and whether they are left out here.
  std::optional<core::Hash128> settled = {};
  bool left_out = false;
  bool follows = false;  // It writes nothing, and nobody waits for it.
  bool operator==(const Greeting&) const = default;
};

// What its sender heard last on this link, for the other side to see how long messages take.
struct Echo {
  core::Millis sent_ms = 0;  // As that heartbeat said.
  core::Millis held_ms = 0;  // Since when it has been here.
  bool operator==(const Echo&) const = default;
};

struct Heartbeat {
  core::VersionVector applied;
  core::VersionVector durable;  // What survives a power loss there.
  core::Hlc hlc;
  std::vector<core::ChainHash> chains = {};  // As in a greeting.
  // Over all rows, at `applied`; nothing while it cannot be compared.
  std::optional<core::Hash128> digest = {};
  core::Origin greeted = 0;         // Whom the receiver is taken for; 0 for nobody...
  std::uint64_t greeted_nonce = 0;  // ...and for which opening of it.
  core::Millis wall_ms = 0;         // What the sender's wall clock shows; 0 says nothing.
  core::Millis sent_ms = 0;         // By the sender's steady clock, which says nothing to others.
  std::optional<Echo> echo = {};
  std::optional<core::Hash128> settled = {};  // As in a greeting.
  bool left_out = false;
  core::VersionVector standings = {};  // {origin: the number of its newest standing there}
  // {origin: timestamp} of what its sender is certain (passed_clocks.h), at `applied`.
  core::VersionVector clocks = {};
  std::vector<ClockWord> heard = {};  // Of its sender, and what it has heard of others.
  bool operator==(const Heartbeat&) const = default;
};

struct Subscribe {
  std::uint64_t stream = 0;  // Names the subscription; a newer one replaces it.
  std::uint64_t window = 0;  // Bytes that may be under way unacknowledged.
  core::VersionVector from;  // {origin: first seq wanted}
  // The origins of which the consumer knows that the producer has another history, sorted.
  std::vector<core::Origin> forked = {};
  // Of these only what the producer has on its disk may be sent, since they have ended; sorted.
  std::vector<core::Origin> ended = {};
  std::uint64_t nonce = 0;  // Of the consumer's opening, which numbers its streams; 0 says nothing.
  bool operator==(const Subscribe&) const = default;
};

struct BatchMessage {
  std::uint64_t stream = 0;
  std::string bytes;
  bool operator==(const BatchMessage&) const = default;
};

struct Ack {
  std::uint64_t stream = 0;
  std::uint64_t taken = 0;  // Bytes of batches of this stream received so far.
  core::VersionVector applied;
  core::VersionVector durable;
  bool operator==(const Ack&) const = default;
};

// Positions of an origin's history, for a receiver whose history may be another one.
struct History {
  static constexpr std::size_t kLinksMax = 256;

  core::Origin origin = 0;
  core::Seq differs = 0;  // Where or before which the receiver has shown another; 0: nowhere.
  std::vector<ChainLink> links;  // Newest first.
  // The stamp of what the sender has heard last from the receiver of this origin; nothing when it
  // has heard nothing, or is of a version that does not say.
  std::optional<core::Hash128> heard = {};
  bool asks = false;  // The sender does not know that the receiver has heard this: it is to answer.
  bool operator==(const History&) const = default;
};

// Stands for what a history says of the origin.
[[nodiscard]] core::Hash128 stamp_of(const History& history);

struct Trimmed {
  std::uint64_t stream = 0;
  core::VersionVector from;  // {origin: first seq that the log can serve}
  bool operator==(const Trimmed&) const = default;
};

struct SnapshotRequest {
  std::uint64_t stream = 0;    // Names the request; a newer one begins anew at its offset.
  std::uint64_t snapshot = 0;  // Which one to go on with; 0, or one that is gone: any, from 0 on.
  std::uint64_t offset = 0;    // Where to begin, the first time that the stream is named.
  std::uint64_t window = 0;    // Bytes wanted from there.
  ChainMarks newest;           // Compared before anything is sent.
  ChainMarks checkpoints;
  core::VersionVector least;  // One that lacks any of this is of no use.
  bool operator==(const SnapshotRequest&) const = default;
};

struct SnapshotChunk {
  std::uint64_t stream = 0;
  std::uint64_t snapshot = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;  // Of the whole snapshot; 0 as long as that is not known.
  std::string bytes;
  bool operator==(const SnapshotChunk&) const = default;
};

struct SnapshotRefusal {
  std::uint64_t stream = 0;
  std::string why;
  bool operator==(const SnapshotRefusal&) const = default;
};

struct Refusal {
  std::string region;  // Of the sender.
  std::string why;     // A sentence about the receiver, without its beginning and end.
  bool lost = false;   // Its data were declared lost: it is to give way.
  bool operator==(const Refusal&) const = default;
};

using Message = std::variant<Greeting, Heartbeat, Subscribe, BatchMessage, Ack, Question, Answer,
                             History, Trimmed, SnapshotRequest, SnapshotChunk, SnapshotRefusal,
                             SignedPosition, Refusal, Standing>;

// The number of a message's kind in its frame.
[[nodiscard]] std::uint8_t kind_of(const Message& message);
std::string encode_message(const Message& message);
// Fails on an unknown kind, on bytes that are no such message, and on a greeting of another
// protocol version, naming both. What newer versions append to a message is skipped.
core::Result<Message> decode_message(std::uint8_t kind, std::string_view body);

}  // namespace anabranch::regions
