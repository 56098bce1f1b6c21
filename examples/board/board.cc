#include "examples/board/board.h"

#include <algorithm>
#include <array>

#include "examples/board/limits.h"

namespace board {

bool Document::exists() const { return scope_->type(heading_key(id_)) != ab::Type::kNone; }

Heading Document::heading() const {
  const auto stored = ab::Register<>{*scope_, heading_key(id_)}.get();
  return stored ? heading_from(*stored) : Heading{};
}

void Document::put(const Heading& heading) {
  ab::Register<>{*scope_, heading_key(id_)}.put(to_json(heading));
}

std::vector<Item> Document::items() const {
  std::vector<Item> items;
  for (const std::string& id : todo().ids()) {
    const ab::Map item = todo().at(id);
    items.push_back({id, item.at<ab::Register<>>("text").get().value_or(""),
                     item.at<ab::EnableWinsFlag>("done").get()});
  }
  return items;
}

void Document::add_item(const std::string& text) {
  expect_room(todo().size(), kLimits.todos, "A to-do list has at most 200 items");
  const std::string id = todo().push_back();
  (void)rename(id, text);
}

bool Document::rename(const std::string& item, const std::string& text) {
  if (!todo().contains(item)) return false;
  todo().at(item).at<ab::Register<>>("text").put(text);
  return true;
}

bool Document::tick(const std::string& item, bool done) {
  if (!todo().contains(item)) return false;
  auto flag = todo().at(item).at<ab::EnableWinsFlag>("done");
  done ? flag.enable() : flag.disable();
  return true;
}

bool Document::move(const std::string& item, std::uint64_t to) {
  if (!todo().contains(item)) return false;
  return todo().move(item, std::min(to, todo().size() - 1));
}

bool Document::remove(const std::string& item) { return todo().erase(item); }

std::vector<Choice> Document::choices() const {
  std::vector<Choice> choices;
  for (const std::string& name : votes().fields()) {
    choices.push_back({name, votes().at<ab::Counter>(name).get()});
  }
  return choices;
}

void Document::vote(const std::string& choice, std::int64_t add) {
  votes().at<ab::Counter>(choice).add(add);
}

std::vector<std::string> Document::tags() const { return tag_set().elements(); }
void Document::add_tag(const std::string& tag) { tag_set().insert(tag); }
void Document::remove_tag(const std::string& tag) { tag_set().erase(tag); }

std::string Document::typed_last(const std::string& region) const {
  return typed().at<ab::Register<>>(region).get().value_or("");
}

void Document::set_typed_last(const std::string& region, const std::string& name) {
  if (typed_last(region) != name) typed().at<ab::Register<>>(region).put(name);
}

std::string document_of(std::string_view key) {
  constexpr std::array<std::string_view, 6> kParts{"heading", "text", "todo",
                                                   "votes",   "tags", "typed"};
  const auto slash = key.find('/');
  if (slash == key.npos || std::ranges::count(kParts, key.substr(0, slash)) == 0) return {};
  return std::string(key.substr(slash + 1));
}

void welcome(ab::Store& store) {
  store.transact([](ab::Transaction& txn) {
    const std::string id = "canoe-trip";
    Document document{txn, id};
    if (document.exists()) return;
    document.put({.title = {{"Canoe trip", "Anabranch"}, "t-welcome", {}},
                  .when = {"Saturday at nine", "Anabranch"}});
    ab::Text{txn, Document::text_key(id)}.insert(
        0, "We meet at the jetty at nine. Bring a tent, and something to eat.\n");
    for (const char* item : {"tent", "stove", "map of the river"}) document.add_item(item);
    document.vote("river", 2);
    document.vote("lake", 1);
    document.add_tag("summer");
  });
}

}  // namespace board
