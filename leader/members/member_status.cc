#include "leader/members/member_status.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace anabranch::leader {

using regions::MemberCard;

namespace {

std::string word_of(MemberCard::Role role) {
  switch (role) {
    case MemberCard::Role::kStarts:
      return "starts";
    case MemberCard::Role::kFollows:
      return "follows";
    case MemberCard::Role::kLeads:
      return "leads";
    case MemberCard::Role::kLeaves:
      return "leaves";
    case MemberCard::Role::kSpare:
      return "spare";
  }
  return "unknown";  // Of a newer version.
}

MemberStatus status_of(const KnownCard& known, core::Millis now) {
  const MemberCard& card = known.card;
  MemberStatus status;
  status.node = core::to_string(card.node);
  status.name = card.name;
  status.region = card.region;
  status.zone = card.zone;
  status.role = word_of(card.role);
  status.rank = card.rank;
  status.age_ms = std::max<core::Millis>(known.age_ms(now), 0);
  status.hops = known.hops;
  status.fit = card.has(MemberCard::kFit);
  status.why = card.why;
  status.promote_after_ms = card.promote_after_ms;
  status.able = card.has(MemberCard::kAble);
  status.reign = card.reign;
  status.blind = card.has(MemberCard::kBlind);
  status.origin = core::to_string(card.origin);
  status.lag_ms = card.lag_ms.value_or(-1);
  status.announce_redis = card.announce_redis;
  status.announce_redis_tls = card.announce_redis_tls;
  status.announce_sentinel = card.announce_sentinel;
  status.announce_peer = card.announce_peer;
  return status;
}

std::string name_of(const MemberCard& card) {
  return "member " + card.name + " of region " + card.region;
}

// A problem of two members.
struct Trouble {
  const char* kind = nullptr;  // Null: nothing.
  std::string text;
  std::string remedy;
};

Trouble trouble_of(const KnownCard& one, const KnownCard& other) {
  const MemberCard& card = one.card;
  if (card.region != other.card.region) return {};
  const std::string both = "region " + card.region;
  if (card.name == other.card.name) {
    return {"member_name", "two members of " + both + " have the name " + card.name,
            "give each its own node_name, and restart it"};
  }
  if (card.role == MemberCard::Role::kLeads && other.card.role == MemberCard::Role::kLeads) {
    const bool chooses = std::max(card.promote_after_ms, other.card.promote_after_ms) > 0;
    return {"member_leads",
            "two members of " + both + ", " + card.name + " and " + other.card.name + ", lead it",
            chooses ? "one of them gives way as soon as both hear each other: wait a moment"
                    : "stop one of them, and let it follow the other, or give it a region of its "
                      "own"};
  }
  if (one.key && one.key == other.key) {
    return {"member_key",
            "two members of " + both + ", " + card.name + " and " + other.card.name +
                ", have one file of keys",
            "make keys for each (anabranch keys new " + card.region +
                " --out FILE), and give all leaders its line"};
  }
  const core::Millis after[] = {card.promote_after_ms, other.card.promote_after_ms};
  if (after[0] > 0 && after[1] > 0 && after[0] != after[1]) {
    return {"member_promotes",
            "two members of " + both + ", " + card.name + " and " + other.card.name +
                ", have different settings promote_after: the greater one counts for both",
            "give both the same promote_after"};
  }
  if (card.policies != other.card.policies) {
    return {"member_policies",
            "two members of " + both + ", " + card.name + " and " + other.card.name +
                ", propose different policies",
            "give both the same settings policy"};
  }
  return {};
}

// Warns of the pairs of a region, of each kind of the first ones: 64 members are 2,016 pairs.
class PairWarnings {
 public:
  PairWarnings(StoreStatus& status, std::string region)
      : status_(status), region_(std::move(region)) {}

  void add(const Trouble& trouble) {
    if (!told_.insert(trouble.text).second) return;
    if (++pairs_[trouble.kind] > kPairsMax) return;
    status_.warnings.push_back({trouble.kind, region_, false, trouble.text, trouble.remedy});
  }
  void add_rest() {
    for (const auto& [kind, pairs] : pairs_) {
      if (pairs <= kPairsMax) continue;
      status_.warnings.push_back({kind, region_, false,
                                  std::to_string(pairs - kPairsMax) +
                                      " more pairs of members of region " + region_ +
                                      " have the same trouble",
                                  "see the notes of its members in `anabranch status`"});
    }
  }

 private:
  static constexpr std::size_t kPairsMax = 8;

  StoreStatus& status_;
  const std::string region_;
  std::set<std::string> told_;
  std::map<std::string, std::size_t> pairs_;  // By kind.
};

void warn_of_copy(StoreStatus& status, const KnownCard& copy) {
  const std::string remedy =
      "stop one of them for good, and give it an empty directory: it takes all data from the "
      "others";
  status.members.front().note = copy_note(copy);
  status.members.front().remedy = remedy;
  status.warnings.insert(status.warnings.begin(),
                         {"member_copy", copy.card.region, true, copy_note(copy), remedy});
}

}  // namespace

std::string copy_note(const KnownCard& copy) {
  return "the directory of this member runs twice: " + name_of(copy.card) +
         " shows cards of it, from another process";
}

void tell_members(StoreStatus& status, const KnownCard& self, const Cards& cards,
                  core::Millis now) {
  std::vector<const KnownCard*> all{&self};
  for (const auto& [node, known] : cards.table().rows()) all.push_back(&known);
  std::stable_sort(all.begin() + 1, all.end(), [](const KnownCard* one, const KnownCard* other) {
    return std::tie(one->card.region, one->card.name) <
           std::tie(other->card.region, other->card.name);
  });
  // Of the own region: the members that are there, with their places in the status.
  std::vector<std::pair<const KnownCard*, std::size_t>> own;
  for (const KnownCard* each : all) {
    MemberStatus& member = status.members.emplace_back(status_of(*each, now));
    member.self = each == &self;
    member.fresh = member.self || cards.table().is_fresh(*each, now);
    if (member.fresh && each->card.region == self.card.region)
      own.emplace_back(each, status.members.size() - 1);
  }
  PairWarnings warnings(status, self.card.region);
  for (const auto& [each, place] : own) {
    for (const auto& [other, unused] : own) {
      if (other == each) continue;
      const Trouble trouble = trouble_of(*each, *other);
      if (trouble.kind == nullptr) continue;
      status.members[place].note = trouble.text;
      status.members[place].remedy = trouble.remedy;
      // Of the two sentences about a pair the one of the lesser name.
      if (each->card.name <= other->card.name) warnings.add(trouble);
    }
  }
  warnings.add_rest();
  if (cards.copy()) warn_of_copy(status, *cards.copy());
}

}  // namespace anabranch::leader
