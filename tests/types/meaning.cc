#include "tests/types/meaning.h"

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <set>
#include <sstream>
#include <tuple>
#include <utility>

#include "tests/types/sequence.h"

namespace anabranch::test {

Kind any_of(const Words& verbs) {
  return [verbs](const Event& event) { return std::ranges::count(verbs, event.act[0]) > 0; };
}

Events left(const History& history, const Kind& kept, const Kind& undoing) {
  Events events;
  for (const Event& event : history) {
    const auto undoes = [&](const Event& other) {
      return undoing(other) && has_seen(other, event);
    };
    if (kept(event) && std::ranges::none_of(history, undoes)) events.push_back(&event);
  }
  return events;
}

namespace {

// An act on an element or field: {"insert", "x"}, and acts on all of them: {"clear"}.
Kind on(const std::string& name, const Words& verbs) {
  return [name, verbs](const Event& event) {
    const bool concerns = event.act.size() < 2 || event.act[1] == name;
    return concerns && std::ranges::count(verbs, event.act[0]) > 0;
  };
}

bool any(const Events& events, const std::string& verb) {
  return std::ranges::any_of(events, [&](const Event* event) { return event->act[0] == verb; });
}

// The newest put, by the clock.
const Event& last_of(const Events& puts) {
  return **std::ranges::max_element(puts, {}, [](const Event* event) {
    return std::tie(event->hlc, event->transaction, event->place);
  });
}

// Numbers before words, numbers by their value, words by their bytes.
std::tuple<bool, double, std::string> rank(const Event* put) {
  const std::string& value = put->act[1];
  char* end = nullptr;
  const double number = std::strtod(value.c_str(), &end);
  const bool is_word = value.empty() || *end != '\0';
  return {is_word, is_word ? 0 : number, value};
}

Events puts_left(const History& history) {
  return left(history, any_of({"put"}), any_of({"put", "erase", "reset"}));
}

// All names that acts speak of.
std::set<std::string> names_in(const History& history) {
  std::set<std::string> names;
  for (const Event& event : history) {
    if (event.act.size() > 1) names.insert(event.act[1]);
  }
  return names;
}

std::string joined(const Words& sorted) {
  std::string text;
  for (const std::string& each : sorted) text += (text.empty() ? "" : " ") + each;
  return text.empty() ? "-" : text;
}

std::string braces(const Words& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return names.empty() ? "-" : "{" + text + "}";
}

template <typename Sum>
std::string sum_meaning(const History& history) {
  const Events puts = puts_left(history);
  const Events adds = left(history, any_of({"add"}), any_of({"put", "erase", "reset"}));
  if (puts.empty() && adds.empty()) return "-";
  Sum sum = puts.empty() ? 0 : static_cast<Sum>(std::stod(last_of(puts).act[1]));
  for (const Event* add : adds) sum += static_cast<Sum>(std::stod(add->act[1]));
  std::ostringstream text;
  text << sum;
  return text.str();
}

// `chosen` picks the visible one of the puts that are left.
std::string scores_meaning(const History& history,
                           const std::function<std::string(const Events&)>& chosen) {
  std::set<std::pair<double, std::string>> members;
  for (const std::string& name : names_in(history)) {
    const Kind undoing = on(name, {"put", "erase", "clear", "del"});
    const Events puts = left(history, on(name, {"put"}), undoing);
    const Events adds = left(history, on(name, {"add"}), undoing);
    double score = puts.empty() ? 0 : std::stod(chosen(puts));
    for (const Event* add : adds) score += std::stod(add->act[2]);
    if (!puts.empty() || !adds.empty()) members.emplace(score, name);
  }
  Words shown;
  for (const auto& [score, name] : members) {
    std::ostringstream text;
    text << name << "=" << score;
    shown.push_back(text.str());
  }
  return braces(shown);
}

}  // namespace

bool has_seen(const Event& later, const Event& earlier) {
  if (later.transaction == earlier.transaction) return later.place > earlier.place;
  return later.seen.covers(earlier.transaction);
}

History known_to(const core::VersionVector& vector, const History& history) {
  History known;
  std::ranges::copy_if(history, std::back_inserter(known),
                       [&](const Event& event) { return vector.covers(event.transaction); });
  return known;
}

std::string register_meaning(const History& history) {
  const Events puts = puts_left(history);
  return puts.empty() ? "-" : last_of(puts).act[1];
}

std::string max_meaning(const History& history) {
  const Events puts = puts_left(history);
  return puts.empty() ? "-" : (*std::ranges::max_element(puts, {}, rank))->act[1];
}

std::string min_meaning(const History& history) {
  const Events puts = puts_left(history);
  return puts.empty() ? "-" : (*std::ranges::min_element(puts, {}, rank))->act[1];
}

std::string counter_meaning(const History& history) { return sum_meaning<std::int64_t>(history); }

std::string real_counter_meaning(const History& history) { return sum_meaning<double>(history); }

std::string enable_wins_meaning(const History& history) {
  const Events changes =
      left(history, any_of({"enable", "disable"}), any_of({"enable", "disable", "erase", "del"}));
  if (changes.empty()) return "-";
  return any(changes, "enable") ? "on" : "off";
}

std::string disable_wins_meaning(const History& history) {
  const Events changes =
      left(history, any_of({"enable", "disable"}), any_of({"enable", "disable", "erase", "del"}));
  if (changes.empty()) return "-";
  return any(changes, "disable") ? "off" : "on";
}

std::string set_meaning(const History& history) {
  Words elements;
  for (const std::string& name : names_in(history)) {
    const Events inserts = left(history, on(name, {"insert"}), on(name, {"erase", "clear", "del"}));
    if (!inserts.empty()) elements.push_back(name);
  }
  return braces(elements);
}

std::string remove_wins_meaning(const History& history) {
  Words elements;
  for (const std::string& name : names_in(history)) {
    const Events changes =
        left(history, on(name, {"insert", "erase"}), on(name, {"insert", "erase", "clear", "del"}));
    if (!changes.empty() && !any(changes, "erase")) elements.push_back(name);
  }
  return braces(elements);
}

std::string sorted_set_meaning(const History& history) {
  return scores_meaning(history, [](const Events& puts) { return last_of(puts).act[2]; });
}

std::string sorted_set_under_max_meaning(const History& history) {
  const auto greatest = [](const Events& puts) {
    return (*std::ranges::max_element(puts, {},
                                      [](const Event* put) { return std::stod(put->act[2]); }))
        ->act[2];
  };
  return scores_meaning(history, greatest);
}

// Fields are registers, but for `s`, which is a remove-wins set.
std::string map_meaning(const History& history) {
  Words fields;
  for (const std::string& field : names_in(history)) {
    const Kind undoing = on(field, {"put", "erase", "clear", "del"});
    const Events puts = left(history, on(field, {"put"}), undoing);
    if (!puts.empty()) fields.push_back(field + "=" + last_of(puts).act[2]);
  }
  History inner;  // "insert s x" is "insert x" there, and "erase s" is "clear".
  for (Event event : history) {
    const std::string verb = event.act[0];
    if (verb == "insert") event.act = {"insert", event.act[2]};
    if (verb == "remove") event.act = {"erase", event.act[2]};
    if (verb == "erase" && event.act[1] == "s") event.act = {"clear"};
    const bool of_fields = verb == "put" || (verb == "erase" && event.act.size() > 1);
    if (!of_fields) inner.push_back(event);
  }
  const std::string elements = remove_wins_meaning(inner);
  if (elements != "-") fields.push_back("s=" + elements);
  std::ranges::sort(fields);
  return braces(fields);
}

std::string list_meaning(const History& history) {
  Words elements;
  for (const std::string& id : names_in(history)) {
    const Events values =
        left(history, on(id, {"insert", "set"}), on(id, {"set", "erase", "clear", "del"}));
    if (!values.empty()) elements.push_back(last_of(values).act.back());
  }
  std::ranges::sort(elements);
  return joined(elements);
}

std::string list_move_meaning(const History& history, const std::string& element) {
  const Events moves =
      left(history, on(element, {"move"}), on(element, {"move", "erase", "clear", "del"}));
  if (moves.empty()) return {};
  const Event& last = last_of(moves);
  return core::to_string(last.transaction.origin) + "." + std::to_string(last.transaction.seq) +
         "." + std::to_string(last.place);
}

std::string text_meaning(const History& history) {
  Words characters;
  const Events inserts = left(history, any_of({"insert"}), any_of({"clear", "del"}));
  for (const Event* insert : inserts) {
    for (std::string& character : text_items(insert->act[1])) {
      const auto erases = [&](const Event& event) {
        return event.act[0] == "erase" && event.act[1].find(character) != std::string::npos;
      };
      if (std::ranges::none_of(history, erases)) characters.push_back(std::move(character));
    }
  }
  std::ranges::sort(characters);
  return joined(characters);
}

}  // namespace anabranch::test
