#include "leader/members/card_table.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>

namespace anabranch::leader {

using core::Millis;
using regions::MemberCard;

KnownCard* CardTable::find(const core::Hash128& node) {
  const auto at = rows_.find(node);
  return at == rows_.end() ? nullptr : &at->second;
}

KnownCard* CardTable::put(KnownCard card, Millis now) {
  const core::Hash128 node = card.card.node;
  const KnownCard* const before = find(node);
  if (before != nullptr && before->card.region != card.card.region) return nullptr;
  if (before == nullptr) {
    const bool many_of_region = count(card.card.region) >= kOfRegionMax;
    if (many_of_region || rows_.size() >= kMax) {
      const auto gives_way = stalest(many_of_region ? card.card.region : std::string());
      if (is_fresh(gives_way->second, now)) return nullptr;
      const std::string region = gives_way->second.card.region;
      rows_.erase(gives_way);
      sum_up(region);
    }
  }
  KnownCard& row = rows_[node];
  row = std::move(card);
  sum_up(row.card.region);
  return &row;
}

CardTable::Rows::iterator CardTable::stalest(std::string_view region) {
  auto found = rows_.end();
  for (auto at = rows_.begin(); at != rows_.end(); ++at) {
    if (!region.empty() && at->second.card.region != region) continue;
    if (found == rows_.end() || at->second.made_ms < found->second.made_ms) found = at;
  }
  return found;
}

void CardTable::forget_old(Millis now) {
  std::set<std::string> changed;
  std::erase_if(rows_, [&](const auto& row) {
    const bool old = row.second.age_ms(now) > kAgeMsMax;
    if (old) changed.insert(row.second.card.region);
    return old;
  });
  for (const std::string& region : changed) sum_up(region);
}

void CardTable::sum_up(const std::string& region) {
  OfRegion sum;
  for (const auto& [node, known] : rows_) {
    if (known.card.region != region) continue;
    ++sum.count;
    sum.promote_after_ms = std::max(sum.promote_after_ms, known.card.promote_after_ms);
  }
  if (sum.count == 0) {
    regions_.erase(region);
  } else {
    regions_[region] = sum;
  }
}

CardTable::OfRegion CardTable::of_region(std::string_view region) const {
  const auto found = regions_.find(region);
  return found == regions_.end() ? OfRegion() : found->second;
}

Millis CardTable::promote_after_ms(std::string_view region) const {
  const Millis own = region == own_region_ ? own_promote_after_ms_ : 0;
  const Millis most = std::max(own, of_region(region).promote_after_ms);
  return most == 0 ? 0 : std::clamp(most, kPromoteMsMin, kAgeMsMax);
}

Millis CardTable::least_promote_after_ms(Millis most) const {
  for (const auto& [node, known] : rows_) {
    const Millis after = known.card.promote_after_ms;
    if (after > 0) most = std::min(most, std::max(after, kPromoteMsMin));
  }
  return most;
}

Millis CardTable::fresh_ms(std::string_view region) const {
  const Millis after = promote_after_ms(region);
  return after > 0 ? after : kFreshMs;
}

const KnownCard* CardTable::leader(std::string_view region, Millis now) const {
  const auto order = [](const MemberCard& card) {
    return std::tuple(~card.reign, card.has(MemberCard::kBlind), card.rank);
  };
  const KnownCard* found = nullptr;
  for (const auto& [node, known] : rows_) {
    const MemberCard& card = known.card;
    const bool leads =
        card.role == MemberCard::Role::kLeads || card.role == MemberCard::Role::kLeaves;
    if (card.region != region || !leads || !is_fresh(known, now)) continue;
    // Rows are in the order of nodes.
    if (found == nullptr || order(card) < order(found->card)) found = &known;
  }
  return found;
}

std::size_t CardTable::count(std::string_view region) const { return of_region(region).count; }

}  // namespace anabranch::leader
