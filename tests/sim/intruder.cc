#include "tests/sim/intruder.h"

#include <algorithm>

#include "core/codec.h"

namespace anabranch::test {

using core::Batch;
using core::ChainHash;
using core::Origin;
using core::Seq;
using core::VersionVector;
using regions::Message;

namespace {

constexpr core::Hash128 kMesh{1, 1};
constexpr core::Millis kFarMs = 4'070'908'800'000;  // The year 2099.
constexpr std::size_t kWrittenMax = 5;
constexpr Seq kClaimed = 1000;
constexpr std::size_t kInventedMax = 16;                 // Origins of its own making.
constexpr std::string_view kNoMessage = "\xc1 rubbish";  // A byte that msgpack never uses.

ChainHash other(ChainHash hash) {
  ++hash.front();
  return hash;
}

// The bytes of a batch with another head.
std::string with_head(const Batch& batch, Origin origin, Seq first, Seq last) {
  const std::string good = core::encode_batch(batch);
  std::string_view body = good;
  (void)core::Reader::first_of(body);
  std::string bytes;
  core::Writer(bytes)
      .array(5)
      .uint64(Batch::kFormat)
      .uint64(origin)
      .uint64(first)
      .uint64(last)
      .bin(std::string(sizeof(ChainHash), '\0'));
  return bytes + std::string(body);
}

}  // namespace

Intruder::Intruder(Malice malice, std::uint64_t number, std::uint64_t seed, bool keys)
    : malice_(malice),
      random_(seed),
      keys_(keys),
      region_(std::string(kName) + std::to_string(number)),
      seals_(region_),
      origin_(core::digest128(region_).low | 1U) {}

// ---- As any leader does.

std::vector<Frame> Intruder::greet() {
  Frames frames;
  regions::Greeting greeting;
  greeting.mesh = kMesh;
  greeting.region = region_;
  greeting.origin = origin_;
  greeting.nonce = random_.bits();
  send(frames, greeting);
  return frames;
}

std::vector<Frame> Intruder::hear(const Message& message) {
  Frames frames;
  if (const auto* greeting = std::get_if<regions::Greeting>(&message)) {
    shown_ = {greeting->origin, greeting->nonce, greeting->applied, greeting->chains};
    return greet();
  }
  if (const auto* beat = std::get_if<regions::Heartbeat>(&message)) {
    shown_.applied = beat->applied;
    shown_.chains = beat->chains;
    digest_ = beat->digest;
    (this->*kActs[static_cast<std::size_t>(malice_)])(frames);
  }
  if (const auto* wanted = std::get_if<regions::Subscribe>(&message)) {
    serve(frames, wanted->from.at(origin_));
    if (malice_ == Malice::kBoasting) {
      VersionVector from = wanted->from;
      for (const auto& [origin, seq] : wanted->from) from.set(origin, seq + kClaimed / 2);
      send(frames, regions::Trimmed{wanted->stream, from});
    }
  }
  if (const auto* request = std::get_if<regions::SnapshotRequest>(&message)) {
    answer(frames, *request);
  }
  const auto* const part = std::get_if<regions::SnapshotChunk>(&message);
  const bool begun = part != nullptr && part->offset == 0;
  if (begun && malice_ == Malice::kGreed && random_.chance(0.3)) ask_without_end(frames);
  return frames;
}

void Intruder::send(Frames& frames, const Message& message) {
  frames.push_back({regions::kind_of(message), regions::encode_message(message), false, {}});
}

void Intruder::send_batch(Frames& frames, const Batch& batch) {
  send(frames, regions::BatchMessage{0, core::encode_batch(batch)});
}

void Intruder::show(Frames& frames, VersionVector applied, core::Millis wall_ms) {
  regions::Heartbeat beat;
  beat.applied = applied;
  beat.durable = std::move(applied);
  beat.hlc = core::Hlc::of(wall_ms, 0);
  beat.greeted = shown_.origin;
  beat.greeted_nonce = shown_.nonce;
  beat.wall_ms = wall_ms;
  send(frames, beat);
}

void Intruder::sign(Frames& frames, const std::string& region, Origin origin, Seq seq,
                    const ChainHash& chain) {
  regions::SignedPosition position{region, origin, seq, chain, {}};
  position.signature = seals_.sign(regions::signed_bytes(kMesh, position));
  send(frames, position);
}

Batch Intruder::batch(Origin origin, Seq first, std::size_t ops) {
  Batch batch;
  batch.origin = origin;
  if (first == 1) batch.opening = core::Opening{kMesh, region_, 1, random_.bits(), 0};
  core::Transaction& txn = batch.transactions.emplace_back();
  txn.first = first;
  txn.hlc = core::Hlc::of(1'700'000'000'000, 0);
  const std::string key = "k" + std::to_string(random_.below(10));
  for (std::size_t i = 0; i < ops; ++i) {
    const std::string value(1 + random_.below(200), 'm');
    txn.ops.emplace_back(core::Put{core::Path{"\1", key, "s"}, value, {}, {}});
  }
  return batch;
}

Intruder::Entry Intruder::any_entry() {
  if (shown_.applied.empty() || shown_.chains.size() != shown_.applied.size()) return {};
  const std::size_t at = random_.below(shown_.applied.size());
  const auto& [origin, seq] = *(shown_.applied.begin() + static_cast<std::ptrdiff_t>(at));
  return origin == origin_ ? Entry{} : Entry{origin, seq, shown_.chains[at]};
}

// ---- Refused at once.

void Intruder::send_rubbish(Frames& frames) {
  Frame& frame = frames.emplace_back();
  frame.rubbish = true;
  const std::string rubbish = std::string(kNoMessage) + random_.bytes(200);
  switch (random_.below(4)) {
    case 0:
      frame.kind = 200;
      frame.body = rubbish;
      return;
    case 1:
      frame.kind = static_cast<std::uint8_t>(1 + random_.below(13));
      frame.body = rubbish;
      return;
    case 2: {
      const Frame good = greet().front();
      frame.kind = good.kind;
      frame.body = good.body.substr(0, random_.below(good.body.size()));
      return;
    }
    default: {
      const Message message = regions::BatchMessage{0, rubbish};
      frame.kind = regions::kind_of(message);
      frame.body = regions::encode_message(message);
    }
  }
}

void Intruder::miscount(Frames& frames) {
  const Batch good = batch(origin_, 1, 3);
  const std::array<std::string, 5> bad{
      with_head(good, origin_, 1, 2), with_head(good, origin_, 1, 4),
      with_head(good, origin_, 0, 2), with_head(good, origin_, 3, 1), with_head(good, 0, 1, 3)};
  send(frames, regions::BatchMessage{0, random_.pick(bad)});
  frames.back().rubbish = true;
}

// ---- Refused sooner or later, or of no consequence.

void Intruder::leave_gaps(Frames& frames) {
  show(frames, {{origin_, kClaimed}});
  for (int count = 0; count < 3; ++count) {
    send_batch(frames, batch(origin_, 2 + random_.below(50), 1 + random_.below(3)));
  }
}

void Intruder::forge(Frames& frames) {
  const Entry entry = any_entry();
  const auto victim = shown_.applied.at(shown_.origin);
  if (victim > 0 && random_.chance(0.1)) send_batch(frames, batch(shown_.origin, victim + 1, 1));
  if (entry.origin == 0 || entry.origin == shown_.origin) return;
  VersionVector claimed = shown_.applied;
  claimed.set(entry.origin, entry.seq + kClaimed);
  show(frames, claimed);  // Of others nothing is taken.
  send_batch(frames, batch(entry.origin, std::max<Seq>(2, entry.seq), 3));  // Overlaps.
  if (!keys_) return;  // Without keys every peer is believed.
  Batch next = batch(entry.origin, entry.seq + 1, 1);
  next.previous = entry.chain;
  const std::string whose = "r" + std::to_string(random_.below(5));
  sign(frames, whose, entry.origin, entry.seq + 1, core::chain_hash(core::encode_batch(next)));
  send_batch(frames, next);
  next = batch(origin_ + 1 + random_.below(kInventedMax), 1, 1);
  next.opening->region = whose;
  claimed.set(next.origin, 1);
  show(frames, std::move(claimed));
  send_batch(frames, next);
}

void Intruder::rewrite(Frames& frames) {
  const Entry entry = any_entry();
  if (entry.origin == 0) return;
  Batch next = batch(entry.origin, entry.seq + 1, 1);
  next.previous = other(entry.chain);
  if (random_.chance(0.5)) next.deps_changed.set(origin_, kClaimed);  // It waits for ever.
  if (random_.chance(0.5)) show(frames, {{entry.origin, entry.seq + 1}});
  if (entry.origin != shown_.origin) send_batch(frames, next);
  if (random_.chance(0.5)) return;
  send(frames, regions::History{entry.origin, entry.seq, {{entry.seq, other(entry.chain)}}});
  if (entry.origin == shown_.origin && random_.chance(0.9)) return;
  regions::Heartbeat beat;
  beat.applied.set(entry.origin, entry.seq);
  beat.chains.push_back(other(entry.chain));
  beat.greeted = shown_.origin;
  beat.greeted_nonce = shown_.nonce;
  send(frames, beat);
}

void Intruder::write_in_future(Frames& frames) {
  if (written_.size() < kWrittenMax) {
    Batch next = batch(origin_, written_.size() + 1, 1);
    next.previous = chain_;
    next.transactions.front().hlc =
        core::Hlc::of(kFarMs, static_cast<std::uint16_t>(random_.below(9)));
    written_.push_back(core::encode_batch(next));
    chain_ = core::chain_hash(written_.back());
  }
  show(frames, {{origin_, written_.size()}}, kFarMs);
  serve(frames, written_.size());
}

void Intruder::serve(Frames& frames, Seq from) {
  if (from == 0 || from > written_.size()) return;
  for (std::size_t i = from - 1; i < written_.size(); ++i) {
    send(frames, regions::BatchMessage{0, written_[i]});
    frames.back().written = written_[i];
  }
  if (keys_) sign(frames, region_, origin_, written_.size(), chain_);
}

void Intruder::ask_without_end(Frames& frames) {
  VersionVector all;
  for (const auto& [origin, seq] : shown_.applied) all.set(origin, 1);
  const std::uint64_t window = 1 + random_.below(2'000);
  send(frames, regions::Subscribe{++streams_, window, all, {}});
  const std::uint64_t whole = random_.chance(0.5) ? window : ~std::uint64_t{0};
  send(frames, regions::SnapshotRequest{++streams_, 0, 0, whole, {}, {}, {}});
  regions::DigestRequest question;
  question.kind = static_cast<regions::DigestRequest::Kind>(random_.below(3));
  question.moment = ++streams_;
  question.number = streams_;
  send(frames, question);
}

void Intruder::boast(Frames& frames) {
  VersionVector claimed;
  for (const auto& [origin, seq] : shown_.applied) {
    const bool own = origin == shown_.origin;  // Costs it its origin.
    if (!own || random_.chance(0.05)) claimed.set(origin, seq + kClaimed);
  }
  claimed.set(origin_, kClaimed);
  show(frames, std::move(claimed));
}

void Intruder::answer(Frames& frames, const regions::SnapshotRequest& request) {
  if (malice_ != Malice::kBoasting || random_.chance(0.3)) return;
  std::string bytes = random_.bytes(300);
  const std::uint64_t size = bytes.size() + (random_.chance(0.5) ? 100 : 0);
  send(frames, regions::SnapshotChunk{request.stream, 7, 0, size, std::move(bytes)});
}

void Intruder::deny_digest(Frames& frames) {
  regions::Heartbeat beat;
  beat.applied = beat.durable = shown_.applied;
  beat.chains = shown_.chains;
  beat.greeted = shown_.origin;
  beat.greeted_nonce = shown_.nonce;
  if (digest_) beat.digest = core::Hash128{digest_->high, digest_->low + 1};
  send(frames, beat);
}

}  // namespace anabranch::test
