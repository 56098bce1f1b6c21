#include "server/resp/concern/terms.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <utility>

#include <anabranch/error.h>

#include "control/verbs/words.h"
#include "core/text.h"

namespace anabranch::server {

using control::same_word;
using core::Seq;
using leader::Holders;
using Members = std::vector<const Holders::Member*>;

namespace {

constexpr Seq kAll = std::numeric_limits<Seq>::max();

[[noreturn]] void refuse(std::string text) { throw Error(ErrorCode::kInvalid, std::move(text)); }

// ---- Words.

class Words {
 public:
  explicit Words(std::span<const std::string_view> words) : words_(words) {}

  [[nodiscard]] bool any() const { return at_ < words_.size(); }
  // Takes the next word if it is this one.
  bool take(std::string_view word) {
    const bool is_it = any() && same_word(words_[at_], word);
    if (is_it) ++at_;
    return is_it;
  }
  std::string_view next() {
    if (!any()) refuse("syntax error");
    return words_[at_++];
  }
  // The number behind a word.
  std::int64_t number(std::string_view of, std::int64_t least, std::int64_t most) {
    const auto value = core::parse_integer(next());
    if (value && *value >= least && *value <= most) return *value;
    refuse(std::string(of) + " takes a number from " + std::to_string(least) + " to " +
           std::to_string(most));
  }

 private:
  std::span<const std::string_view> words_;
  std::size_t at_ = 0;
};

void add_name(std::vector<std::string>& names, std::string_view name) {
  if (name.empty() || name.size() > ConcernTerms::kNameBytesMax) {
    refuse("a name has 1 to " + std::to_string(ConcernTerms::kNameBytesMax) + " bytes");
  }
  if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  if (names.size() > ConcernTerms::kNamesMax) {
    refuse("a concern names at most " + std::to_string(ConcernTerms::kNamesMax) +
           " regions, and as many members");
  }
}

// Takes a condition; returns false if the next word begins none.
bool take_condition(Words& words, ConcernTerms& terms) {
  constexpr std::int64_t kCountMax = 1'000'000;
  if (words.take("count")) {
    terms.count = static_cast<std::size_t>(words.number("COUNT", 1, kCountMax));
  } else if (words.take("majority")) {
    terms.majority = true;
  } else if (words.take("all")) {
    terms.all = true;
  } else if (words.take("zone")) {
    terms.zone = true;
  } else if (words.take("region")) {
    add_name(terms.regions, words.next());
  } else if (words.take("member")) {
    add_name(terms.members, words.next());
  } else {
    return false;
  }
  return true;
}

// ---- Members.

Seq far(const ConcernTerms& terms, const Holders::Far& far) {
  return terms.level == ConcernTerms::Level::kDurable ? far.durable : far.applied;
}

Members those(const Holders& holders, const std::function<bool(const Holders::Member&)>& are) {
  Members found;
  for (const Holders::Member& member : holders.members()) {
    if (are(member)) found.push_back(&member);
  }
  return found;
}

Members there(const Holders& holders) {
  return those(holders, [](const Holders::Member& each) { return each.fresh || each.listed; });
}

Members listed(const Holders& holders) {
  return those(holders, [](const Holders::Member& each) { return each.listed; });
}

Members fresh(const Holders& holders) {
  return those(holders, [](const Holders::Member& each) { return each.fresh; });
}

Members called(const Holders& holders, const std::string& name) {
  return those(holders, [&](const Holders::Member& each) { return each.name == name; });
}

Members elsewhere(const Holders& holders) {
  const std::string& zone = holders.members().front().zone;
  return those(holders, [&](const Holders::Member& each) {
    return !zone.empty() && !each.zone.empty() && each.zone != zone;
  });
}

const Holders::Region* find_region(const Holders& holders, const std::string& name) {
  const auto found = std::ranges::find(holders.regions(), name, &Holders::Region::name);
  return found == holders.regions().end() ? nullptr : &*found;
}

// The regions that have no member that is there: cut off, or never met.
std::vector<const Holders::Region*> absent(const Holders& holders) {
  std::set<std::string_view> seen;
  for (const Holders::Member* each : fresh(holders)) seen.insert(each->region);
  std::vector<const Holders::Region*> regions;
  for (const Holders::Region& each : holders.regions()) {
    if (!seen.contains(each.name)) regions.push_back(&each);
  }
  return regions;
}

// The last seq that so many of them have.
Seq reach_of(const ConcernTerms& terms, const Members& members, std::size_t count) {
  if (count == 0) return kAll;
  if (members.size() < count) return 0;
  std::vector<Seq> seqs;
  seqs.reserve(members.size());
  for (const Holders::Member* each : members) seqs.push_back(far(terms, each->far));
  const auto nth = seqs.begin() + static_cast<std::ptrdiff_t>(count - 1);
  std::ranges::nth_element(seqs, nth, std::greater<>());
  return *nth;
}

std::string names_of(const Members& members) {
  std::string text;
  for (const Holders::Member* each : members) text += (text.empty() ? "" : ", ") + each->name;
  return text;
}

}  // namespace

std::string ConcernTerms::words() const {
  std::string text = level == Level::kDurable ? "DURABLE" : "APPLIED";
  if (count > 0) text += " COUNT " + std::to_string(count);
  if (majority) text += " MAJORITY";
  if (all) text += " ALL";
  for (const std::string& name : regions) text += " REGION " + name;
  for (const std::string& name : members) text += " MEMBER " + name;
  if (zone) text += " ZONE";
  return text + (degrades ? " DEGRADE " : " WITHIN ") + std::to_string(patience.count());
}

ConcernTerms parse_terms(std::span<const std::string_view> given) {
  Words words(given);
  ConcernTerms terms;
  if (words.take("applied")) {
    terms.level = ConcernTerms::Level::kApplied;
  } else if (!words.take("durable")) {
    refuse("a concern begins with APPLIED or DURABLE");
  }
  bool any = false;
  while (take_condition(words, terms)) any = true;
  if (!any) refuse("name at least one of COUNT, MAJORITY, ALL, REGION, MEMBER and ZONE");
  terms.degrades = words.take("degrade");
  if (terms.degrades || words.take("within")) {
    const auto most = ConcernTerms::kPatienceMax.count();
    terms.patience =
        std::chrono::milliseconds(words.number(terms.degrades ? "DEGRADE" : "WITHIN", 0, most));
  }
  if (words.any()) refuse("syntax error");
  return terms;
}

std::string refusal(const ConcernTerms& terms, const Holders& holders) {
  const Members all = there(holders);
  const std::string there_are = "there are " + names_of(all);
  if (terms.count > all.size()) {
    return "COUNT " + std::to_string(terms.count) + " is above the number of members, " +
           std::to_string(all.size()) + ": " + there_are;
  }
  for (const std::string& name : terms.regions) {
    if (find_region(holders, name) != nullptr) continue;
    std::string known;
    for (const Holders::Region& each : holders.regions()) {
      known += (known.empty() ? "" : ", ") + each.name;
    }
    return "there is no region '" + name + "': there are " + known;
  }
  for (const std::string& name : terms.members) {
    if (called(holders, name).empty()) {
      return "there is no member '" + name + "': " + there_are;
    }
  }
  if (terms.zone && holders.members().front().zone.empty()) {
    return "this member has no zone (setting zone)";
  }
  if (terms.zone && elsewhere(holders).empty()) {
    return "no member is in another zone than '" + holders.members().front().zone +
           "': " + there_are;
  }
  return {};
}

Seq reach(const ConcernTerms& terms, const Holders& holders) {
  Seq least = reach_of(terms, there(holders), terms.count);
  if (terms.majority) {
    const Members all = listed(holders);
    least = std::min(least, reach_of(terms, all, all.size() / 2 + 1));
  }
  if (terms.zone) least = std::min(least, reach_of(terms, elsewhere(holders), 1));
  if (terms.all) {
    const Members all = fresh(holders);
    least = std::min(least, reach_of(terms, all, all.size()));
    for (const Holders::Region* each : absent(holders)) {
      least = std::min(least, far(terms, each->far));
    }
  }
  for (const std::string& name : terms.regions) {
    const Holders::Region* const region = find_region(holders, name);
    least = std::min(least, region == nullptr ? 0 : far(terms, region->far));
  }
  for (const std::string& name : terms.members) {
    const Members all = called(holders, name);
    least = std::min(least, all.empty() ? 0 : reach_of(terms, all, all.size()));
  }
  return least;
}

Holding holding(const ConcernTerms& terms, const Holders& holders, Seq seq) {
  std::set<std::string> have;
  std::set<std::string> lack;
  const auto note = [&](const std::string& name, Seq reached) {
    (reached >= seq ? have : lack).insert(name);
  };
  const auto note_all = [&](const Members& members) {
    for (const Holders::Member* each : members) note(each->name, far(terms, each->far));
  };
  if (terms.count > 0) note_all(there(holders));
  if (terms.majority) note_all(listed(holders));
  if (terms.zone) note_all(elsewhere(holders));
  if (terms.all) {
    note_all(fresh(holders));
    for (const Holders::Region* each : absent(holders)) note(each->name, far(terms, each->far));
  }
  for (const std::string& name : terms.regions) {
    const Holders::Region* const region = find_region(holders, name);
    note(name, region == nullptr ? 0 : far(terms, region->far));
  }
  for (const std::string& name : terms.members) {
    const Members all = called(holders, name);
    if (all.empty()) lack.insert(name);
    note_all(all);
  }
  return {.have = {have.begin(), have.end()}, .lack = {lack.begin(), lack.end()}};
}

std::string lacking(const Holding& holding) {
  constexpr std::size_t kNamed = 8;
  if (holding.lack.empty()) return "another member";
  std::string text;
  for (std::size_t i = 0; i < std::min(kNamed, holding.lack.size()); ++i) {
    text += (i == 0 ? "" : ", ") + holding.lack[i];
  }
  if (holding.lack.size() > kNamed) {
    text += " and " + std::to_string(holding.lack.size() - kNamed) + " more";
  }
  return text;
}

}  // namespace anabranch::server
