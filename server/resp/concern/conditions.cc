#include "server/resp/concern/conditions.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <set>
#include <utility>

namespace anabranch::server {

using core::Seq;
using leader::Holders;
using Members = std::vector<const Holders::Member*>;

namespace {

constexpr Seq kAll = std::numeric_limits<Seq>::max();

// ---- Members.

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

std::string names_of(const Members& members) {
  std::string text;
  for (const Holders::Member* each : members) text += (text.empty() ? "" : ", ") + each->name;
  return text;
}

// ---- Conditions.

class ConditionList {
 public:
  explicit ConditionList(const ConcernTerms& terms)
      : durable_(terms.level == ConcernTerms::Level::kDurable) {}

  // So many of these members.
  void add(const Members& members, std::size_t count) {
    Condition condition{.holders = {}, .count = count};
    for (const Holders::Member* each : members) {
      condition.holders.push_back({each->name, far(each->far)});
    }
    all_.push_back(std::move(condition));
  }
  // This region, as its leader says.
  void add(std::string_view name, const Holders::Region* region) {
    Condition condition{.holders = {}, .count = 1};
    condition.holders.push_back({name, region == nullptr ? 0 : far(region->far)});
    all_.push_back(std::move(condition));
  }
  // All members of one name.
  void add(std::string_view name, const Members& members) {
    if (members.empty()) return add(name, nullptr);
    add(members, members.size());
  }
  std::vector<Condition> take() && { return std::move(all_); }

 private:
  [[nodiscard]] Seq far(const Holders::Far& far) const {
    return durable_ ? far.durable : far.applied;
  }

  bool durable_;
  std::vector<Condition> all_;
};

// Each member that is there, and each region that shows none.
void add_all(ConditionList& conditions, const Holders& holders) {
  const Members members = fresh(holders);
  conditions.add(members, members.size());
  std::set<std::string_view> seen;
  for (const Holders::Member* each : members) seen.insert(each->region);
  for (const Holders::Region& each : holders.regions()) {
    if (!seen.contains(each.name)) conditions.add(each.name, &each);
  }
}

// The last seq that so many of them have.
Seq reach_of(Condition condition) {
  if (condition.count == 0) return kAll;
  if (condition.holders.size() < condition.count) return 0;
  const auto nth = condition.holders.begin() + static_cast<std::ptrdiff_t>(condition.count - 1);
  std::ranges::nth_element(condition.holders, nth, std::greater<>(), &Condition::Holder::far);
  return nth->far;
}

}  // namespace

std::vector<Condition> conditions_of(const ConcernTerms& terms, const Holders& holders) {
  ConditionList conditions(terms);
  if (terms.count > 0) conditions.add(there(holders), terms.count);
  if (terms.majority) {
    const Members members = listed(holders);
    conditions.add(members, members.size() / 2 + 1);
  }
  if (terms.zone) conditions.add(elsewhere(holders), 1);
  if (terms.all) add_all(conditions, holders);
  for (const std::string& name : terms.regions) conditions.add(name, find_region(holders, name));
  for (const std::string& name : terms.members) conditions.add(name, called(holders, name));
  return std::move(conditions).take();
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

Seq reach(const std::vector<Condition>& conditions) {
  Seq least = kAll;
  for (const Condition& each : conditions) least = std::min(least, reach_of(each));
  return least;
}

Holding holding(const std::vector<Condition>& conditions, Seq seq) {
  std::set<std::string_view> have;
  std::set<std::string_view> lack;
  for (const Condition& condition : conditions) {
    for (const Condition::Holder& each : condition.holders) {
      (each.far >= seq ? have : lack).insert(each.name);
    }
  }
  for (const std::string_view name : lack) have.erase(name);
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
