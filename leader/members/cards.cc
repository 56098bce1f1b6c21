#include "leader/members/cards.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "core/assert.h"

namespace anabranch::leader {

using core::Millis;
using regions::CardOnWay;
using regions::MemberCard;
using regions::MemberCards;
using transport::LinkId;

namespace {

constexpr Millis kNever = std::numeric_limits<Millis>::max();

bool has(const KnownCard& known, LinkId link) {
  return std::ranges::find(known.has, link) != known.has.end();
}

}  // namespace

// The messages for one link.
class Cards::Parcel {
 public:
  Parcel(Link& link, Millis now) : link_(link), now_(now) {}

  // Returns whether a card has room in the bounds of its link.
  [[nodiscard]] bool add(CardOnWay card) {
    if (!link_.out.take(card.bytes(), now_)) return false;
    const bool is_full =
        !messages_.empty() && (messages_.back().cards.size() == MemberCards::kCardsMax ||
                               bytes_ + card.bytes() > MemberCards::kBytesMax);
    if (messages_.empty() || is_full) {
      messages_.push_back({.sent_ms = now_});
      bytes_ = 0;
    }
    bytes_ += card.bytes();
    messages_.back().cards.push_back(std::move(card));
    return true;
  }
  [[nodiscard]] std::vector<MemberCards> take() { return std::move(messages_); }

 private:
  Link& link_;
  const Millis now_;
  std::vector<MemberCards> messages_;
  std::size_t bytes_ = 0;  // Of the last one.
};

void Cards::see(const std::vector<CardLink>& links, Millis now) {
  std::map<LinkId, Link> seen;
  for (const CardLink& each : links) {
    const auto known = links_.find(each.link);
    const bool is_same = known != links_.end() && known->second.link.nonce == each.nonce &&
                         known->second.link.sends == each.sends;
    if (is_same) {
      seen.emplace(each.link, std::move(known->second)).first->second.link = each;
    } else {
      seen.emplace(each.link, Link{.link = each,
                                   .in = regions::MessageRate(kIn, now),
                                   .out = regions::MessageRate(kOut, now)});
    }
  }
  links_ = std::move(seen);
  const auto is_gone = [&](LinkId link) { return !links_.contains(link); };
  for (const auto& [node, known] : table_.rows()) {
    std::erase_if(table_.find(node)->has, is_gone);
  }
}

bool Cards::hears(LinkId link) {
  const bool is_known = links_.contains(link);
  if (!is_known) ++counts_.strange;
  return is_known;
}

bool Cards::take(LinkId link, const MemberCards& message, const Prove& prove, Millis now) {
  const auto from = links_.find(link);
  ANABRANCH_ASSERT(from != links_.end());
  counts_.received += message.cards.size();
  const Millis delay = from->second.delay.of(message.sent_ms, now);
  for (const CardOnWay& each : message.cards) {
    if (!from->second.in.take(each.bytes(), now)) {
      ++counts_.excess;
      continue;
    }
    auto card = regions::decode_card(each.content);
    if (!card.ok()) return false;
    take(from->second, each, std::move(card).value(), each.age_ms + delay, prove, now);
  }
  return true;
}

void Cards::take(Link& from, const CardOnWay& way, MemberCard card, Millis age_ms,
                 const Prove& prove, Millis now) {
  if (age_ms > CardTable::kAgeMsMax) {
    ++counts_.old;
    return;
  }
  KnownCard* const before = table_.find(card.node);
  if (before != nullptr && !card.is_newer(before->card)) {
    ++counts_.repeated;
    if (!before->card.is_newer(card) && !has(*before, from.link.link)) {
      before->has.push_back(from.link.link);
    }
    return;
  }
  const bool is_own = card.node == self_.node;
  if (is_own && card.nonce == self_.nonce) {
    ++counts_.repeated;
    return;
  }
  const Proof proof = prove(card, way);
  if (!proof.holds) {
    ++counts_.forged;
    return;
  }
  KnownCard known{.card = std::move(card),
                  .content = way.content,
                  .signature = way.signature,
                  .key = proof.key,
                  .hops = way.hops,
                  .made_ms = now - age_ms,
                  .has = {from.link.link}};
  if (is_own) return take_own(std::move(known));
  const KnownCard* const put = table_.put(std::move(known), now);
  if (put == nullptr) {
    ++counts_.crowded;
    return;
  }
  ++counts_.taken;
  pass_on(put->card, now);
}

void Cards::take_own(KnownCard known) {
  const bool is_of_copy = known.made_ms >= self_.opened_ms + kCopyMs;
  const bool is_newer = !copy_ || known.made_ms >= copy_->made_ms;
  is_of_copy ? ++counts_.taken : ++counts_.repeated;
  if (is_of_copy && is_newer) copy_ = std::move(known);
}

Cards::Marks Cards::marks_of(const MemberCard& card) {
  constexpr std::uint64_t kFlags = MemberCard::kFit | MemberCard::kBlind | MemberCard::kClosed;
  return {card.role, card.reign, card.flags & kFlags, card.heir};
}

void Cards::pass_on(const MemberCard& card, Millis now) {
  if (card.region == self_.region) near_.insert(card.node);
  const auto last = passed_far_.find(card.node);
  const bool at_once = last == passed_far_.end() || last->second.marks != marks_of(card);
  const Millis due = at_once ? now : last->second.at_ms + pass_ms(card.region);
  const auto [at, is_new] = far_.try_emplace(card.node, due);
  if (!is_new) at->second = std::min(at->second, due);
}

bool Cards::goes(const KnownCard& known, const Link& link, Millis now) const {
  const MemberCard& card = known.card;
  if (card.nonce == link.link.nonce || has(known, link.link.link)) return false;
  if (link.is_new) return table_.is_fresh(known, now);
  const bool is_near = card.region == self_.region && link.link.region == self_.region;
  if (is_near) return near_.contains(card.node);
  const auto due = far_.find(card.node);
  return due != far_.end() && due->second <= now;
}

std::vector<Cards::Sent> Cards::due(const CardOnWay* own, Millis now) {
  const bool any_new =
      std::ranges::any_of(links_, [](const auto& each) { return each.second.is_new; });
  const bool any_far =
      std::ranges::any_of(far_, [&](const auto& each) { return each.second <= now; });
  std::vector<Sent> all;
  if (own == nullptr && !any_new && near_.empty() && !any_far) return all;
  for (auto& [id, link] : links_) {
    if (!link.link.sends) continue;
    Parcel parcel(link, now);
    const auto add = [&](CardOnWay card) {
      const bool added = parcel.add(std::move(card));
      added ? ++counts_.sent : ++counts_.held_up;
    };
    if (own != nullptr) add(*own);
    for (const auto& [node, known] : table_.rows()) {
      if (known.hops >= CardOnWay::kHopsMax || !goes(known, link, now)) continue;
      add({known.content, known.signature, known.age_ms(now), known.hops + 1});
    }
    link.is_new = false;
    for (MemberCards& message : parcel.take()) all.push_back({id, std::move(message)});
  }
  for (auto& [id, link] : links_) link.is_new = false;
  near_.clear();
  for (const auto& [node, due_ms] : far_) {
    const KnownCard* const known = due_ms <= now ? table_.find(node) : nullptr;
    if (known != nullptr) passed_far_[node] = {now, marks_of(known->card)};
  }
  std::erase_if(far_, [&](const auto& each) { return each.second <= now; });
  return all;
}

Millis Cards::next_ms() const {
  constexpr Millis kNow = 0;
  if (!near_.empty()) return kNow;
  Millis next = kNever;
  for (const auto& [node, due] : far_) next = std::min(next, due);
  for (const auto& [id, link] : links_) {
    if (link.is_new) return kNow;
  }
  return next;
}

void Cards::forget_old(Millis now) {
  table_.forget_old(now);
  const auto is_gone = [&](const auto& each) { return table_.find(each.first) == nullptr; };
  std::erase_if(far_, is_gone);
  std::erase_if(passed_far_, is_gone);
  std::erase_if(near_, [&](const core::Hash128& node) { return table_.find(node) == nullptr; });
  if (copy_ && copy_->age_ms(now) > CardTable::kAgeMsMax) copy_.reset();
}

Millis Cards::pass_ms(std::string_view region) const {
  const Millis after = table_.promote_after_ms(region);
  return after > 0 ? after / 2 : kPassMs;
}

Millis Cards::beat_ms() const {
  constexpr std::size_t kMany = 8;
  constexpr Millis kLeastForMany = 500;
  const Millis after = table_.promote_after_ms(self_.region);
  // Members of a region that promotes others by itself take half of that time without any card for
  // a dead network.
  if (after == 0) return std::min(kBeatMs, table_.least_promote_after_ms(kBeatMs * 4) / 4);
  // The own card is not in the table.
  const bool are_many = table_.count(self_.region) + 1 > kMany;
  return are_many ? std::max(after / 4, kLeastForMany) : std::max<Millis>(after / 8, 1);
}

bool Cards::sends() const {
  return std::ranges::any_of(links_, [](const auto& each) { return each.second.link.sends; });
}

}  // namespace anabranch::leader
