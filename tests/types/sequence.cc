#include "tests/types/sequence.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "core/assert.h"
#include "crdt/utf8.h"

namespace anabranch::test {

namespace {

bool del(Scope& scope, const Key& key, Words& act) {
  const bool found = scope.type(key) != Type::kNone;
  if (act[0] == "del" && found) scope.clear(key);
  return found;
}

std::uint64_t fresh_number() {
  static std::uint64_t last = 0;
  return ++last;
}

std::string id_of(const std::string& element) { return element.substr(0, element.find('=')); }

std::string utf8(std::uint32_t point) {
  std::string bytes;
  const auto put = [&](std::uint32_t byte) { bytes.push_back(static_cast<char>(byte)); };
  if (point < 0x10000) {
    put(0xE0U | point >> 12U);
  } else {
    put(0xF0U | point >> 18U);
    put(0x80U | (point >> 12U & 0x3FU));
  }
  put(0x80U | (point >> 6U & 0x3FU));
  put(0x80U | (point & 0x3FU));
  return bytes;
}

// Three characters that no other call gives, within some ten thousand of them; one takes two units
// of UTF-16.
std::string fresh_characters() {
  const auto number = static_cast<std::uint32_t>(fresh_number() % 10'000);
  return utf8(0x4E00 + 2 * number) + utf8(0x4E01 + 2 * number) + utf8(0x20000 + number);
}

}  // namespace

// ---- Lists.

bool write_list(Scope& scope, const Key& key, Words& act) {
  List<> list{scope, key};
  const Words before = list.elements();
  const std::string verb = act[0];
  if (verb == "del") return del(scope, key, act);
  if (verb == "clear") {
    list.clear();
    return true;
  }
  const std::size_t places = before.size() + (verb == "insert" ? 1 : 0);
  if (verb != "push" && places == 0) return false;
  const std::size_t at = verb == "push" ? before.size() : std::stoul(act[1]) % places;
  if (verb == "insert" || verb == "push") {
    std::string value = act.back() == "*" ? std::to_string(fresh_number()) : act.back();
    verb == "push" ? list.push_back(value) : list.insert(at, value);
    ANABRANCH_ASSERT(list.get(at) == value);
    act = {"insert", std::move(value)};
    return true;
  }
  const std::string id = id_of(before[at]);
  if (verb == "erase") list.erase(at);
  if (verb == "set") {
    list.set(at, id + "=" + act[2]);
    act = {"set", id, id + "=" + act[2]};
    return true;
  }
  if (verb == "move") {
    const std::size_t to = std::stoul(act[2]) % places;
    list.move(at, to);
    ANABRANCH_ASSERT(list.get(to) == before[at]);
    if (at == to) return false;
  }
  act = {verb, id};
  return true;
}

std::string show_list(Scope& scope, const Key& key) {
  const List<> list{scope, key};
  const Words elements = list.elements();
  ANABRANCH_ASSERT(elements.size() == list.size());
  std::string text;
  for (const std::string& each : elements) text += (text.empty() ? "" : " ") + each;
  return text.empty() ? "-" : "[" + text + "]";
}

Words list_items(const std::string& shown) {
  Words items;
  if (shown == "-") return items;
  std::string item;
  for (const char c : shown.substr(1)) {
    if (c != ' ' && c != ']') {
      item += c;
    } else {
      items.push_back(std::exchange(item, {}));
    }
  }
  return items;
}

Words list_places(const History& history, const std::string& shown) {
  Words places;
  for (const std::string& each : list_items(shown)) {
    places.push_back(id_of(each) + "@" + list_move_meaning(history, id_of(each)));
  }
  return places;
}

// ---- Texts.

bool write_text(Scope& scope, const Key& key, Words& act) {
  Text text{scope, key};
  const std::string before = text.str();
  const std::uint64_t size = text.size();
  const auto bytes = [&](std::uint64_t points) {
    return crdt::utf8_prefix(before, static_cast<std::uint32_t>(points)).bytes;
  };
  const std::string verb = act[0];
  if (verb == "del") return del(scope, key, act);
  if (verb == "clear") {
    text.clear();
    return true;
  }
  std::string demanded = before;
  if (verb == "insert") {
    const std::uint64_t at = std::stoul(act[1]) % (size + 1);
    const std::string value = act[2] == "*" ? fresh_characters() : act[2];
    text.insert(at, value);
    demanded.insert(bytes(at), value);
    act = {"insert", value};
  } else {
    if (size == 0) return false;
    const std::uint64_t from = std::stoul(act[1]) % size;
    const std::uint64_t to = std::min(size, from + std::stoul(act[2]));
    text.erase(from, to - from);
    act = {"erase", before.substr(bytes(from), bytes(to) - bytes(from))};
    demanded.erase(bytes(from), act[1].size());
  }
  ANABRANCH_ASSERT(text.str() == demanded);
  return true;
}

std::string show_text(Scope& scope, const Key& key) {
  const Text text{scope, key};
  const std::string shown = text.str();
  ANABRANCH_ASSERT(text.size() == text_items(shown).size());
  return shown.empty() ? "-" : shown;
}

Words text_items(const std::string& shown) {
  Words items;
  for (std::string_view rest = shown == "-" ? std::string_view() : shown; !rest.empty();) {
    const std::uint32_t size = crdt::utf8_prefix(rest, 1).bytes;
    items.emplace_back(rest.substr(0, size));
    rest.remove_prefix(size);
  }
  return items;
}

Words text_places(const History& /*history*/, const std::string& shown) {
  return text_items(shown);
}

// ---- Order.

void Precedence::note(const Words& order) {
  for (std::size_t i = 1; i < order.size(); ++i) behind_[order[i - 1]].insert(order[i]);
}

// Depth first: a cycle comes back to an element that is being visited.
bool Precedence::is_order() const {
  std::map<std::string, bool> finished;  // Of the visited elements.
  const std::function<bool(const std::string&)> look = [&](const std::string& item) {
    const auto [seen, fresh] = finished.emplace(item, false);
    if (!fresh) return seen->second;
    if (const auto found = behind_.find(item); found != behind_.end()) {
      if (!std::ranges::all_of(found->second, look)) return false;
    }
    return finished[item] = true;
  };
  return std::ranges::all_of(behind_, [&](const auto& each) { return look(each.first); });
}

}  // namespace anabranch::test
