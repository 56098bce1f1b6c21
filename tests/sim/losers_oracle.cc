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
    if (parts[at] == "i" && below == 1) return false;  // A member row is put once.
    if (parts[at] != "h" && parts[at] != "i") return false;
  }
  return false;
}

template <typename Values>
bool differ(const Values& values) {
  return std::ranges::any_of(
      values, [&](const auto* each) { return each->value != values.front()->value; });
}

template <typename Values>
std::set<Dot> dots_of(const Values& values) {
  std::set<Dot> dots;
  for (const auto* value : values) dots.insert(value->dot);
  return dots;
}

template <typename Map, typename Key>
void take(Map& demands, const Key& key, const std::vector<Dot>& dots) {
  const auto demanded = demands.find(key);
  if (demanded == demands.end()) return;
  for (const Dot dot : dots) demanded->second.erase(dot);
  if (demanded->second.empty()) demands.erase(demanded);
}

}  // namespace

void LosersOracle::Demands::found(const Path& path, const std::vector<Dot>& dots) {
  take(met, path, dots);
}

void LosersOracle::Demands::found(Dot act, const std::vector<Dot>& dots) {
  take(replaced, act, dots);
}

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
    add_act(put->path, dot, seen, put->context, &put->value);
    places_[put->path].values.push_back({dot, put->value});
  } else if (const auto* remove = std::get_if<core::Remove>(&op)) {
    if (can_lose(remove->path)) add_act(remove->path, dot, seen, remove->context, nullptr);
  } else if (const auto* clear = std::get_if<core::Clear>(&op)) {
    clears_[clear->prefix].push_back({dot, seen, seen});
  }
}

// All that its author had seen is recorded already.
void LosersOracle::add_act(const Path& path, Dot dot, const VersionVector& seen,
                           const std::optional<VersionVector>& named, const std::string* put) {
  Place& place = places_[path];
  Act act{dot, seen, named.value_or(seen)};
  if (!named) {
    const std::vector<const Value*> values = standing(path, place, seen);
    if (values.size() > 1 && differ(values)) act.replaces = dots_of(values);
    for (const Value* const value : values) {
      if (put != nullptr && value->value == *put) act.puts_again.insert(value->dot);
    }
  }
  place.acts.push_back(std::move(act));
}

std::vector<const LosersOracle::Value*> LosersOracle::standing(const Path& path, const Place& place,
                                                               const VersionVector& known) const {
  VersionVector removed;
  const auto join = [&](const std::vector<Act>& acts) {
    for (const Act& act : acts) {
      if (known.covers(act.dot)) removed.join(act.removes);
    }
  };
  join(place.acts);
  for (const auto& [prefix, acts] : clears_) {
    if (prefix.is_prefix_of(path)) join(acts);
  }
  std::vector<const Value*> values;
  for (const Value& value : place.values) {
    if (known.covers(value.dot) && !removed.covers(value.dot)) values.push_back(&value);
  }
  return values;
}

bool LosersOracle::raced(const Path& path, const Place& place, const Act& act,
                         const VersionVector& known) const {
  const auto races = [&](const Act& other) {
    return known.covers(other.dot) && other.is_unknown_to(act) && act.is_unknown_to(other) &&
           std::ranges::any_of(act.replaces, [&](Dot dot) { return other.removes.covers(dot); });
  };
  return std::ranges::any_of(place.acts, races) ||
         std::ranges::any_of(clears_, [&](const auto& each) {
           return each.first.is_prefix_of(path) && std::ranges::any_of(each.second, races);
         });
}

LosersOracle::Demands LosersOracle::demands(const VersionVector& vector,
                                            const Applied& applied) const {
  Demands demands;
  for (const auto& [path, place] : places_) {
    if (place.values.size() > 1) {
      const std::vector<const Value*> now = standing(path, place, vector);
      if (now.size() > 1 && differ(now)) demands.met[path] = dots_of(now);
    }
    for (const Act& act : place.acts) {
      const bool is_demanded = !act.replaces.empty() && vector.covers(act.dot) &&
                               !raced(path, place, act, vector) && applied(act.dot);
      if (!is_demanded) continue;
      std::set<Dot> lost = act.replaces;
      for (const Dot dot : act.puts_again) lost.erase(dot);
      if (!lost.empty()) demands.replaced[act.dot] = std::move(lost);
    }
  }
  return demands;
}

void LosersOracle::settle(const VersionVector& floor) {
  for (auto& [path, place] : places_) {
    const std::set<Dot> stay = dots_of(standing(path, place, floor));
    const auto is_gone = [&](Dot dot) { return floor.covers(dot) && !stay.contains(dot); };
    std::erase_if(place.values, [&](const Value& value) { return is_gone(value.dot); });
    // What an act that is not settled replaces was there for its author: another act has raced it.
    for (Act& act : place.acts) {
      if (std::ranges::any_of(act.replaces, is_gone)) act.replaces.clear();
    }
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
