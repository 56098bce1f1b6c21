// What a replica does about time for keys that expire: it shows how far its clock is, and knows how
// far those of others are.
#include <algorithm>
#include <utility>

#include "core/planted_bug.h"
#include "crdt/expiry.h"
#include "regions/replica.h"
#include "rows/expiry_index.h"

namespace anabranch::regions {

using core::Millis;
using core::Origin;
using core::VersionVector;

core::Result<std::vector<storage::Change>> Replica::load_expiries() {
  std::vector<storage::Change> changes;
  const auto loaded = rows::load_expiries(*storage_.snapshot(), names().origins(),
                                          applied_.expiry_board(), changes);
  return loaded.ok() ? core::Result<std::vector<storage::Change>>(std::move(changes))
                     : loaded.failure();
}

void Replica::note_expiry(const core::Path& path) {
  if (crdt::is_expiry(path)) applied_.expiry_board().mark(crdt::key_part(path));
}

void Replica::hear_clocks(LinkId link, const Heartbeat& heartbeat) {
  applied_.expiry_board().post(clock_->high_water());
  const Origin peer = exchange_->peer(link);
  const bool whole = !heartbeat.left_out || heartbeat.settled == settled_.hash();
  if (peer == 0 || !whole || rejoin_ || heartbeat.clocks.empty()) return;
  passed_.hear(peer, {heartbeat.applied, heartbeat.clocks}, applied_.vector());
}

VersionVector Replica::shown_clocks() {
  if (rejoin_) return {};  // What it has written may come back under other names.
  passed_.look(applied_.vector());
  VersionVector shown;
  for (const auto& [origin, bits] : passed_.all()) {
    if (!regions_.succeeded(origin)) shown.set(origin, bits);
  }
  if (follows()) return shown;
  if (storage_.durable_position() == storage_.last_position()) shown_clock_ = clock_mark_;
  shown.set(identity_.origin, shown_clock_.bits);
  return shown;
}

Millis Replica::passed_ms() {
  passed_.look(applied_.vector());
  std::uint64_t least = ~std::uint64_t{0};
  const auto wait_for = [&](const std::string& region, Origin origin) {
    const bool counts = origin != identity_.origin && !regions_.succeeded(origin) &&
                        !regions_.lost(region, origin) &&
                        regions_.retirement(region) != Retirement::kLost;
    if (counts) least = std::min(least, passed_.all().at(origin));
  };
  for (const auto& [name, region] : regions_.all()) {
    for (const auto& [origin, known] : region.origins) wait_for(name, origin);
  }
  for (const Peer* peer : leaders(exchange_->peers())) wait_for(peer->region, peer->origin);
  for (const auto& [origin, head] : applied_.heads()) {
    if (!regions_.all().contains(head.region)) wait_for(head.region, origin);
  }
  const bool alone = least == ~std::uint64_t{0};
  if (alone || core::planted(core::Bug::kExpireTooEarly)) return crdt::Expiry::kNever;
  return core::Hlc{least}.millis();
}

core::Result<void> Replica::store_clock() {
  ANABRANCH_ASSERT(!dirty());
  open_.reset();
  if (broken_) return *broken_;
  (void)clock_->now();
  std::vector<storage::Change> changes;
  mark_clock(changes);
  const auto position = storage_.commit({}, changes);
  if (position.ok()) return {};
  broken_ = position.failure();
  return *broken_;
}

}  // namespace anabranch::regions
