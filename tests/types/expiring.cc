#include "tests/types/expiring.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace anabranch::test {

namespace {

using core::Millis;

constexpr Millis kNever = std::numeric_limits<Millis>::max();
const Words kOfStrings{"put", "add", "erase", "del"};
const Words kOfSets{"insert", "remove", "del"};

bool is(const Event& event, const Words& verbs) { return any_of(verbs)(event); }

History filtered(const History& history, const Words& verbs) {
  History rest;
  std::ranges::copy_if(history, std::back_inserter(rest), any_of(verbs));
  return rest;
}

std::string string_of(const History& history) {
  History acts = filtered(history, kOfStrings);
  for (Event& event : acts) {
    if (event.act[0] == "del") event.act[0] = "erase";
  }
  return counter_meaning(acts);
}

std::string set_of(const History& history) {
  History acts = filtered(history, kOfSets);
  for (Event& event : acts) {
    if (event.act[0] == "remove") event.act[0] = "erase";
  }
  return set_meaning(acts);
}

// The stored value, expired or not.
std::string value_of(const History& history) {
  const std::string string = string_of(history);
  return string == "-" ? set_of(history) : string;
}

bool is_string(const History& history) { return string_of(history) != "-"; }

// The values that are shown, by the last writer's clock; empty where a sum alone is.
Events values_of(const History& history) {
  Events puts = left(history, any_of({"put"}), any_of({"put", "erase", "del"}));
  const auto last = std::ranges::max_element(puts, {}, [](const Event* put) {
    return std::tuple(put->hlc, put->transaction, put->place);
  });
  if (last == puts.end()) return {};
  const std::string shown = (*last)->act[1];
  std::erase_if(puts, [&](const Event* put) { return put->act[1] != shown; });
  return puts;
}

History seen_by(const Event& event, const History& history) {
  History seen;
  std::ranges::copy_if(history, std::back_inserter(seen),
                       [&](const Event& other) { return has_seen(event, other); });
  return seen;
}

Events expiries_of(const History& history) {
  return left(history, any_of({"expire", "persist"}),
              any_of({"expire", "persist", "del", "forget"}));
}

// Returns whether an expiry is still about the visible value.
bool counts(const Event& expiry, const History& history) {
  const History before = seen_by(expiry, history);
  if (is_string(before) != is_string(history)) return false;
  if (!is_string(history)) return true;
  const Events named = values_of(before);
  const Events shown = values_of(history);
  if (named.empty()) return shown.empty();
  return std::ranges::any_of(named, [&](const Event* one) {
    return std::ranges::any_of(shown, [&](const Event* other) {
      return one->transaction == other->transaction && one->place == other->place;
    });
  });
}

std::optional<Millis> deadline_of(const History& history) {
  std::optional<Millis> longest;
  for (const Event* expiry : expiries_of(history)) {
    if (!counts(*expiry, history)) continue;
    const Millis at = expiry->act[0] == "persist" ? kNever : std::stoll(expiry->act[1]);
    longest = std::max(longest.value_or(at), at);
  }
  return longest;
}

bool has_expired(const History& history, Millis now_ms) {
  const auto deadline = deadline_of(history);
  return deadline && *deadline <= now_ms;
}

// The implicit acts of writers: a write to a key that is not there begins anew.
History with_what_follows(const History& history) {
  History full;
  for (Event event : history) {
    event.place = 2 * event.place + 1;
    const Millis now_ms = event.hlc.millis();
    const History before = seen_by(event, full);
    Event first = event;
    --first.place;
    const bool writes = is(event, {"put", "add", "insert"});
    if (writes && has_expired(before, now_ms)) {
      first.act = {"del"};
      full.push_back(first);
    } else if (writes && value_of(before) == "-" && !expiries_of(before).empty()) {
      first.act = {"forget"};
      full.push_back(first);
    }
    const bool over = event.act[0] == "expire" && std::stoll(event.act[1]) <= now_ms;
    if (over) event.act = {"del"};
    full.push_back(event);
  }
  return full;
}

}  // namespace

std::string expiring_meaning(const History& history, Millis now_ms) {
  const History full = with_what_follows(history);
  const std::string value = value_of(full);
  if (value == "-" || has_expired(full, now_ms)) return "-";
  const auto deadline = deadline_of(full);
  return !deadline || *deadline == kNever ? value : value + " until " + std::to_string(*deadline);
}

bool write_expiring(Scope& scope, const Key& key, const Words& act) {
  const Type type = scope.type(key);
  const bool there = type != Type::kNone;
  if (act[0] == "expire") return scope.expire(key, std::stoll(act[1]));
  if (act[0] == "persist") return scope.expire(key, std::nullopt);
  if (act[0] == "del") {
    if (there) scope.clear(key);
    return there;
  }
  const bool of_sets = act[0] == "insert" || act[0] == "remove";
  if (there && (type == Type::kSet) != of_sets) return false;
  if (act[0] == "put") Register<std::string>(scope, key).put(act[1]);
  if (act[0] == "add") Counter(scope, key).add(std::stoll(act[1]));
  if (act[0] == "insert") Set<>(scope, key).insert(act[1]);
  // They also take away expired values, and return that nothing was there.
  if (act[0] == "erase") Register<std::string>(scope, key).erase();
  if (act[0] == "remove") Set<>(scope, key).erase(act[1]);
  return true;
}

std::string show_expiring(Scope& scope, const Key& key) {
  std::string shown =
      Register<std::string>(scope, key).siblings().empty() && scope.type(key) != Type::kString
          ? "-"
          : std::to_string(Counter(scope, key).get());
  if (scope.type(key) == Type::kSet) {
    shown.clear();
    for (const std::string& element : Set<>(scope, key).elements()) shown += " " + element;
    shown = "{" + shown.substr(1) + "}";
  }
  const auto deadline = scope.deadline(key);
  return deadline ? shown + " until " + std::to_string(*deadline) : shown;
}

}  // namespace anabranch::test
