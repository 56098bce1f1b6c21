#include "types/list_rows.h"

#include <algorithm>
#include <utility>

#include <anabranch/error.h>

#include "core/base64.h"
#include "crdt/position.h"
#include "crdt/type_table.h"

namespace anabranch::types {

namespace {

constexpr std::string_view kFirstPosition = "\xFF";  // Every position begins with it.

Key moved_row(const Key& key, Type type, std::string_view id) {
  return key.element(crdt::kMoved, type).part(id);
}

// Returns a position for the next write between two neighbours; either may be absent.
std::string new_position(const Scope& txn, const Key& key, const ListItem* left,
                         const ListItem* right) {
  const auto place = [&](const ListItem* item) -> std::string_view {
    if (item == nullptr) return {};
    if (crdt::place_of(item->position)) return item->position;
    throw Error(ErrorCode::kCorrupt, "the list " + key.name() + " holds a position that is none");
  };
  const std::string_view before = place(left);
  const std::string_view after = place(right);
  if (right != nullptr && before >= after) {
    throw Error(ErrorCode::kCorrupt, "the list " + key.name() + " holds a position twice");
  }
  const WriteName name = txn.next_write();
  return crdt::position_between(before, after, {name.origin, name.seq});
}

}  // namespace

void ListRows::read_moved() {
  txn_.scan(key_.element(crdt::kMoved, type_), [&](const Entry& entry) {
    if (entry.path.size() == 1) moved_.push_back({entry.path.front(), entry.value, {}});
    return true;
  });
  std::erase_if(moved_, [&](ListItem& item) {
    auto value = txn_.get(key_.element(item.id, type_));
    if (!value) {
      strays_.push_back(item.id);
      return true;
    }
    item.value = *std::move(value);
    ids_.insert(item.id);
    return false;
  });
  std::ranges::sort(moved_, {}, &ListItem::position);
}

void ListRows::walk(bool backwards, std::string_view after, const VisitItem& visit) const {
  std::vector<const ListItem*> moved;
  for (const ListItem& each : moved_) {
    if (after.empty() || each.position > after) moved.push_back(&each);
  }
  if (!backwards) std::ranges::reverse(moved);  // The next one is at the end.
  bool going = true;
  const auto offer_moved = [&] {
    going = visit(*moved.back());
    moved.pop_back();
  };
  const auto is_next = [&](const std::string& id) {
    return !moved.empty() &&
           (backwards ? moved.back()->position > id : moved.back()->position < id);
  };
  walk_unmoved(backwards, after, [&](const ListItem& item) {
    while (going && is_next(item.id)) offer_moved();
    if (going) going = visit(item);
    return going;
  });
  while (going && !moved.empty()) offer_moved();
}

void ListRows::walk_unmoved(bool backwards, std::string_view after, const VisitItem& visit) const {
  Span span = Span::after(after);
  span.from = std::max(span.from, std::string(kFirstPosition));
  span.backwards = backwards;
  if (type_ == Type::kItemList) {  // Skips what is in the elements.
    txn_.names(key_.of(type_), span, [&](const std::string& id) {
      return ids_.contains(id) || visit({id, id, {}});
    });
    return;
  }
  txn_.scan(key_.of(type_), span, [&](const Entry& entry) {
    if (entry.path.size() != 1 || ids_.contains(entry.path.front())) return true;
    return visit({entry.path.front(), entry.path.front(), entry.value});
  });
}

std::vector<ListItem> ListRows::slice(std::uint64_t index, std::uint64_t count) const {
  const std::uint64_t all = size();
  std::vector<ListItem> found;
  if (index >= all || count == 0) return found;
  count = std::min(count, all - index);
  const std::uint64_t behind = all - index - count;
  const bool backwards = behind < index;
  std::uint64_t skip = backwards ? behind : index;
  walk(backwards, {}, [&](const ListItem& item) {
    if (skip > 0) return --skip, true;
    found.push_back(item);
    return found.size() < count;
  });
  if (backwards) std::ranges::reverse(found);
  return found;
}

std::vector<ListItem> ListRows::behind(std::string_view position, std::uint64_t count) const {
  std::vector<ListItem> found;
  if (count == 0) return found;
  walk(false, position, [&](const ListItem& item) {
    found.push_back(item);
    return found.size() < count;
  });
  return found;
}

ListItem ListRows::at(std::uint64_t index) const {
  expect_index(key_, index, size());
  std::vector<ListItem> found = slice(index, 1);
  if (found.empty()) throw Error(ErrorCode::kCorrupt, "the list " + key_.name() + " is miscounted");
  return std::move(found.front());
}

std::optional<std::uint64_t> ListRows::index_of(std::string_view id) const {
  std::uint64_t index = 0;
  bool found = false;
  walk(false, {}, [&](const ListItem& item) {
    found = item.id == id;
    if (!found) ++index;
    return !found;
  });
  return found ? std::optional(index) : std::nullopt;
}

RowPage page_of(const Scope& txn, const Key& key, Type type, std::string_view place,
                std::size_t at_most) {
  const auto after = place.empty() ? std::string() : core::from_base64(place);
  if (!after) {
    throw Error(ErrorCode::kInvalid, "\"" + std::string(place) + "\" is no place in the list " +
                                         key.name() + ": give back the place of a page");
  }
  const std::size_t ahead = std::min(at_most, SIZE_MAX - 1) + 1;  // One more tells of the rest.
  RowPage page{.items = ListRows(txn, key, type).behind(*after, ahead),
               .place = std::string(place),
               .more = false};
  page.more = page.items.size() > at_most;
  if (page.more) page.items.pop_back();
  if (!page.items.empty()) page.place = core::to_base64(page.items.back().position);
  return page;
}

void expect_index(const Key& key, std::uint64_t index, std::uint64_t size) {
  if (index < size) return;
  throw Error(ErrorCode::kInvalid, "the list " + key.name() + " has no index " +
                                       std::to_string(index) + ", its size is " +
                                       std::to_string(size));
}

std::string insert_row(Scope& txn, const Key& key, Type type, std::uint64_t index,
                       std::string_view value) {
  const ListRows rows(txn, key, type);
  const std::vector<ListItem> near = index == 0 ? rows.slice(0, 1) : rows.slice(index - 1, 2);
  const ListItem* const left = index == 0 ? nullptr : &near.front();
  const ListItem* const right = near.size() == (index == 0 ? 0U : 1U) ? nullptr : &near.back();
  std::string id = new_position(txn, key, left, right);
  txn.put(key.element(id, type), value);
  return id;
}

void move_row(Scope& txn, const Key& key, Type type, std::uint64_t from, std::uint64_t to) {
  const ListRows rows(txn, key, type);
  expect_index(key, to, rows.size());
  const ListItem item = rows.at(from);
  if (from == to) return;
  // Its future neighbours, counted while the element is still at its old place.
  const std::uint64_t left = to < from ? to - 1 : to;
  const std::vector<ListItem> before = to == 0 ? std::vector<ListItem>() : rows.slice(left, 1);
  const std::vector<ListItem> after = rows.slice(to < from ? to : to + 1, 1);
  txn.put(moved_row(key, type, item.id),
          new_position(txn, key, before.empty() ? nullptr : before.data(),
                       after.empty() ? nullptr : after.data()));
}

void remove_positions(Scope& txn, const Key& key, Type type, const ListRows& rows,
                      std::string_view id) {
  txn.remove(moved_row(key, type, id));
  for (const std::string& stray : rows.strays()) txn.remove(moved_row(key, type, stray));
}

}  // namespace anabranch::types
