// The messages between leaders. Each is idempotent: losing, repeating or reordering any of them
// costs time, never data, since all say where their sender stands rather than what changed.
//
//   Greeting   who I am and what I have applied; first on every link
//   Heartbeat  what I have applied, once a second
//   Subscribe  send me these origins from these seqs on, up to so many bytes ahead of my acks
//   Batch      one batch, as the bytes that travel
//   Ack        how many bytes of the subscription I have taken, and what I have applied
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "core/hash.h"
#include "core/hlc.h"
#include "core/result.h"
#include "core/version_vector.h"

namespace anabranch::regions {

struct Greeting {
  static constexpr std::uint64_t kProtocol = 1;

  std::uint64_t protocol = kProtocol;
  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  std::uint64_t nonce = 0;  // Random per opening: tells a restart from a reconnect.
  core::VersionVector applied;
  bool operator==(const Greeting&) const = default;
};

struct Heartbeat {
  core::VersionVector applied;
  core::VersionVector durable;  // What survives a power loss there.
  core::Hlc hlc;
  bool operator==(const Heartbeat&) const = default;
};

struct Subscribe {
  std::uint64_t stream = 0;  // Names the subscription; a newer one replaces it.
  std::uint64_t window = 0;  // Bytes that may be under way unacknowledged.
  core::VersionVector from;  // {origin: first seq wanted}
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

using Message = std::variant<Greeting, Heartbeat, Subscribe, BatchMessage, Ack>;

// The number of a message's kind in its frame.
[[nodiscard]] std::uint8_t kind_of(const Message& message);
std::string encode_message(const Message& message);
// Fails on an unknown kind, on bytes that are no such message, and on a greeting of another
// protocol version, naming both. What newer versions append to a message is skipped.
core::Result<Message> decode_message(std::uint8_t kind, std::string_view body);

}  // namespace anabranch::regions
