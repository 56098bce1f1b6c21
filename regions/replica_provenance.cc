// What a replica does about who wrote what: it believes what a region's own leader sends, holds the
// rest until it is proven, and signs, keeps and passes on positions.

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"
#include "regions/replica.h"

namespace anabranch::regions {

using core::Batch;
using core::Bug;
using core::Millis;
using core::planted;

std::string Replica::region_of(core::Origin origin) const {
  const std::string& applied = state_.applied().head(origin).region;
  if (!applied.empty()) return applied;
  const auto peer = exchange_->peers().find(origin);
  return peer == exchange_->peers().end() ? std::string() : peer->second.region;
}

namespace {

// With so much waiting for a proof, or a part of all that may wait, the batches themselves are
// asked for it. Less is worth waiting for the newest position: each check takes as long as applying
// a batch.
constexpr std::size_t kUnprovenBytes = std::size_t{256} << 10U;
constexpr std::size_t kUnprovenPart = 4;

// As alarms call a leader of which nothing more than its writes is known any more.
constexpr const char* kGoneLeader = "a leader that is gone";

// The position that a batch carries the signature of.
SignedPosition before_of(const Batch& batch, std::string region) {
  return {std::move(region), batch.origin, batch.first() - 1, batch.previous, batch.signature};
}

}  // namespace

void Replica::prove_stops() {
  if (!signer_.active()) return;
  const auto prove = [&](core::Origin origin, const core::ChainHash& previous,
                         const std::string& signature) {
    const Head& head = state_.applied().head(origin);
    const SignedPosition* const last = signer_.newest(origin);
    const bool proven = last != nullptr && last->seq == head.seq;
    if (proven || signature.empty() || previous != head.chain) return;
    const SignedPosition stop{region_of(origin), origin, head.seq, previous, signature};
    if (signer_.verify(stop)) signer_.keep(stop);
  };
  held_.for_each_next(state_.applied().vector(), [&](const Batch& next) {
    prove(next.origin, next.previous, next.signature);
  });
  provenance_.for_each_next(prove);
}

void Replica::hold(LinkId link, HeldBatch held, Millis now) {
  const Peer* const peer = exchange_->peer_at(link);
  held.asked = peer != nullptr && peer->in.has(held.batch.origin);
  if (!signer_.active() || peer == nullptr || planted(Bug::kBelieveUnsigned)) {
    held_.add(std::move(held), state_.applied().vector());
    return;
  }
  const Batch& batch = held.batch;
  std::string region = region_of(batch.origin);
  if (region.empty()) region = provenance_.region(batch.origin);
  if (region.empty() && batch.opening) region = batch.opening->region;
  const bool is_direct = region == peer->region;
  if (!is_direct && !held.asked) return;  // Neither its own nor asked for.
  prove_before(held, region, now);
  const auto room = has_room(held) ? Provenance::Room::kWhole : Provenance::Room::kLink;
  take(provenance_.take(std::move(held), region, room), now);
}

bool Replica::had_no_room(core::Origin origin, core::Seq first) const {
  const bool later = first > state_.applied().vector().at(origin) + 1;
  return later && !held_.has(origin, first) && !provenance_.has(origin, first);
}

bool Replica::has_room(const HeldBatch& held) const {
  const core::VersionVector& applied = state_.applied().vector();
  const core::Origin origin = held.batch.origin;
  if (held.batch.first() == applied.at(origin) + 1) return true;
  // What goes on at once makes room for one more.
  const bool goes_on = held_.has_deliverable(origin, applied) && !starved_;
  if (goes_on && !provenance_.holds(origin)) return true;
  // What waits here and what waits for others, once proven, share their room.
  const std::size_t bytes = provenance_.bytes() + held_.bytes() + held.bytes.size();
  return bytes <= options_.limits.hold_bytes_max;
}

void Replica::prove_before(const HeldBatch& held, const std::string& region, Millis now) {
  const Batch& batch = held.batch;
  if (batch.signature.empty() || !provenance_.holds(batch.origin)) return;
  const std::size_t much = std::min(kUnprovenBytes, options_.limits.hold_bytes_max / kUnprovenPart);
  if (provenance_.bytes() < much && has_room(held)) return;
  const SignedPosition before = before_of(batch, region);
  if (before.seq <= state_.applied().vector().at(batch.origin) || !signer_.verify(before)) return;
  signer_.keep(before);  // Perhaps nothing behind it ever comes again.
  take(provenance_.take(before), now);
}

void Replica::take(LinkId link, const SignedPosition& position, Millis now) {
  const Peer* const peer = exchange_->peer_at(link);
  if (!signer_.active() || peer == nullptr || position.origin == state_.identity().origin) return;
  const std::string region = region_of(position.origin);
  if (!region.empty() && region != position.region) return;  // It signs for another.
  const SignedPosition* const last = signer_.newest(position.origin);
  if (last != nullptr && last->seq >= position.seq) return;
  if (!signer_.verify(position)) {
    alarm_once("region " + peer->region + " shows a position of region " + position.region +
               " that no known key of that has signed");
    return;
  }
  signer_.keep(position);
  take(provenance_.take(position), now);
  sign_and_pass_on(now);
}

void Replica::take(Provenance::Outcome outcome, Millis now) {
  for (const SignedPosition& end : outcome.ends) signer_.keep_end(end);
  for (HeldBatch& held : outcome.proven) {
    held_.add(std::move(held), state_.applied().vector(), HoldBuffer::Room::kGranted);
  }
  for (const Provenance::Lie& lie : outcome.lies) {
    signer_.forget_ahead(lie.origin);
    std::string who;
    for (const core::Origin each : lie.peers) {
      const auto peer = exchange_->peers().find(each);
      if (!who.empty()) who += " or ";
      const bool gone = peer == exchange_->peers().end();
      who += gone ? kGoneLeader : "region " + peer->second.region;
      exchange_->distrust(lie.origin, each, now);
    }
    alarm_once(
        who + " passed on writes of origin " + core::to_string(lie.origin) +
        " that do not fit what its region has signed: they are forged, or the region has signed "
        "two histories; they were dropped");
  }
}

void Replica::send_positions(LinkId link, const core::VersionVector& origins) {
  for (const auto& [origin, seq] : origins) {
    if (const auto* position = signer_.newest(origin)) effects_.push_back(Send{link, *position});
  }
}

void Replica::complain_of_unproven(Millis now) {
  for (std::string& late : unproven_.look(provenance_, now)) {
    effects_.push_back(Alarm{std::move(late)});
  }
}

void Replica::sign_and_pass_on(Millis now) {
  if (!signer_.active() || broken() || rejoin_) return;
  if (state_.all_durable()) signer_.sign_due(now);
  for (const SignedPosition& position : signer_.take_news()) exchange_->pass_on(position);
  if (!signer_.has_changes() || dirty() || now < next_keep_ms_ || reserve_.full()) return;
  next_keep_ms_ = now + Exchange::kHeartbeatMs;
  drop_group();
  (void)state_.commit({});  // What fails breaks the replica.
}

}  // namespace anabranch::regions
