#include "tests/types/subject.h"

#include <algorithm>
#include <cstddef>
#include <sstream>
#include <utility>

#include "core/assert.h"
#include "tests/types/items.h"
#include "tests/types/sequence.h"

namespace anabranch::test {

namespace {

using Acts = std::vector<std::string>;

// Removes the key, as DEL of the server does.
bool del(Scope& scope, const Key& key) {
  if (scope.type(key) == Type::kNone) return false;
  scope.clear(key);
  return true;
}

bool write_register(Scope& scope, const Key& key, const Words& act) {
  Register<std::string> place{scope, key};
  if (act[0] == "erase") return place.erase();
  ANABRANCH_ASSERT(act[0] == "put");
  place.put(act[1]);
  return true;
}

std::string show_register(Scope& scope, const Key& key) {
  return Register<std::string>(scope, key).get().value_or("-");
}

template <typename Handle, typename Amount>
bool write_counter(Scope& scope, const Key& key, const Words& act) {
  if (act[0] == "put" || act[0] == "erase") return write_register(scope, key, act);
  Handle counter{scope, key};
  if (act[0] == "reset") {
    counter.reset();
  } else {
    ANABRANCH_ASSERT(act[0] == "add");
    counter.add(static_cast<Amount>(std::stod(act[1])));
  }
  return true;
}

template <typename Handle>
std::string show_counter(Scope& scope, const Key& key) {
  std::ostringstream text;
  text << Handle(scope, key).get();
  return scope.type(key) == Type::kNone ? "-" : text.str();
}

template <typename Handle>
bool write_flag(Scope& scope, const Key& key, const Words& act) {
  Handle flag{scope, key};
  if (act[0] == "erase") return flag.erase();
  if (act[0] == "del") return del(scope, key);
  if (act[0] == "enable") flag.enable();
  if (act[0] == "disable") flag.disable();
  return true;
}

template <typename Handle>
std::string show_flag(Scope& scope, const Key& key) {
  const std::string shown = Handle(scope, key).get() ? "on" : "off";
  return scope.type(key) == Type::kNone ? "-" : shown;
}

template <typename Handle>
bool write_set(Scope& scope, const Key& key, const Words& act) {
  Handle set{scope, key};
  if (act[0] == "del") return del(scope, key);
  if (act[0] == "clear") set.clear();
  if (act[0] == "insert") set.insert(act[1]);
  if (act[0] == "erase") set.erase(act[1]);
  return true;
}

template <typename Handle>
std::string show_set(Scope& scope, const Key& key) {
  const Handle set{scope, key};
  std::string text;
  for (const std::string& element : set.elements()) {
    text += (text.empty() ? "" : " ") + element;
    ANABRANCH_ASSERT(set.contains(element));
  }
  ANABRANCH_ASSERT(set.size() == set.elements().size());
  return text.empty() ? "-" : "{" + text + "}";
}

bool write_map(Scope& scope, const Key& key, const Words& act) {
  Map map{scope, key};
  if (act[0] == "del") return del(scope, key);
  if (act[0] == "clear") map.clear();
  if (act[0] == "erase") return map.erase(act[1]);
  if (act[0] == "put") map.at<Register<std::string>>(act[1]).put(act[2]);
  if (act[0] == "insert") map.at<RemoveWinsSet<std::string>>(act[1]).insert(act[2]);
  if (act[0] == "remove") map.at<RemoveWinsSet<std::string>>(act[1]).erase(act[2]);
  return true;
}

std::string show_map(Scope& scope, const Key& key) {
  const Map map{scope, key};
  std::string text;
  for (const std::string& field : map.fields()) {
    ANABRANCH_ASSERT(map.contains(field));
    const Key place = key.field(field);
    const bool is_set = scope.type(place) == Type::kRemoveWinsSet;
    text +=
        (text.empty() ? "" : " ") + field + "=" +
        (is_set ? show_set<RemoveWinsSet<std::string>>(scope, place) : show_register(scope, place));
  }
  ANABRANCH_ASSERT(map.size() == map.fields().size());
  return text.empty() ? "-" : "{" + text + "}";
}

bool write_sorted_set(Scope& scope, const Key& key, const Words& act) {
  SortedSet<std::string> set{scope, key};
  if (act[0] == "del") return del(scope, key);
  if (act[0] == "clear") set.clear();
  if (act[0] == "put") set.put(act[1], std::stod(act[2]));
  if (act[0] == "add") set.add(act[1], std::stod(act[2]));
  if (act[0] == "erase") set.erase(act[1]);
  return true;
}

// In the order of scores; everything else that the handle can be asked must agree with it.
std::string show_sorted_set(Scope& scope, const Key& key) {
  const SortedSet<std::string> set{scope, key};
  const auto members = set.range();
  std::string text;
  for (std::size_t rank = 0; rank < members.size(); ++rank) {
    const auto& [member, score] = members[rank];
    text += (text.empty() ? "" : " ") + member + "=" + Codec<double>::encode(score);
    ANABRANCH_ASSERT(set.score(member) == score);
    ANABRANCH_ASSERT(set.rank(member) == rank);
    ANABRANCH_ASSERT(set.rank_from_end(member) == members.size() - 1 - rank);
    ANABRANCH_ASSERT(set.range_by_rank(rank, rank + 1).front() == members[rank]);
    ANABRANCH_ASSERT(set.count({.min = score}) + set.count({.max = score, .below_max = true}) ==
                     members.size());
  }
  auto backwards = set.range({.backwards = true});
  std::ranges::reverse(backwards);
  ANABRANCH_ASSERT(backwards == members);
  auto by_name = set.range_by_name();
  std::ranges::stable_sort(by_name, {}, &Scored<std::string>::score);
  ANABRANCH_ASSERT(by_name == members);
  ANABRANCH_ASSERT(set.size() == members.size());
  return text.empty() ? "-" : "{" + text + "}";
}

template <typename Handle>
Subject flag(std::string title, std::function<std::string(const History&)> meaning) {
  return {std::move(title),
          "flag",
          {"enable", "disable", "erase", "del"},
          write_flag<Handle>,
          show_flag<Handle>,
          std::move(meaning)};
}

template <typename Handle>
Subject set(std::string title, std::function<std::string(const History&)> meaning) {
  const Acts acts{"insert x", "insert x", "insert y", "erase x", "erase x",
                  "erase y",  "clear",    "insert z", "del"};
  return {std::move(title), "set", acts, write_set<Handle>, show_set<Handle>, std::move(meaning)};
}

std::vector<Subject> make_subjects() {
  const Acts values{"put 3",   "put 10",   "put 2.5",  "put -1",
                    "put 1e1", "put word", "put Word", "erase"};
  const Acts sums{"add 5", "add -3", "add 1", "put 10", "put 20", "reset", "erase"};
  const Acts reals{"add 0.25", "add -1.5", "add 3", "put 10", "reset", "erase"};
  const Acts fields{"put f 1", "put f 2",    "put g 1",    "erase f",    "erase s",
                    "clear",   "insert s x", "insert s y", "remove s x", "del"};
  const Acts scores{"put a 1",  "put a 2.5", "put b 2",  "put c -1", "add a 5",
                    "add a -3", "add b 0.5", "add d 10", "erase a",  "erase b",
                    "put e 2",  "clear",     "del"};
  const Acts put_scores{"put a 1",  "put a 7", "put b 2", "put c -1", "put b 0.5",
                        "put d 10", "erase a", "erase b", "clear",    "del"};
  const Acts moves{"insert 0 *", "insert 1 *", "insert 2 *", "push *",   "push *",
                   "erase 0",    "erase 1",    "move 0 2",   "move 1 0", "move 2 7",
                   "move 3 1",   "insert 5 *", "insert 9 *", "clear",    "del"};
  const Acts items{"insert 0 *", "insert 1 *", "push *",   "push *",   "push *",   "erase 0",
                   "erase 1",    "move 0 2",   "move 1 0", "move 3 1", "text 0 x", "text 1 y",
                   "text 1 z",   "vote 0 1",   "vote 1 3", "done 0",   "done 1",   "open 1",
                   "tag 0 red",  "tag 2 blue", "clear",    "del"};
  const Acts edits{"insert 0 *", "insert 1 *", "insert 2 *", "insert 4 *", "insert 7 *",
                   "insert 9 *", "erase 0 1",  "erase 2 2",  "erase 1 5",  "erase 4 3",
                   "erase 6 9",  "clear",      "del"};
  return {
      {"Register", "lww/k", values, write_register, show_register, register_meaning},
      {"Register under max", "max/k", values, write_register, show_register, max_meaning},
      {"Register under min", "min/k", values, write_register, show_register, min_meaning},
      {"Counter", "sum", sums, write_counter<Counter, std::int64_t>, show_counter<Counter>,
       counter_meaning},
      {"Real counter", "real", reals, write_counter<RealCounter, double>, show_counter<RealCounter>,
       real_counter_meaning},
      flag<EnableWinsFlag>("Enable-wins flag", enable_wins_meaning),
      flag<DisableWinsFlag>("Disable-wins flag", disable_wins_meaning),
      set<Set<std::string>>("Set", set_meaning),
      set<RemoveWinsSet<std::string>>("Remove-wins set", remove_wins_meaning),
      {"Map", "map", fields, write_map, show_map, map_meaning},
      {"Sorted set", "scores", scores, write_sorted_set, show_sorted_set, sorted_set_meaning, true},
      {"Sorted set under max", "max/scores", put_scores, write_sorted_set, show_sorted_set,
       sorted_set_under_max_meaning},
      {"List", "list", moves, write_list, show_list, list_meaning, false, list_items, list_places},
      {"List of containers", "items", items, write_items, show_items, items_meaning, true,
       list_items, item_places},
      {"Text", "text", edits, write_text, show_text, text_meaning, false, text_items, text_places,
       true},
  };
}

}  // namespace

const std::vector<Subject>& subjects() {
  static const std::vector<Subject> kSubjects = make_subjects();
  return kSubjects;
}

const rows::Resolvers& resolvers() {
  static const rows::Resolvers kResolvers({{"max/", Resolver::max()}, {"min/", Resolver::min()}});
  return kResolvers;
}

}  // namespace anabranch::test
