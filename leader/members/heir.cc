#include "leader/members/heir.h"

#include <algorithm>
#include <tuple>
#include <vector>

#include "leader/members/own_card.h"

namespace anabranch::leader {

using core::Millis;
using regions::MemberCard;

namespace {

std::string seconds(Millis time) {
  constexpr Millis kSecond = 1000;
  return std::to_string(std::max<Millis>(time, 0) / kSecond) + " s";
}

Heir heir_of(const MemberCard& card) {
  return {.node = card.node, .name = card.name, .origin = card.origin, .nonce = card.nonce};
}

// Why a member cannot take the lead now, with the remedy; empty if it can.
std::string why_not(const KnownCard& known, const CardTable& cards, const regions::Peers& peers,
                    Millis now) {
  const MemberCard& card = known.card;
  if (!cards.is_fresh(known, now)) {
    return "is away, its newest card is " + seconds(known.age_ms(now)) + " old: start it first";
  }
  if (card.role != MemberCard::Role::kFollows) return "does not follow: start it as a follower";
  if (!card.has(MemberCard::kFit)) {
    return "takes no writes" + (card.why.empty() ? std::string() : ", since " + card.why) +
           ": mend that first";
  }
  if (peer_of(heir_of(card), peers) == nullptr) {
    return "has no direct link to this leader, which cannot know when it has all: add one of the "
           "two to the peers of the other";
  }
  if (!card.lag_ms) return "does not tell yet how far behind it is: wait a few seconds";
  if (*card.lag_ms > kLagMsMax) {
    return "is behind by " + seconds(*card.lag_ms) + ": wait until it is at most " +
           seconds(kLagMsMax) + " behind";
  }
  return {};
}

}  // namespace

const regions::Peer* peer_of(const Heir& heir, const regions::Peers& peers) {
  const auto found = peers.find(heir.origin);
  if (found == peers.end()) return nullptr;
  const regions::Peer& peer = found->second;
  return peer.connected() && peer.nonce == heir.nonce ? &peer : nullptr;
}

core::Result<Heir> choose_heir(const CardTable& cards, const MemberCard& own,
                               const regions::Peers& peers, std::string_view called, Millis now) {
  const auto is_called = [&](const MemberCard& card) {
    return called.empty() || card.name == called || core::to_string(card.node) == called;
  };
  if (!called.empty() && is_called(own)) {
    return core::invalid("member " + own.name + " is this one, which leads already");
  }
  std::vector<const KnownCard*> meant;
  for (const auto& [node, known] : cards.rows()) {
    if (known.card.region == own.region && is_called(known.card)) meant.push_back(&known);
  }
  if (meant.empty()) {
    return core::invalid(
        (called.empty() ? "region " + own.region + " has no other member"
                        : "region " + own.region + " has no member " + std::string(called)) +
        " that has shown a card in the last ten minutes; `anabranch status` lists the members");
  }
  if (!called.empty() && meant.size() > 1) {
    return core::invalid("more than one member of region " + own.region + " is called " +
                         std::string(called) + ": name it by its node, as in `anabranch status`");
  }
  const auto order = [](const KnownCard& known) {
    return std::tuple(!known.card.has(MemberCard::kReach), known.card.rank, known.card.node);
  };
  std::ranges::sort(meant,
                    [&](const KnownCard* a, const KnownCard* b) { return order(*a) < order(*b); });
  std::string reasons;
  for (const KnownCard* known : meant) {
    const std::string why = why_not(*known, cards, peers, now);
    if (why.empty()) return heir_of(known->card);
    reasons += (reasons.empty() ? "member " : "; member ") + known->card.name + ' ' + why;
  }
  return core::invalid(reasons);
}

}  // namespace anabranch::leader
