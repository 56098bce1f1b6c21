#include "regions/wire/message.h"

#include <algorithm>
#include <array>
#include <type_traits>

#include "core/codec.h"
#include "core/wire.h"
#include "transport/frame.h"
#include "transport/keys.h"

namespace anabranch::regions {

namespace {

using core::Reader;
using core::Writer;

constexpr std::size_t kWordNumbers = 5;  // Fields of one clock word.

void write(Writer& out, const Greeting& message) {
  out.array(12).uint64(message.protocol);
  write_hash(out, message.mesh);
  out.text(message.region).uint64(message.origin).uint64(message.nonce);
  write_vector(out, message.applied);
  write_chains(out, message.chains);
  write_hash_or_nil(out, message.settled);
  out.boolean(message.left_out).boolean(message.follows).uint64(message.renewals);
  out.uint64(message.kinds);
}

void write(Writer& out, const Echo& echo) { out.array(2).int64(echo.sent_ms).int64(echo.held_ms); }

void write(Writer& out, const std::vector<ClockWord>& words) {
  out.array(kWordNumbers * words.size());
  for (const ClockWord& word : words) {
    out.uint64(word.origin).uint64(word.opening);
    out.int64(word.sent_ms).int64(word.wall_ms).int64(word.age_ms);
  }
}

void write(Writer& out, const LocalRules& rules) {
  write_hash_or_nil(out, rules.resolvers);
  out.array(rules.absent.size());
  for (const std::string& name : rules.absent) out.bin(name);
}

void write(Writer& out, const Heartbeat& message) {
  out.array(18);
  write_vector(out, message.applied);
  write_vector(out, message.durable);
  out.uint64(message.hlc.bits);
  write_chains(out, message.chains);
  write_hash_or_nil(out, message.digest);
  out.uint64(message.greeted)
      .uint64(message.greeted_nonce)
      .int64(message.wall_ms)
      .int64(message.sent_ms);
  message.echo ? write(out, *message.echo) : void(out.nil());
  write_hash_or_nil(out, message.settled);
  out.boolean(message.left_out);
  write_vector(out, message.reports);
  write_vector(out, message.clocks);
  write(out, message.heard);
  out.uint64(message.sender);
  write(out, message.rules);
}

void write(Writer& out, const Subscribe& message) {
  out.array(6).uint64(message.stream).uint64(message.window);
  write_vector(out, message.from);
  write_origins(out, message.forked);
  write_origins(out, message.ended);
  out.uint64(message.nonce);
}

void write(Writer& out, const BatchMessage& message) {
  out.array(3).uint64(message.stream).bin(message.bytes);
  message.signature.empty() ? out.nil() : out.bin(message.signature);
}

void write(Writer& out, const Ack& message) {
  out.array(5).uint64(message.stream).uint64(message.taken);
  write_vector(out, message.applied);
  write_vector(out, message.durable);
  out.uint64(message.sender);
}

void write_positions(Writer& out, const History& message) {
  out.uint64(message.origin).uint64(message.differs).array(2 * message.links.size());
  for (const ChainLink& link : message.links) {
    out.uint64(link.seq);
    write_chain(out, link.hash);
  }
}

void write(Writer& out, const History& message) {
  out.array(7);
  write_positions(out, message);
  write_hash_or_nil(out, message.heard);
  out.boolean(message.asks).uint64(message.wanted).uint64(message.sender);
}

void write(Writer& out, const SignedPosition& message) { write_position(out, message); }

void write(Writer& out, const RegionReport& message) { write_report(out, message); }

void write(Writer& out, const Presence& message) { write_presence(out, message); }

void write(Writer& out, const MemberCards& message) { write_cards(out, message); }

Message read_signed(Reader& in) { return read_position(in); }

void write(Writer& out, const Trimmed& message) {
  out.array(2).uint64(message.stream);
  write_vector(out, message.from);
}

void write(Writer& out, const SnapshotRequest& message) {
  out.array(7).uint64(message.stream).uint64(message.snapshot).uint64(message.offset);
  out.uint64(message.window);
  write_marks(out, message.newest);
  write_marks(out, message.checkpoints);
  write_vector(out, message.least);
}

void write(Writer& out, const SnapshotChunk& message) {
  out.array(5).uint64(message.stream).uint64(message.snapshot).uint64(message.offset);
  out.uint64(message.size).bin(message.bytes);
}

void write(Writer& out, const SnapshotRefusal& message) {
  out.array(3).uint64(message.stream).text(message.why).boolean(message.passing);
}

void write(Writer& out, const Refusal& message) {
  out.array(3).text(message.region).text(message.why).boolean(message.lost);
}

Message read_refusal(Reader& in) {
  constexpr std::size_t kWhyMax = 1000;
  Refusal message;
  const std::size_t newer = in.array_of(3);
  message.region = in.text();
  message.why = in.text();
  message.lost = in.boolean();
  in.skip(newer);
  const bool is_line = std::ranges::none_of(message.why, [](char c) { return c >= 0 && c < ' '; });
  if (!transport::is_region_name(message.region) || message.why.size() > kWhyMax || !is_line) {
    in.fail("a refusal says nothing");
  }
  return message;
}

Message read_greeting(Reader& in) {
  constexpr std::size_t kOfEachProtocol = 3;
  constexpr std::size_t kOfThisProtocol = 8;
  Greeting message;
  const std::size_t more = in.array_of(kOfEachProtocol);
  message.protocol = in.uint64();
  message.mesh = read_hash(in);
  message.region = in.text();
  if (in.ok() && !transport::is_region_name(message.region)) in.fail("a greeting names nobody");
  if (in.ok() && message.protocol != Greeting::kProtocol) {
    in.skip(more);
    return message;
  }
  if (in.ok() && more < kOfThisProtocol) in.fail("a greeting is too short");
  message.origin = in.uint64();
  message.nonce = in.uint64();
  message.applied = read_vector(in);
  message.chains = read_chains(in, message.applied.size());
  message.settled = read_hash_or_nil(in);
  message.left_out = in.boolean();
  message.follows = in.boolean();
  message.renewals = in.uint64();
  std::size_t newer = in.ok() ? more - kOfThisProtocol : 0;
  if (newer > 0) {
    message.kinds = in.uint64();
    --newer;
  }
  in.skip(newer);
  if (message.origin == 0) in.fail("a greeting names nobody");
  return message;
}

Echo read_echo(Reader& in) {
  Echo echo;
  const std::size_t newer = in.array_of(2);
  echo.sent_ms = in.int64();
  echo.held_ms = in.int64();
  in.skip(newer);
  return echo;
}

std::vector<ClockWord> read_words(Reader& in) {
  const std::size_t numbers = in.array();
  if (numbers % kWordNumbers != 0 || numbers > kWordNumbers * kClockWordsMax) {
    in.fail("a heartbeat has heard too much");
    return {};
  }
  std::vector<ClockWord> words(in.ok() ? numbers / kWordNumbers : 0);
  for (ClockWord& word : words) {
    word.origin = in.uint64();
    word.opening = in.uint64();
    word.sent_ms = in.int64();
    word.wall_ms = in.int64();
    word.age_ms = in.int64();
  }
  return words;
}

LocalRules read_rules(Reader& in) {
  LocalRules rules;
  rules.resolvers = read_hash_or_nil(in);
  const std::size_t names = in.array();
  if (names > LocalRules::kAbsentMax) {
    in.fail("a heartbeat names too many functions");
    return rules;
  }
  for (std::size_t i = 0; i < names && in.ok(); ++i) {
    rules.absent.emplace_back(in.bin());
    const bool is_short = rules.absent.back().size() <= LocalRules::kNameBytesMax;
    if (!is_short) in.fail("a heartbeat names a function at length");
  }
  return rules;
}

Message read_heartbeat(Reader& in) {
  Heartbeat message;
  const std::size_t newer = in.array_of(18);
  message.applied = read_vector(in);
  message.durable = read_vector(in);
  message.hlc = {in.uint64()};
  message.chains = read_chains(in, message.applied.size());
  message.digest = read_hash_or_nil(in);
  message.greeted = in.uint64();
  message.greeted_nonce = in.uint64();
  message.wall_ms = in.int64();
  message.sent_ms = in.int64();
  if (!in.take_nil()) message.echo = read_echo(in);
  message.settled = read_hash_or_nil(in);
  message.left_out = in.boolean();
  message.reports = read_vector(in);
  message.clocks = read_vector(in);
  message.heard = read_words(in);
  message.sender = in.uint64();
  message.rules = read_rules(in);
  in.skip(newer);
  return message;
}

// What is stored is read whatever its length: an earlier version may have taken it from a peer.
void refuse_many(const std::vector<core::Origin>& origins, Reader& in) {
  if (origins.size() > core::VersionVector::kEntriesMax) {
    in.fail("more origins than a vector may have");
  }
}

Message read_report_message(Reader& in) {
  RegionReport report = read_report(in);
  refuse_many(report.open, in);
  return report;
}

Message read_subscribe(Reader& in) {
  Subscribe message;
  const std::size_t newer = in.array_of(6);
  message.stream = in.uint64();
  message.window = in.uint64();
  message.from = read_vector(in);
  message.forked = read_origins(in);
  message.ended = read_origins(in);
  refuse_many(message.forked, in);
  refuse_many(message.ended, in);
  message.nonce = in.uint64();
  in.skip(newer);
  return message;
}

Message read_batch(Reader& in) {
  BatchMessage message;
  std::size_t newer = in.array_of(2);
  message.stream = in.uint64();
  message.bytes = in.bin();
  if (in.ok() && newer > 0) {
    --newer;
    if (!in.take_nil()) {
      message.signature = in.bin();
      const bool whole = message.signature.size() == SignedPosition::kSignatureSize;
      if (!whole) in.fail("a signature beside a batch of another length");
    }
  }
  in.skip(newer);
  return message;
}

Message read_ack(Reader& in) {
  Ack message;
  const std::size_t newer = in.array_of(5);
  message.stream = in.uint64();
  message.taken = in.uint64();
  message.applied = read_vector(in);
  message.durable = read_vector(in);
  message.sender = in.uint64();
  in.skip(newer);
  return message;
}

Message read_history(Reader& in) {
  History message;
  const std::size_t newer = in.array_of(7);
  message.origin = in.uint64();
  message.differs = in.uint64();
  const std::size_t links = in.array();
  if (links > 2 * History::kLinksMax || links % 2 != 0) in.fail("a history has no such positions");
  for (std::size_t i = 0; i < links && in.ok(); i += 2) {
    const core::Seq seq = in.uint64();
    message.links.push_back({seq, read_chain(in)});
  }
  message.heard = read_hash_or_nil(in);
  message.asks = in.boolean();
  message.wanted = in.uint64();
  message.sender = in.uint64();
  in.skip(newer);
  return message;
}

Message read_trimmed(Reader& in) {
  Trimmed message;
  const std::size_t newer = in.array_of(2);
  message.stream = in.uint64();
  message.from = read_vector(in);
  in.skip(newer);
  return message;
}

Message read_snapshot_request(Reader& in) {
  SnapshotRequest message;
  const std::size_t newer = in.array_of(7);
  message.stream = in.uint64();
  message.snapshot = in.uint64();
  message.offset = in.uint64();
  message.window = in.uint64();
  message.newest = read_marks(in);
  message.checkpoints = read_marks(in);
  message.least = read_vector(in);
  in.skip(newer);
  return message;
}

Message read_snapshot_chunk(Reader& in) {
  SnapshotChunk message;
  const std::size_t newer = in.array_of(5);
  message.stream = in.uint64();
  message.snapshot = in.uint64();
  message.offset = in.uint64();
  message.size = in.uint64();
  message.bytes = in.bin();
  in.skip(newer);
  return message;
}

Message read_snapshot_refusal(Reader& in) {
  SnapshotRefusal message;
  const std::size_t newer = in.array_of(3);
  message.stream = in.uint64();
  message.why = in.text();
  message.passing = in.boolean();
  in.skip(newer);
  return message;
}

void write(Writer& out, const DigestRequest& message) { write_digest_request(out, message); }

void write(Writer& out, const DigestResponse& message) { write_digest_response(out, message); }

// One row per kind, in the order of the variant; a kind's number is its index plus one.
constexpr std::array<Message (*)(Reader&), std::variant_size_v<Message>> kReaders = {
    read_greeting,
    read_heartbeat,
    read_subscribe,
    read_batch,
    read_ack,
    [](Reader& in) -> Message { return read_digest_request(in); },
    [](Reader& in) -> Message { return read_digest_response(in); },
    read_history,
    read_trimmed,
    read_snapshot_request,
    read_snapshot_chunk,
    read_snapshot_refusal,
    read_signed,
    read_refusal,
    read_report_message,
    [](Reader& in) -> Message { return read_presence(in); },
    [](Reader& in) -> Message { return read_cards(in); }};
static_assert(
    std::is_same_v<std::variant_alternative_t<Presence::kKind - 1, Message>, Presence> &&
    std::is_same_v<std::variant_alternative_t<MemberCards::kKind - 1, Message>, MemberCards>);

// By kind, as above. A heartbeat is the longest with vectors: four of them, and hashes, 1.8 MiB.
constexpr std::size_t kShort = std::size_t{256} << 10U;
constexpr std::size_t kVectors = std::size_t{4} << 20U;
constexpr std::size_t kWhole = transport::kMessageSizeMax;
constexpr std::array<std::size_t, std::variant_size_v<Message>> kBodyBytesMax = {
    kVectors, kVectors, kVectors, kWhole, kVectors, kShort,   kWhole, kShort, kVectors,
    kVectors, kWhole,   kShort,   kShort, kShort,   kVectors, kShort, kShort};

}  // namespace

std::size_t body_bytes_max(std::uint8_t kind) {
  return kind == 0 || kind > kBodyBytesMax.size() ? kShort : kBodyBytesMax[kind - 1U];
}

core::Hash128 stamp_of(const History& history) {
  std::string bytes;
  Writer out(bytes);
  write_positions(out, history);
  return core::digest128(bytes);
}

Turn turn_of(const Message& message) {
  if (const auto* const batch = std::get_if<BatchMessage>(&message)) {
    return {Lane::kBatch, batch->stream, weight_of(batch->bytes.size())};
  }
  if (const auto* const chunk = std::get_if<SnapshotChunk>(&message)) {
    return {Lane::kSnapshot, chunk->stream, weight_of(chunk->bytes.size())};
  }
  return {};
}

core::Origin sender_of(const Message& message) {
  return std::visit(
      [](const auto& each) -> core::Origin {
        if constexpr (requires { each.sender; }) return each.sender;
        return 0;
      },
      message);
}

void set_sender(Message& message, core::Origin sender) {
  std::visit(
      [&](auto& each) {
        if constexpr (requires { each.sender; }) each.sender = sender;
      },
      message);
}

std::uint8_t kind_of(const Message& message) {
  return static_cast<std::uint8_t>(message.index() + 1);
}

std::string encode_message(const Message& message) {
  std::string body;
  if (const auto* batch = std::get_if<BatchMessage>(&message))
    body.reserve(batch->bytes.size() + 32);
  if (const auto* chunk = std::get_if<SnapshotChunk>(&message))
    body.reserve(chunk->bytes.size() + 64);
  Writer out(body);
  std::visit([&](const auto& each) { write(out, each); }, message);
  return body;
}

core::Result<Message> decode_message(std::uint8_t kind, std::string_view body) {
  if (kind == 0 || kind > kReaders.size()) {
    return core::corrupt("unknown kind of message " + std::to_string(kind));
  }
  Reader in(body);
  Message message = kReaders[kind - 1U](in);
  if (!in.done()) return in.failure();
  return message;
}

}  // namespace anabranch::regions
