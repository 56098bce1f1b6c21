#include "tests/types/items.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>

#include "core/assert.h"
#include "tests/types/sequence.h"

namespace anabranch::test {

namespace {

std::string fresh_name() {
  static std::uint64_t last = 0;
  return "n" + std::to_string(++last);
}

std::string name_of(const Map& element) {
  return element.at<Register<std::string>>("name").get().value_or("?");
}

// The name that a shown element begins with.
std::string name_in(const std::string& shown) {
  return shown.substr(0, shown.find_first_of("=+!{"));
}

std::string with_contents(std::string name, const std::string& text, std::int64_t votes, bool done,
                          const Words& tags) {
  if (!text.empty()) name += "=" + text;
  if (votes != 0) name += "+" + std::to_string(votes);
  if (done) name += "!";
  std::string all;
  for (const std::string& tag : tags) all += (all.empty() ? "" : ",") + tag;
  return all.empty() ? name : name + "{" + all + "}";
}

std::string show_element(const ItemList& list, const std::string& id) {
  const Map element = list.at(id);
  ANABRANCH_ASSERT(list.contains(id));
  return with_contents(name_of(element),
                       element.at<Register<std::string>>("text").get().value_or(""),
                       element.at<Counter>("votes").get(), element.at<EnableWinsFlag>("done").get(),
                       element.at<Set<std::string>>("tags").elements());
}

bool write_into(const Map& element, const Words& act) {
  const std::string& verb = act[0];
  if (verb == "text") element.at<Register<std::string>>("text").put(act[2]);
  if (verb == "vote") element.at<Counter>("votes").add(std::stol(act[2]));
  if (verb == "done") element.at<EnableWinsFlag>("done").enable();
  if (verb == "open") element.at<EnableWinsFlag>("done").disable();
  if (verb == "tag") element.at<Set<std::string>>("tags").insert(act[2]);
  return true;
}

// Whether writes into an erased element are refused.
bool refuses(const ItemList& list, const std::string& id) {
  try {
    list.at(id).at<Register<std::string>>("text").put("late");
  } catch (const Error& error) {
    return error.code() == ErrorCode::kInvalid;
  }
  return false;
}

// An act on an element, or on all.
Kind on(const std::string& name, const Words& verbs) {
  return [name, verbs](const Event& event) {
    const bool concerns = event.act.size() < 2 || event.act[1] == name;
    return concerns && std::ranges::count(verbs, event.act[0]) > 0;
  };
}

// The contents of an element that is in the list: nothing that has seen its writes has erased it.
std::string element_meaning(const History& history, const std::string& name) {
  const auto writes = [&](const Words& verbs) {
    return left(history, on(name, verbs), on(name, verbs));
  };
  std::string text;
  const Events texts = writes({"text"});
  if (!texts.empty()) {
    text = (*std::ranges::max_element(texts, {}, [](const Event* event) {
             return std::tie(event->hlc, event->transaction, event->place);
           }))->act[2];
  }
  std::int64_t votes = 0;
  std::set<std::string> tags;
  for (const Event& event : history) {
    if (event.act.size() < 3 || event.act[1] != name) continue;
    if (event.act[0] == "vote") votes += std::stol(event.act[2]);
    if (event.act[0] == "tag") tags.insert(event.act[2]);
  }
  const bool done = std::ranges::any_of(writes({"done", "open"}),
                                        [](const Event* event) { return event->act[0] == "done"; });
  return with_contents(name, text, votes, done, {tags.begin(), tags.end()});
}

}  // namespace

bool write_items(Scope& scope, const Key& key, Words& act) {
  ItemList list{scope, key};
  const std::string verb = act[0];
  if (verb == "del" || verb == "clear") {
    const bool found = scope.type(key) != Type::kNone;
    if (found && verb == "del") scope.clear(key);
    if (verb == "clear") list.clear();
    return found;
  }
  const Words ids = list.ids();
  if (verb == "push" || verb == "insert") {
    std::string name = act.back() == "*" ? fresh_name() : act.back();
    const std::size_t at = verb == "push" ? ids.size() : std::stoul(act[1]) % (ids.size() + 1);
    const std::string id = verb == "push" ? list.push_back() : list.insert(at);
    list.at(id).at<Register<std::string>>("name").put(name);
    ANABRANCH_ASSERT(list.ids(at, 1) == Words{id});
    act = {"insert", std::move(name)};
    return true;
  }
  if (ids.empty()) return false;
  const std::size_t at = std::stoul(act[1]) % ids.size();
  const std::string& id = ids[at];
  act[1] = name_of(list.at(id));
  if (verb == "erase") {
    ANABRANCH_ASSERT(list.erase(id) && !list.erase(id) && !list.contains(id) && refuses(list, id));
    return true;
  }
  if (verb != "move") return write_into(list.at(id), act);
  const std::size_t to = std::stoul(act[2]) % ids.size();
  ANABRANCH_ASSERT(list.move(id, to) && list.ids(to, 1) == Words{id});
  act = {"move", act[1]};
  return at != to;
}

std::string show_items(Scope& scope, const Key& key) {
  const ItemList list{scope, key};
  const Words ids = list.ids();
  ANABRANCH_ASSERT(ids.size() == list.size());
  std::string text;
  for (const std::string& id : ids) text += (text.empty() ? "" : " ") + show_element(list, id);
  return text.empty() ? "-" : "[" + text + "]";
}

Words item_places(const History& history, const std::string& shown) {
  Words places;
  for (const std::string& each : list_items(shown)) {
    const std::string name = name_in(each);
    places.push_back(name + "@" + list_move_meaning(history, name));
  }
  return places;
}

std::string items_meaning(const History& history) {
  Words elements;
  for (const Event* insert : left(history, any_of({"insert"}), any_of({"clear", "del"}))) {
    const std::string& name = insert->act[1];
    const bool erased = std::ranges::any_of(history, on(name, {"erase"}));
    if (!erased) elements.push_back(element_meaning(history, name));
  }
  std::ranges::sort(elements);
  std::string text;
  for (const std::string& each : elements) text += (text.empty() ? "" : " ") + each;
  return text.empty() ? "-" : text;
}

}  // namespace anabranch::test
