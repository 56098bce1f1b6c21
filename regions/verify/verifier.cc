#include "regions/verify/verifier.h"

#include <algorithm>
#include <utility>

#include "core/planted_bug.h"

namespace anabranch::regions {

using core::Bug;
using core::Millis;
using core::planted;

namespace {

// Moments of two verifications have different names.
constexpr std::uint64_t kMomentsOfOne = std::uint64_t{1} << 20U;

void fill_open(const RowSnapshot& snapshot, DigestResponse& response) {
  response.comparable = snapshot.moment().comparable;
  response.applied = snapshot.moment().applied;
  response.digest = snapshot.moment().digest;
}

void fill_part(const RowSnapshot& snapshot, const DigestRequest& request,
               DigestResponse& response) {
  const bool list = request.kind == DigestRequest::Kind::kList;
  RowSnapshot::Part part = snapshot.part(
      request.from, request.until, list ? RowSnapshot::Detail::kList : RowSnapshot::Detail::kSum);
  response.digest = part.digest;
  response.rows = part.rows;
  response.next = std::move(part.next);
  response.list = std::move(part.list);
}

void fill_show(const RowSnapshot& snapshot, const DigestRequest& request,
               DigestResponse& response) {
  std::size_t bytes = 0;
  for (const std::string& key : request.keys) {
    RowSnapshot::Shown shown = snapshot.show(key);
    bytes += key.size() + shown.text.size() + shown.read;
    response.list.push_back({key, shown.digest});
    response.texts.push_back(std::move(shown.text));
    if (bytes > RowSnapshot::kListBytesMax) return;  // The peer asks for the rest.
  }
}

}  // namespace

const Peer* Verifier::peer(LinkId link) const {
  const auto found = owner_.exchange.links().all().find(link);
  if (found == owner_.exchange.links().all().end()) return nullptr;
  const auto peer = owner_.exchange.peers().find(found->second.peer);
  return peer == owner_.exchange.peers().end() ? nullptr : &peer->second;
}

const Peer* Verifier::peer(const std::string& region) const {
  for (const auto& [origin, peer] : owner_.exchange.peers()) {
    if (peer.region == region && peer.connected()) return &peer;
  }
  return nullptr;
}

// ---- Asking.

void Verifier::start(std::vector<std::string> regions, Millis now) {
  if (regions.empty()) {
    for (const auto& [origin, peer] : owner_.exchange.peers()) regions.push_back(peer.region);
  }
  std::erase_if(running_, [](const auto& each) { return !each.second.running(); });
  for (const std::string& region : regions) {
    if (running_.contains(region)) continue;
    const auto ask = [this, region](const DigestRequest& request) {
      const Peer* to = peer(region);
      if (to != nullptr) owner_.effects.push_back(Send{to->links.front(), request});
    };
    running_.try_emplace(
        region, region, next_moment_ += kMomentsOfOne, [this] { return inspect(); }, ask, now);
    if (peer(region) == nullptr) running_.at(region).lose();
  }
  next_tick_ms_ = now + kTickMs;
}

std::vector<regions::Verdict> Verifier::verdicts() const {
  std::vector<regions::Verdict> verdicts;
  for (const auto& [region, verification] : running_) verdicts.push_back(verification.verdict());
  return verdicts;
}

void Verifier::step(LinkId link, const DigestResponse& response, Millis now) {
  const Peer* from = peer(link);
  if (from == nullptr) return;
  const auto running = running_.find(from->region);
  if (running != running_.end()) running->second.on(response, now);
}

void Verifier::tick(Millis now) {
  if (now < next_tick_ms_) return;
  next_tick_ms_ = now + kTickMs;
  for (auto& [region, verification] : running_) {
    if (peer(region) == nullptr) verification.lose();
    verification.tick(now);
  }
  std::erase_if(served_, [&](const auto& each) {
    return now - each.second.used_ms >= kUnusedMs || now - each.second.opened_ms >= kOldMs;
  });
}

std::optional<Millis> Verifier::next_tick_ms() const {
  const bool busy =
      std::ranges::any_of(running_, [](const auto& each) { return each.second.running(); });
  return busy ? std::optional(next_tick_ms_) : std::nullopt;
}

// ---- Digests of heartbeats.

void Verifier::compare(LinkId link, const Heartbeat& heartbeat, Millis now) {
  const Applied& applied = owner_.state.applied();
  const std::string region = owner_.exchange.links().region(link);
  const bool same = heartbeat.applied == applied.vector();
  if (region.empty() || !same || owner_.exchange.joining()) return;
  const bool one_history = heartbeat.chains.empty() || heartbeat.chains == applied.chains();
  if (!one_history || planted(Bug::kIgnoreDigests)) return;
  const std::optional<core::Hash128> own = owner_.state.digest();
  auto alarm = divergence_.compare(region, heartbeat.digest, own);
  if (alarm) owner_.alarms.raise(*std::move(alarm));
  if (own && heartbeat.digest == own) note_equal(owner_.exchange.links().peer(link), now);
}

void Verifier::note_equal(core::Origin peer, Millis now) {
  const Peers& peers = owner_.exchange.peers();
  std::erase_if(equal_ms_, [&](const auto& each) { return !peers.contains(each.first); });
  equal_ms_[peer] = now;
}

std::optional<Millis> Verifier::equal_ms(core::Origin peer) const {
  const auto found = equal_ms_.find(peer);
  return found == equal_ms_.end() ? std::nullopt : std::optional(found->second);
}

// ---- Answering.

RowSnapshot Verifier::inspect() const {
  const CommittedState& state = owner_.state;
  return {{state.storage().snapshot(), state.applied().vector(), state.digests().total(),
           state.digest().has_value()},
          state.names()};
}

void Verifier::keep(core::Origin peer, std::uint64_t moment, Millis now) {
  const auto found = served_.find(peer);
  if (found != served_.end() && found->second.moment == moment) return;  // Asked again.
  if (found != served_.end()) served_.erase(found);
  served_.emplace(peer, Served{moment, inspect(), now, now});
}

void Verifier::step(LinkId link, const DigestRequest& request, Millis now) {
  const Peer* from = peer(link);
  if (from == nullptr) return;
  if (request.kind == DigestRequest::Kind::kOpen) keep(from->origin, request.moment, now);
  DigestResponse response{.moment = request.moment, .number = request.number};
  const auto served = served_.find(from->origin);
  if (served != served_.end() && served->second.moment == request.moment) {
    served->second.used_ms = now;
    response.kept = true;
    const RowSnapshot& snapshot = served->second.snapshot;
    switch (request.kind) {
      case DigestRequest::Kind::kOpen:
        fill_open(snapshot, response);
        break;
      case DigestRequest::Kind::kSum:
      case DigestRequest::Kind::kList:
        fill_part(snapshot, request, response);
        break;
      case DigestRequest::Kind::kShow:
        fill_show(snapshot, request, response);
        break;
    }
  }
  owner_.effects.push_back(Send{link, std::move(response)});
}

}  // namespace anabranch::regions
