#include "tests/sim/losers_oracle.h"

#include <algorithm>
#include <string_view>

#include "core/batch.h"

namespace anabranch::test {

using core::Dot;
using core::Path;
using core::VersionVector;

namespace {

// Values of strings, flags, scores, elements of sets and lists, and of fields of maps can lose.
bool can_lose(const Path& path) {
  static constexpr std::string_view kRows = "sfF";
  static constexpr std::string_view kElements = "eEzl";
  const core::Components parts = path.components();
  if (parts.empty() || parts[0] == std::string(1, '\0')) return false;
  for (std::size_t at = 2; at < parts.size(); at += 2) {
    if (parts[at].size() != 1) return false;
    const std::size_t below = parts.size() - at - 1;
    if (kRows.find(parts[at]) != std::string_view::npos) return below == 0;
    if (kElements.find(parts[at]) != std::string_view::npos) return below == 1;
    if (parts[at] != "h") return false;
  }
  return false;
}

template <typename Values>
bool differ(const Values& values) {
  return std::ranges::any_of(
      values, [&](const auto* each) { return each->value != values.front()->value; });
}

}  // namespace

void LosersOracle::wrote(const std::string& batch, VersionVector deps) {
  const core::Batch decoded = core::decode_batch(batch).value();
  for (const core::Transaction& txn : decoded.transactions) {
    for (std::size_t k = 0; k < txn.ops.size(); ++k) {
      const Dot dot{decoded.origin, txn.first + k};
      deps.set(decoded.origin, dot.seq - 1);
      record(txn.ops[k], dot, deps);
    }
  }
}

void LosersOracle::record(const core::Op& op, Dot dot, const VersionVector& seen) {
  if (const auto* put = std::get_if<core::Put>(&op)) {
    if (!can_lose(put->path)) return;
    Place& place = places_[put->path];
    place.acts.push_back({dot, seen, put->context.value_or(seen), put->context.has_value()});
    place.values.push_back({dot, put->value});
  } else if (const auto* remove = std::get_if<core::Remove>(&op)) {
    if (!can_lose(remove->path)) return;
    const bool named = remove->context.has_value();
    places_[remove->path].acts.push_back({dot, seen, remove->context.value_or(seen), named});
  } else if (const auto* clear = std::get_if<core::Clear>(&op)) {
    clears_[clear->prefix].push_back({dot, seen, seen, true});
  }
}

std::vector<const LosersOracle::Act*> LosersOracle::acts_on(const Path& path,
                                                            const Place& place) const {
  std::vector<const Act*> acts;
  for (const Act& act : place.acts) acts.push_back(&act);
  for (const auto& [prefix, all] : clears_) {
    if (!prefix.is_prefix_of(path)) continue;
    for (const Act& act : all) acts.push_back(&act);
  }
  return acts;
}

LosersOracle::Demands LosersOracle::demands(const VersionVector& vector,
                                            const Applied& applied) const {
  Demands demands;
  for (const auto& [path, place] : places_) {
    std::vector<const Act*> acts = acts_on(path, place);
    std::erase_if(acts, [&](const Act* act) { return !vector.covers(act->dot); });
    // The values that stand where these acts are known.
    const auto standing = [&](const VersionVector& known) {
      std::vector<const Value*> values;
      for (const Value& value : place.values) {
        const bool removed = std::ranges::any_of(acts, [&](const Act* act) {
          return known.covers(act->dot) && act->dot != value.dot && act->removes.covers(value.dot);
        });
        if (known.covers(value.dot) && !removed) values.push_back(&value);
      }
      return values;
    };
    const auto demand = [&](const std::vector<const Value*>& values) {
      for (const Value* value : values) demands[path].insert(value->dot);
    };
    if (const auto values = standing(vector); values.size() > 1 && differ(values)) demand(values);
    for (const Act* act : acts) {
      if (act->named || !applied(act->dot)) continue;
      std::vector<const Value*> values = standing(act->seen);
      std::erase_if(values, [&](const Value* each) { return !act->removes.covers(each->dot); });
      if (values.size() < 2 || !differ(values)) continue;
      const bool raced = std::ranges::any_of(acts, [&](const Act* other) {
        const bool unknown = other->is_unknown_to(*act) && act->is_unknown_to(*other);
        return unknown && std::ranges::any_of(values, [&](const Value* each) {
                 return other->removes.covers(each->dot);
               });
      });
      if (!raced) demand(values);
    }
  }
  return demands;
}

void LosersOracle::settle(const VersionVector& floor) {
  for (auto& [path, place] : places_) {
    const std::vector<const Act*> acts = acts_on(path, place);
    std::erase_if(place.values, [&](const Value& value) {
      return std::ranges::any_of(acts, [&](const Act* act) {
        return floor.covers(act->dot) && act->dot != value.dot && act->removes.covers(value.dot);
      });
    });
  }
  const auto is_settled = [&](const Act& act) { return floor.covers(act.dot); };
  for (auto& [path, place] : places_) std::erase_if(place.acts, is_settled);
  for (auto& [prefix, acts] : clears_) std::erase_if(acts, is_settled);
  std::erase_if(places_, [](const auto& each) {
    return each.second.values.empty() && each.second.acts.empty();
  });
  std::erase_if(clears_, [](const auto& each) { return each.second.empty(); });
}

}  // namespace anabranch::test
