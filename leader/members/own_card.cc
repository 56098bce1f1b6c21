#include "leader/members/own_card.h"

#include <unistd.h>

#include <algorithm>
#include <array>

#include "core/hash.h"

namespace anabranch::leader {

using regions::MemberCard;
using regions::Replica;

namespace {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "host";
  std::string text(name.data());
  std::erase_if(text, [](char c) { return c <= ' ' || c > '~'; });
  return text.empty() ? "host" : text;
}

std::uint64_t policies_hash(const Options& options) {
  if (options.policies.empty()) return 0;
  std::vector<std::string> lines;
  for (const PrefixPolicy& each : options.policies) {
    lines.push_back(to_string(each.policy) + ' ' + std::to_string(each.database) + ' ' +
                    each.prefix);
  }
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text.append(line).append(1, '\0');
  return std::max<std::uint64_t>(core::checksum64(text), 1);
}

// Whether a member of another region was heard on a link in the last seconds.
bool reaches_others(const regions::Exchange& exchange, core::Millis steady_now) {
  constexpr core::Millis kHeardMs = 3000;
  return std::ranges::any_of(exchange.links().all(), [&](const auto& each) {
    const regions::Link& link = each.second;
    const regions::Peer* const peer = exchange.links().peer_at(each.first);
    return peer != nullptr && peer->region != exchange.links().self().region && link.beat &&
           steady_now - link.beat->heard_ms <= kHeardMs;
  });
}

// Why no writes are taken; empty if they are.
std::string why_unfit(const Replica& replica, bool draining) {
  if (replica.broken()) return "closed for writes";
  if (draining) return "drained";
  if (replica.writer().reserve().full()) return "its disk is nearly full";
  if (replica.refusing()) return "the system has no descriptor, room or memory for writes";
  return {};
}

std::vector<core::Origin> unlisted_formers(const regions::Identity& identity,
                                           const regions::RegionList& list) {
  std::vector<core::Origin> formers;
  const auto is_end = [&](core::Origin each) { return each == 0 || !list.region_of(each).empty(); };
  if (is_end(identity.previous)) return formers;
  for (const core::Origin each : identity.formers) {
    formers.push_back(each);
    if (is_end(each)) break;
  }
  return formers;
}

}  // namespace

std::string usual_name(const std::string& endpoint, const core::Hash128& node) {
  constexpr std::size_t kDigits = 8;
  const std::size_t colon = endpoint.rfind(':');
  const std::string end = colon == endpoint.npos ? ':' + core::to_string(node).substr(0, kDigits)
                                                 : endpoint.substr(colon);
  return host_name().substr(0, MemberCard::kNameBytesMax - end.size()) + end;
}

MemberCard fixed_card(const Options& options, const regions::Identity& identity,
                      std::uint64_t nonce, const std::string& endpoint) {
  MemberCard card{
      .node = identity.node,
      .opening = identity.opening,
      .nonce = nonce,
      .region = options.region,
      .name = options.node_name.empty() ? usual_name(endpoint, identity.node) : options.node_name,
      .zone = options.zone};
  card.rank = options.rank;
  card.policies = policies_hash(options);
  card.announce_redis = options.announce_redis;
  card.announce_redis_tls = options.announce_redis_tls;
  card.announce_sentinel = options.announce_sentinel;
  card.announce_peer = options.announce_peer;
  return card;
}

void show(MemberCard& card, const Replica& replica, bool draining, core::Millis steady_now) {
  const regions::Identity& identity = replica.identity();
  // An incarnation that begins while the process runs counts as an opening of its own.
  card.opening = std::max(card.opening, identity.opening);
  card.origin = identity.origin;
  card.previous = identity.previous;
  card.formers = unlisted_formers(identity, replica.members().list());
  card.role = replica.exchange().follows() ? MemberCard::Role::kFollows : MemberCard::Role::kLeads;
  card.why = why_unfit(replica, draining);
  card.flags = 0;
  if (card.why.empty()) card.flags |= MemberCard::kFit;
  card.promote_after_ms = replica.promote_after_ms();
  card.reign = replica.exchange().follows() ? 0 : replica.members().reign();
  card.known = replica.members().known_reign();
  if (draining) card.flags |= MemberCard::kDrained;
  if (replica.broken()) card.flags |= MemberCard::kClosed;
  if (reaches_others(replica.exchange(), steady_now)) card.flags |= MemberCard::kReach;
}

regions::Health health_of(const Replica& replica, bool draining) {
  return {.open = !replica.broken() && !replica.refusing(),
          .room = !replica.writer().reserve().full(),
          .drained = draining,
          .joins = replica.exchange().joining(),
          .merges = replica.background().snapshots().receiving() ||
                    replica.background().snapshots().merging()};
}

MemberCard::End end_of(const Replica& replica, const MemberCard* leader) {
  const regions::Membership& members = replica.members();
  const regions::Identity& self = replica.identity();
  const bool leads = !replica.exchange().follows();
  regions::ReignRow row = members.list().newest_reign(self.region);
  if (leads && members.list().reign_in(self.region, self.origin) == members.reign()) {
    row = {members.reign(), self.origin};
  }
  const bool counts_none = row.reign == 0 && members.reign() == 0;
  if (counts_none && leads) row.origin = self.origin;
  if (counts_none && !leads && leader != nullptr) row.origin = leader->end.origin;
  return {.reign = row.reign,
          .origin = row.origin,
          .applied = replica.applied().vector().at(row.origin),
          .durable = replica.state().durable_state().vector().at(row.origin)};
}

std::uint64_t promotable(const Replica& replica, std::optional<core::Millis> lag_ms) {
  const regions::RegionList& list = replica.members().list();
  const regions::Identity& self = replica.identity();
  const bool may = replica.promote_after_ms() > 0 && lag_ms && *lag_ms <= kLagMsMax &&
                   !list.lost(self.region, self.origin) &&
                   list.retirement(self.region) == regions::Retirement::kNone;
  if (!may) return 0;
  return MemberCard::kRipe | (replica.members().is_listed() ? MemberCard::kAble : 0);
}

std::vector<CardLink> card_links(const regions::Exchange& exchange) {
  std::vector<CardLink> links;
  for (const auto& [origin, peer] : exchange.peers()) {
    for (const regions::LinkId link : peer.links) {
      const bool sends = link == peer.links.front() && peer.kinds >= regions::MemberCards::kKind;
      links.push_back({link, peer.region, peer.nonce, sends});
    }
  }
  return links;
}

}  // namespace anabranch::leader
