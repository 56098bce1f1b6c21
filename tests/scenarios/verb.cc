#include "tests/scenarios/verb.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <anabranch/handles.h>

#include "tests/scenarios/duration.h"
#include "tests/scenarios/words.h"

namespace anabranch::test {
namespace {

using Strings = Register<std::string>;
using AddWins = Set<std::string>;
using RemoveWins = RemoveWinsSet<std::string>;
using Strung = List<std::string>;

std::uint64_t place_in(const std::string& word) {
  return static_cast<std::uint64_t>(integer(word));
}

std::string joined(const Words& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) {
    text += (text.empty() ? "" : std::string(between)) + word;
  }
  return text;
}

// The value shown; and if there are several, all that are concurrent.
std::string string_at(Scope& scope, const Key& key) {
  std::string text = scope.get(key.of(Type::kString)).value_or("-");
  const std::vector<Sibling> siblings = scope.siblings(key.of(Type::kString));
  if (siblings.size() < 2) return text;
  Words values;
  for (const Sibling& each : siblings) {
    const std::string base = each.base ? " over " + *each.base : "";
    values.push_back(each.value + base + " of " + each.region);
  }
  return text + "   (concurrent: " + joined(values, ", ") + ")";
}

template <typename Handle>
std::string set_at(Scope& scope, const Key& key) {
  return "{" + joined(Handle(scope, key).elements(), " ") + "}";
}

std::string map_at(Scope& scope, const Key& key) {
  Words fields;
  for (const std::string& field : Map(scope, key).fields()) {
    fields.push_back(field + "=" + shown_at(scope, key.field(field)));
  }
  return "{" + joined(fields, " ") + "}";
}

std::string ranking_at(Scope& scope, const Key& key) {
  Words members;
  for (const auto& [member, score] : SortedSet<std::string>(scope, key).range()) {
    members.push_back(member + "=" + Codec<double>::encode(score));
  }
  return "{" + joined(members, " ") + "}";
}

std::string show(Scope& scope, const Words& words) {
  Words shown;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::string value = shown_at(scope, Key(words[i]));
    shown.push_back(words.size() == 2 ? value : words[i] + " " + value);
  }
  return joined(shown, "   ");
}

std::string left(Scope& scope, const Words& words) {
  const auto left = Expiry(scope, Key(words[1])).left();
  return left ? std::to_string(left->count() / 1000) + " s" : "-";
}

using Txn = Scope&;
using K = const Key&;
using W = const Words&;

constexpr auto kVerbs = std::to_array<Verb>({
    {"show KEY ...", nullptr, show},
    {"left KEY", nullptr, left},
    {"set KEY VALUE", [](Txn t, K k, W w) { Strings(t, k).put(w[2]); }},
    {"unset KEY", [](Txn t, K k, W) { Strings(t, k).erase(); }},
    {"incr KEY AMOUNT", [](Txn t, K k, W w) { Counter(t, k).add(integer(w[2])); }},
    {"del KEY", [](Txn t, K k, W) { t.clear(k); }},
    {"expire KEY TIME",
     [](Txn t, K k, W w) { Expiry(t, k).expire_after(std::chrono::milliseconds(duration(w[2]))); }},
    {"persist KEY", [](Txn t, K k, W) { Expiry(t, k).persist(); }},
    {"add KEY ELEMENT", [](Txn t, K k, W w) { AddWins(t, k).insert(w[2]); }},
    {"remove KEY ELEMENT", [](Txn t, K k, W w) { AddWins(t, k).erase(w[2]); }},
    {"allow KEY ELEMENT", [](Txn t, K k, W w) { RemoveWins(t, k).insert(w[2]); }},
    {"forbid KEY ELEMENT", [](Txn t, K k, W w) { RemoveWins(t, k).erase(w[2]); }},
    {"enable KEY", [](Txn t, K k, W) { EnableWinsFlag(t, k).enable(); }},
    {"disable KEY", [](Txn t, K k, W) { EnableWinsFlag(t, k).disable(); }},
    {"put KEY FIELD VALUE", [](Txn t, K k, W w) { Map(t, k).at<Strings>(w[2]).put(w[3]); }},
    {"tally KEY FIELD AMOUNT",
     [](Txn t, K k, W w) { Map(t, k).at<Counter>(w[2]).add(integer(w[3])); }},
    {"drop KEY FIELD", [](Txn t, K k, W w) { Map(t, k).erase(w[2]); }},
    {"push KEY VALUE", [](Txn t, K k, W w) { Strung(t, k).push_back(w[2]); }},
    {"insert KEY INDEX VALUE", [](Txn t, K k, W w) { Strung(t, k).insert(place_in(w[2]), w[3]); }},
    {"erase KEY INDEX", [](Txn t, K k, W w) { Strung(t, k).erase(place_in(w[2])); }},
    {"move KEY FROM TO",
     [](Txn t, K k, W w) { Strung(t, k).move(place_in(w[2]), place_in(w[3])); }},
    {"type KEY POSITION TEXT", [](Txn t, K k, W w) { Text(t, k).insert(place_in(w[2]), w[3]); }},
    {"cross-out KEY POSITION COUNT",
     [](Txn t, K k, W w) { Text(t, k).erase(place_in(w[2]), place_in(w[3])); }},
    {"score KEY MEMBER AMOUNT",
     [](Txn t, K k,
        W w) { SortedSet<std::string>(t, k).add(w[2], static_cast<double>(integer(w[3]))); }},
});

}  // namespace

const Verb& verb_of(const Words& words) {
  if (words.empty()) throw ScenarioError("a region is told nothing");
  const auto* const found = std::ranges::find(kVerbs, words.front(), &Verb::name);
  if (found == kVerbs.end()) throw ScenarioError("there is no verb " + words.front());
  check_usage(words, found->usage);
  return *found;
}

std::string shown_at(Scope& scope, const Key& key) {
  switch (scope.type(key)) {
    case Type::kNone:
      return "-";
    case Type::kString:
      return string_at(scope, key);
    case Type::kSet:
      return set_at<AddWins>(scope, key);
    case Type::kRemoveWinsSet:
      return set_at<RemoveWins>(scope, key);
    case Type::kMap:
      return map_at(scope, key);
    case Type::kSortedSet:
      return ranking_at(scope, key);
    case Type::kList:
      return "[" + joined(Strung(scope, key).elements(), " ") + "]";
    case Type::kText:
      return '"' + Text(scope, key).str() + '"';
    case Type::kItemList:
      return "[" + std::to_string(ItemList(scope, key).size()) + " elements]";
    case Type::kEnableWinsFlag:
      return EnableWinsFlag(scope, key).get() ? "on" : "off";
    case Type::kDisableWinsFlag:
      return DisableWinsFlag(scope, key).get() ? "on" : "off";
  }
  return {};
}

}  // namespace anabranch::test
