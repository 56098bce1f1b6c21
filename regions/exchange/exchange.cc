#include "regions/exchange/exchange.h"

#include <algorithm>
#include <utility>

#include "core/mark.h"
#include "regions/state/committed.h"

namespace anabranch::regions {

using core::mark;
using core::Millis;
using core::Origin;
using core::VersionVector;

Exchange::Exchange(CommittedState& state, const RegionList& regions, const SettledOrigins& settled,
                   Effects& effects)
    : applied_(state.applied()),
      chains_(state.chains()),
      settled_(settled),
      log_(state.log()),
      durable_state_(state.durable_state()),
      effects_(effects),
      links_(effects),
      forks_(applied_, chains_, regions, effects),
      subscriptions_(applied_, settled, forks_, links_) {}

void Exchange::begin(LocalIdentity self) {
  links_.self() = std::move(self);
  durable_ = log_.durable_position();
}

// ---- Links.

void Exchange::link_up(LinkId link, std::string address, Millis now, std::string region) {
  greet(links_.up(link, std::move(address), std::move(region)), now);
}

void Exchange::renew(Origin origin, Millis now) {
  links_.self().origin = origin;
  ++links_.self().renewals;
  origin_conflict_.clear();
  for (auto& [id, link] : links_.all()) greet(link, now);
  for (auto& [peer_origin, peer] : links_.peers())
    peer.in.stale = true;  // Peers begin anew as well.
  subscriptions_.renew();
}

void Exchange::join_as_empty(bool joining, Origin origin, Millis now) {
  joining_ = joining;
  for (auto& [peer_origin, peer] : links_.peers()) peer.out.cancel();
  forks_.clear();
  subscriptions_.suspend(joining);
  renew(origin, now);
}

void Exchange::link_down(LinkId link) {
  Peer* const peer = links_.down(link);
  if (peer == nullptr) return;
  peer->in.stale = true;
  peer->in.part_ms = InStream::kLongAgo;
  if (!peer->connected()) {
    peer->out.cancel();
    peer->asked.newest.reset();
  }
  subscriptions_.renew();
}

bool Exchange::resume(std::string_view name) {
  if (!links_.resume(name)) return false;
  for (auto& [origin, peer] : links_.peers()) {
    peer.in.stale = true;
    pump(peer);
  }
  subscriptions_.renew();
  return true;
}

// ---- Messages.

std::optional<BatchMessage> Exchange::step(LinkId link_id, Message message, Millis now) {
  subscriptions_.set_time(now);
  links_.room().set_time(now);
  Link* const found = links_.find(link_id);
  if (found == nullptr) return std::nullopt;
  Link& link = *found;
  if (link.endless) return std::nullopt;
  if (auto* greeting = std::get_if<Greeting>(&message)) {
    on(link, std::move(*greeting), now);
    return std::nullopt;
  }
  const auto peer = links_.peers().find(link.peer);
  if (peer == links_.peers().end()) {  // The peer has not greeted yet: its greeting got lost.
    mark<"a message comes before its sender's greeting">();
    return std::nullopt;
  }
  link.heard_ms = now;
  if (auto* batch = std::get_if<BatchMessage>(&message)) {
    return on(peer->second, std::move(*batch), now);
  }
  peer->second.reading.refill(now, links_.peers().size());
  if (const auto* beat = std::get_if<Heartbeat>(&message)) on(link, peer->second, *beat, now);
  // A subscription of a process that is gone would have a higher stream number than all later ones.
  auto* const wanted = std::get_if<Subscribe>(&message);
  const bool current = wanted != nullptr && (wanted->nonce == 0 || wanted->nonce == link.nonce);
  if (current) on(peer->second, std::move(*wanted), now);
  if (const auto* ack = std::get_if<Ack>(&message)) on(peer->second, *ack, now);
  if (const auto* history = std::get_if<History>(&message)) on(peer->second, *history);
  if (const auto* trimmed = std::get_if<Trimmed>(&message)) on(peer->second, *trimmed);
  return std::nullopt;
}

void Exchange::on(Peer& peer, Subscribe subscribe, Millis now) {
  if (joining_) return;
  if (!agree_on_forks(peer, subscribe.forked)) return;  // The peer will ask again.
  AskedStream& asked = peer.asked;
  if (asked.newest && asked.newest->stream >= subscribe.stream) return;
  if (asked.newest) mark<"a subscription is replaced before it has begun">();
  asked.newest = std::move(subscribe);
  begin_stream(peer, now);
}

// Batches that wait in the outbox for the former stream would come again in this one; but one that
// is on its way, perhaps for minutes, is not sent twice.
void Exchange::begin_stream(Peer& peer, Millis now) {
  if (!peer.asked.newest || joining_) return;
  if (now < peer.asked.next_ms) {
    next_begin_ms_ = std::min(next_begin_ms_, peer.asked.next_ms);
    return;
  }
  const Subscribe wanted = *std::exchange(peer.asked.newest, std::nullopt);
  const bool leaving = links_.is_leaving(peer, Lane::kBatch);
  const std::uint64_t before = peer.out.bytes_read();
  peer.out.set_slice(slice_bytes_);
  peer.out.subscribe(wanted, log_, applied_.vector(), leaving);
  if (!peer.out.begins_behind()) links_.unsend(peer, Lane::kBatch, wanted.stream);
  if (!peer.out.trimmed().empty()) links_.send(peer, Trimmed{peer.out.id(), peer.out.trimmed()});
  pump(peer);
  peer.asked.begun(peer.out.bytes_read() - before, wanted.from.size(), now);
}

void Exchange::on(Peer& peer, const Trimmed& trimmed) {
  if (trimmed.stream != peer.in.id) return;
  for (const auto& [origin, seq] : trimmed.from) peer.served_from.raise(origin, seq);
  refuse_if_endless(peer);
  subscriptions_.renew();
}

// A late ack may describe the peer before it greeted under another origin: perhaps it has given up
// its old vector since, and no longer shows it.
void Exchange::on(Peer& peer, const Ack& ack, Millis now) {
  if (ack.stream != peer.out.id()) return;
  peer.out.acknowledge(ack);
  shown(peer, ack.applied, ack.durable, now);
  if (subscriptions_.shows_news(ack.applied)) subscriptions_.renew();
  if (!peer.out.goes_on()) pump(peer);
}

std::optional<BatchMessage> Exchange::on(Peer& peer, BatchMessage batch, Millis now) {
  if (joining_) return std::nullopt;  // The batch was under way.
  if (links_.paused(peer)) {
    mark<"a batch of a paused peer is dropped">();
    peer.in.stale = true;
    return std::nullopt;
  }
  if (batch.stream == peer.in.id) {
    peer.in.taken += batch.bytes.size();
    peer.in.progress_ms = now;
  }
  return batch;
}

void Exchange::part_came(LinkId link, bool all, Millis now) {
  Peer* const peer = links_.peer_at(link);
  if (peer == nullptr) return;
  peer->in.part_ms = all ? InStream::kLongAgo : now;
  if (!all) peer->in.progress_ms = now;
}

void Exchange::ask_waiting(Millis now) {
  if (subscriptions_.waiting() == 0) return;
  subscriptions_.set_time(now);
  subscriptions_.renew();
}

void Exchange::count_received(LinkId link, const core::Batch& batch) {
  Peer* const peer = links_.peer_at(link);
  if (peer != nullptr) peer->in.ops += batch.last() - batch.first() + 1;
}

void Exchange::note_round_trip(LinkId link, std::optional<Millis> round_trip_ms) {
  Link* const found = links_.find(link);
  if (found != nullptr && round_trip_ms) found->round_trip_ms = round_trip_ms;
}

// ---- Known of batches and peers.

bool Exchange::asks_for(LinkId link, const BatchMessage& message, Origin origin) const {
  const Peer* const peer = links_.peer_at(link);
  return peer != nullptr && peer->in.id == message.stream && peer->in.has(origin);
}

bool Exchange::asked_for(LinkId link, const BatchMessage& message) const {
  const Peer* const peer = links_.peer_at(link);
  return peer != nullptr && peer->in.since <= message.stream && message.stream <= peer->in.id;
}

bool Exchange::has_shown(LinkId link, const core::Batch& batch) const {
  const Peer* const peer = links_.peer_at(link);
  return peer != nullptr && peer->applied.at(batch.origin) >= batch.last();
}

void Exchange::refuse_lost(LinkId link, const std::string& region) {
  Link* const found = links_.find(link);
  if (found == nullptr) return;
  links_.refuse(*found, "is region " + region + " with data that was declared lost", true);
}

void Exchange::shown(Peer& peer, const VersionVector& applied, const VersionVector& durable,
                     Millis now) {
  peer.applied.join(applied);
  peer.durable.join(durable);
  refuse_if_endless(peer);
  bound_shown();
  measure_lag(peer, now);
}

void Exchange::refuse_if_endless(Peer& peer) {
  if (peer.origins_shown() > VersionVector::kEntriesMax) refuse_endless(peer);
}

void Exchange::bound_shown() {
  std::size_t all = links_.origins_shown();
  if (all <= kShownMax) return;
  std::vector<Peer*> by_size;
  for (auto& [origin, peer] : links_.peers()) by_size.push_back(&peer);
  std::ranges::sort(by_size, [](const Peer* one, const Peer* other) {
    const std::pair key(one->connected(), other->origins_shown());
    return key < std::pair(other->connected(), one->origins_shown());
  });
  for (auto peer = by_size.begin(); all > kShownMax; ++peer) {
    all -= (*peer)->origins_shown();
    refuse_endless(**peer);
  }
}

void Exchange::refuse_endless(Peer& peer) {
  peer.endless = true;
  peer.applied = peer.durable = peer.served_from = {};
  forks_.forget(peer.origin);
  for (const LinkId id : peer.links) {
    Link& link = *links_.find(id);
    link.endless = true;
    links_.refuse(link, "shows more origins than any mesh has", false);
    effects_.push_back(Reject{id, "it shows more origins than any mesh has"});
  }
}

void Exchange::measure_lag(Peer& peer, Millis now) const {
  if (peer.applied.includes(applied_.vector())) {
    peer.behind_since_ms = -1;
  } else if (peer.behind_since_ms < 0) {
    peer.behind_since_ms = now;
  }
}

// ---- Consuming.

void Exchange::pass_on(const SignedPosition& position) {
  if (joining_) return;
  const bool is_own = position.region == self().region;
  for (const auto& [origin, peer] : links_.peers()) {
    if (links_.usable(peer) && (is_own || peer.out.serves(position.origin)))
      links_.send(peer, position);
  }
}

void Exchange::tell(LinkId link, const SignedPosition& position, Millis now) {
  Peer* const peer = links_.peer_at(link);
  if (peer == nullptr || !peer->out.tell(position.origin, position.seq, now)) return;
  effects_.push_back(Send{link, position});
}

void Exchange::merged(Millis now) {
  for (auto& [origin, peer] : links_.peers()) {
    peer.in.stale = true;
    peer.out.has_gap(log_, applied_.vector());
    acknowledge(peer);
    measure_lag(peer, now);
    pump(peer);
  }
  subscriptions_.renew();
}

// ---- Producing.

void Exchange::log_grew(storage::Position durable, Millis now) {
  durable_ = durable;
  links_.room().set_time(now);
  for (auto& [origin, peer] : links_.peers()) {
    measure_lag(peer, now);
    if (!peer.out.goes_on()) pump(peer);
  }
}

// A stream that is about to be replaced sends nothing more: the next one would send it again.
void Exchange::pump(Peer& peer) {
  if (!links_.usable(peer) || joining_ || peer.asked.newest) return;
  const core::VersionVector trimmed = peer.out.trimmed();
  peer.out.pump(
      log_, durable_, applied_.vector(),
      [&](BatchMessage batch) { links_.send(peer, std::move(batch)); },
      [&](std::uint64_t bytes) {
        return links_.has_room(peer, Lane::kBatch, bytes, peer.out.bytes_taken());
      });
  if (peer.out.trimmed() != trimmed) links_.send(peer, Trimmed{peer.out.id(), peer.out.trimmed()});
  if (peer.out.goes_on()) next_slice_ms_ = kNow;
}

// One slice in a turn, whatever the number of peers that need one.
void Exchange::go_on() {
  next_slice_ms_ = kNever;
  Peers& peers = links_.peers();
  const auto waits = [&](const Peers::value_type& entry) {
    const Peer& peer = entry.second;
    return peer.out.goes_on() && links_.usable(peer) && !peer.asked.newest;
  };
  auto next = std::find_if(peers.upper_bound(last_sliced_), peers.end(), waits);
  if (next == peers.end()) next = std::find_if(peers.begin(), peers.end(), waits);
  if (next == peers.end()) return;
  last_sliced_ = next->first;
  pump(next->second);
  if (std::any_of(peers.begin(), peers.end(), waits)) next_slice_ms_ = kNow;
}

bool Exchange::has_room_for_chunk(Origin peer, std::uint64_t bytes, std::uint64_t taken) const {
  const auto found = links_.peers().find(peer);
  return found != links_.peers().end() &&
         links_.has_room(found->second, Lane::kSnapshot, bytes, taken);
}

bool Exchange::send_to(Origin peer, Message message) {
  const auto found = links_.peers().find(peer);
  if (found == links_.peers().end() || !links_.usable(found->second)) return false;
  links_.send(found->second, std::move(message));
  return true;
}

// ---- Time.

// A peer that knows this leader sends heartbeats. A peer that sends none has missed the greeting,
// whatever late or repeated messages from before have come of it. When both have missed the other's
// greeting, each drops all heartbeats of the other, while subscriptions and batches, which name no
// sender, go on between them: so whoever hears another origin greets.
bool Exchange::unknown_there(const Link& link, Millis now) {
  if (link.misheard) return true;
  const bool never_heard = link.heard_ms < link.greeted_ms;
  return now - std::max(link.greeted_ms, link.heard_ms) >=
         kHeartbeatMs * (never_heard ? 1 : kSilentTicks);
}

bool Exchange::tick(Millis now, const std::function<HeartbeatState()>& heartbeat_state) {
  subscriptions_.set_time(now);
  links_.room().set_time(now);
  subscriptions_.tick();
  if (now >= next_begin_ms_) {
    next_begin_ms_ = kNever;
    for (auto& [origin, peer] : links_.peers()) begin_stream(peer, now);
  }
  if (now >= next_slice_ms_) go_on();
  if (now >= next_show_ms_) show_news(now);
  if (now < next_heartbeat_ms_) return false;
  next_heartbeat_ms_ = now + kHeartbeatMs;
  const HeartbeatState shown = heartbeat_state();
  for (auto& [id, link] : links_.all()) {
    if (unknown_there(link, now)) greet(link, now);
    if (!links_.peers().contains(link.peer)) continue;
    effects_.push_back(Send{id, heartbeat(link, shown, now)});
  }
  for (auto& [origin, peer] : links_.peers()) {
    measure_lag(peer, now);
    if (!joining_ && peer.connected()) peer.told = applied_.vector();
    peer.told_early.clear();
    peer.reading.refill(now, links_.peers().size());
  }
  forks_.retain(links_.peers());
  repeat_histories();
  ask_for_positions();
  subscriptions_.find_stalls(now);
  subscriptions_.renew();
  return true;
}

}  // namespace anabranch::regions
