#include "regions/delivery/proofs.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Batch;
using core::Bug;
using core::Millis;
using core::planted;

namespace {

// With so much waiting for a proof, or a part of all that may wait, the batches themselves are
// asked for it. Less is worth waiting for the newest position: each check takes as long as applying
// a batch.
constexpr std::size_t kUnprovenBytes = std::size_t{256} << 10U;
constexpr std::size_t kUnprovenPart = 4;

// As alarms call a leader that is known by its writes alone.
constexpr const char* kGoneLeader = "a leader that is gone";

// The position that a batch carries the signature of.
SignedPosition before_of(const Batch& batch, std::string region) {
  return {std::move(region), batch.origin, batch.first() - 1, batch.previous, batch.signature};
}

}  // namespace

std::string region_of(core::Origin origin, const Applied& applied, const Peers& peers) {
  const std::string& wrote = applied.head(origin).region;
  if (!wrote.empty()) return wrote;
  const auto peer = peers.find(origin);
  return peer == peers.end() ? std::string() : peer->second.region;
}

// ---- Batches.

void Proofs::hold(LinkId link, HeldBatch&& held, bool goes_on, Millis now) {
  const Peer* const peer = owner_.exchange.links().peer_at(link);
  held.asked = peer != nullptr && peer->in.has(held.batch.origin);
  if (!signer_.active() || peer == nullptr || planted(Bug::kBelieveUnsigned)) {
    held_.add(std::move(held), owner_.state.applied().vector());
    return;
  }
  const Batch& batch = held.batch;
  std::string region = region_of(batch.origin, owner_.state.applied(), owner_.exchange.peers());
  if (region.empty()) region = provenance_.region(batch.origin);
  if (region.empty() && batch.opening) region = batch.opening->region;
  const bool is_direct = region == peer->region;
  if (!is_direct && !held.asked) return;  // Neither its own nor asked for.
  prove_before(held, region, goes_on, now);
  const auto room = has_room(held, goes_on) ? Provenance::Room::kWhole : Provenance::Room::kLink;
  take(provenance_.take(std::move(held), region, room), now);
}

bool Proofs::has_room(const HeldBatch& held, bool goes_on) const {
  const core::VersionVector& applied = owner_.state.applied().vector();
  const core::Origin origin = held.batch.origin;
  const core::Seq first = held.batch.first();
  if (first == applied.at(origin) + 1) {
    // One that is proven goes on at once. Of others only so many wait: their links stay.
    const BatchLoad& waits = provenance_.load();
    return provenance_.has_proven(origin, first) ||
           (waits.bytes < HoldBackQueue::kNextBytesMax && waits.memory < HoldBackQueue::kMemoryMax);
  }
  // A batch that goes on at once makes room for one more.
  const bool leaves = goes_on && held_.has_deliverable(origin, applied);
  if (leaves && !provenance_.holds(origin)) return true;
  // Batches that wait here and those that wait for others, once proven, share their room.
  const std::size_t bytes = provenance_.bytes() + held_.bytes() + held.bytes.size();
  return bytes <= bytes_max_;
}

void Proofs::prove_before(const HeldBatch& held, const std::string& region, bool goes_on,
                          Millis now) {
  const Batch& batch = held.batch;
  if (batch.signature.empty() || !provenance_.holds(batch.origin)) return;
  const std::size_t much = std::min(kUnprovenBytes, bytes_max_ / kUnprovenPart);
  if (provenance_.bytes() < much && has_room(held, goes_on)) return;
  const SignedPosition before = before_of(batch, region);
  const core::Seq applied = owner_.state.applied().vector().at(batch.origin);
  if (before.seq <= applied || !signer_.verify(before)) return;
  signer_.keep(before);  // Perhaps nothing behind it ever comes again.
  take(provenance_.take(before), now);
}

void Proofs::take(Provenance::Outcome outcome, Millis now) {
  for (HeldBatch& held : outcome.proven) {
    held_.add(std::move(held), owner_.state.applied().vector(), HoldBackQueue::Room::kGranted);
  }
  for (const Provenance::ForgedBatch& forged : outcome.forged) avoid_sources(forged, now);
}

void Proofs::avoid_sources(const Provenance::ForgedBatch& forged, Millis now) {
  signer_.forget_ahead(forged.origin);
  std::string who;
  for (const core::Origin each : forged.peers) {
    if (!who.empty()) who += " or ";
    who += name_of(each);
    owner_.exchange.subscriptions().avoid_source(forged.origin, each, now);
  }
  owner_.alarms.raise_once(who + " passed on writes of origin " + core::to_string(forged.origin) +
                           " that do not fit what its region has signed: they "
                           "are forged, or the region has signed "
                           "two histories; they were dropped");
}

void Proofs::take_proven(Millis now) {
  if (signer_.active()) take(provenance_.take_proven(), now);
}

std::string Proofs::name_of(core::Origin peer) const {
  const auto found = owner_.exchange.peers().find(peer);
  const bool is_gone = found == owner_.exchange.peers().end();
  return is_gone ? std::string(kGoneLeader) : "region " + found->second.region;
}

void Proofs::raise_alarms(Millis now) {
  const auto name = [this](core::Origin peer) { return name_of(peer); };
  for (std::string& late : unproven_.look(provenance_, now, name)) {
    owner_.alarms.raise(std::move(late));
  }
}

// ---- Positions.

bool Proofs::on(LinkId link, const SignedPosition& position, Millis now) {
  const Peer* const peer = owner_.exchange.links().peer_at(link);
  const bool own = position.origin == owner_.state.identity().origin;
  if (!signer_.active() || peer == nullptr || own) return false;
  const std::string region =
      region_of(position.origin, owner_.state.applied(), owner_.exchange.peers());
  if (!region.empty() && region != position.region) return false;  // It signs for another.
  const SignedPosition* const last = signer_.newest(position.origin);
  if (last != nullptr && last->seq >= position.seq) return false;
  if (!signer_.verify(position)) {
    owner_.alarms.raise_once("region " + peer->region + " shows a position of region " +
                             position.region + " that no known key of that has signed");
    return false;
  }
  signer_.keep(position);
  take(provenance_.take(position), now);
  sign_and_pass_on(now);
  return true;
}

void Proofs::send_positions(LinkId link, const core::VersionVector& origins, Millis now) {
  for (const auto& [origin, seq] : origins) {
    const SignedPosition* const position = signer_.newest(origin);
    if (position != nullptr) owner_.exchange.tell(link, *position, now);
  }
}

void Proofs::prove_head(core::Origin origin, const std::string& signature) {
  if (signature.empty() || signer_.proves_head(origin)) return;
  const Applied& applied = owner_.state.applied();
  const Head& head = applied.head(origin);
  const SignedPosition end{region_of(origin, applied, owner_.exchange.peers()), origin, head.seq,
                           head.chain, signature};
  if (signer_.verify(end)) signer_.keep(end);
}

void Proofs::prove_ends(const std::vector<HeldBatch>& slice) {
  if (!signer_.active() || planted(Bug::kForgetEnds)) return;
  for (const HeldBatch& held : slice) {
    const core::Origin origin = held.batch.origin;
    keep_beside(held);
    if (held.batch.last() == owner_.state.applied().vector().at(origin))
      prove_head(origin, held.end_signature);
  }
}

void Proofs::keep_beside(const HeldBatch& held) {
  if (!held.signed_beside) return;
  const core::Origin origin = held.batch.origin;
  const std::string region = region_of(origin, owner_.state.applied(), owner_.exchange.peers());
  if (!signer_.verify(before_of(held.batch, region))) return;
  owner_.state.log().signatures().keep(origin, held.batch.first(), held.batch.signature);
}

void Proofs::sign_beside(const storage::StoredRecord& record) {
  const std::string& region = owner_.state.identity().region;
  const bool own = owner_.state.applied().head(record.origin).region == region;
  if (!signer_.active() || !own || record.first == 1 || planted(Bug::kSignNothingBeside)) return;
  const auto batch = core::decode_batch(record.bytes);
  if (!batch.ok() || !batch.value().signature.empty()) return;
  const std::string signature =
      signer_.sign({region, record.origin, record.first - 1, batch.value().previous, {}});
  owner_.state.log().signatures().keep(record.origin, record.first, signature);
}

void Proofs::prove_stops() {
  if (!signer_.active()) return;
  const Applied& applied = owner_.state.applied();
  const auto prove = [&](core::Origin origin, const core::ChainHash& previous,
                         const std::string& signature) {
    if (previous == applied.head(origin).chain) prove_head(origin, signature);
  };
  held_.for_each_next(applied.vector(), [&](const Batch& next) {
    prove(next.origin, next.previous, next.signature);
  });
  provenance_.for_each_next(prove);
}

void Proofs::ask_for_missing(Millis now) {
  if (!signer_.active()) return;
  for (const auto& [origin, head] : owner_.state.applied().heads()) {
    const bool own = origin == owner_.state.identity().origin;
    if (own || signer_.proves_head(origin)) {
      asked_.erase(origin);
      continue;
    }
    Asked& asked = asked_[origin];
    if (asked.seq != head.seq) asked = {.seq = head.seq};
    if (now < asked.next_ms) continue;
    if (!owner_.exchange.subscriptions().ask_for_proof(origin, now)) continue;
    asked.next_ms = now + asked.pause_ms;
    asked.pause_ms = std::min(2 * asked.pause_ms, kAskMaxMs);
  }
}

void Proofs::sign_and_pass_on(Millis now) {
  if (!signer_.active() || owner_.state.broken() || owner_.exchange.joining()) return;
  if (owner_.state.all_durable()) signer_.sign_due(now);
  for (const SignedPosition& position : signer_.take_news()) owner_.exchange.pass_on(position);
}

core::Result<void> Proofs::keep(const GroupClosed& /*closed*/, Millis now) {
  next_keep_ms_ = now + Exchange::kHeartbeatMs;
  return owner_.state.commit({});
}

}  // namespace anabranch::regions
