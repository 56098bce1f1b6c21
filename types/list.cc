// Lists over a scope: the elements in the order of their positions, read from the nearer end.

#include <anabranch/list.h>

#include <algorithm>
#include <set>

#include "crdt/position.h"
#include "types/list_rows.h"

namespace anabranch::detail {

namespace {

constexpr std::string_view kMoved = "m";             // Below it: positions of moved elements.
constexpr std::string_view kFirstPosition = "\xFF";  // Every position begins with it.

// An element. Its row is at the position of its insertion.
struct Item {
  std::string id;        // The position of its insertion.
  std::string position;  // Its present position.
  std::string value;
};

// The elements of a list, read in one transaction.
class Items {
 public:
  Items(const Scope& txn, const Key& key) : txn_(txn), key_(key) { read_moved(); }

  [[nodiscard]] std::uint64_t size() const { return txn_.count(key_.of(Type::kList)); }
  // Returns `count` elements from an index on, or as many as there are.
  [[nodiscard]] std::vector<Item> slice(std::uint64_t index, std::uint64_t count) const;
  // Returns the positions of moved elements that are no longer in the list.
  [[nodiscard]] const std::vector<std::string>& strays() const { return strays_; }

 private:
  using VisitItem = std::function<bool(const Item&)>;

  void read_moved();
  // Visits the elements in order, or backwards, until `visit` returns false.
  void walk(bool backwards, const VisitItem& visit) const;

  const Scope& txn_;
  const Key& key_;
  std::vector<Item> moved_;    // By position.
  std::set<std::string> ids_;  // Ids of moved_.
  std::vector<std::string> strays_;
};

Key moved_row(const Key& key, std::string_view id) {
  return key.element(kMoved, Type::kList).part(id);
}

void Items::read_moved() {
  txn_.scan(key_.element(kMoved, Type::kList), [&](const Entry& entry) {
    moved_.push_back({entry.path.front(), entry.value, {}});
    return true;
  });
  std::erase_if(moved_, [&](Item& item) {
    auto value = txn_.get(key_.element(item.id, Type::kList));
    if (!value) {
      strays_.push_back(item.id);
      return true;
    }
    item.value = *std::move(value);
    ids_.insert(item.id);
    return false;
  });
  std::ranges::sort(moved_, {}, &Item::position);
}

void Items::walk(bool backwards, const VisitItem& visit) const {
  std::vector<const Item*> moved;
  for (const Item& each : moved_) moved.push_back(&each);
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
  const Span span{.from = std::string(kFirstPosition), .to = {}, .backwards = backwards};
  txn_.scan(key_.of(Type::kList), span, [&](const Entry& entry) {
    if (entry.path.size() != 1 || ids_.contains(entry.path.front())) return true;
    const std::string& id = entry.path.front();
    while (going && is_next(id)) offer_moved();
    if (going) going = visit({id, id, entry.value});
    return going;
  });
  while (going && !moved.empty()) offer_moved();
}

std::vector<Item> Items::slice(std::uint64_t index, std::uint64_t count) const {
  const std::uint64_t all = size();
  std::vector<Item> found;
  if (index >= all || count == 0) return found;
  count = std::min(count, all - index);
  const std::uint64_t behind = all - index - count;
  const bool backwards = behind < index;
  std::uint64_t skip = backwards ? behind : index;
  walk(backwards, [&](const Item& item) {
    if (skip > 0) return --skip, true;
    found.push_back(item);
    return found.size() < count;
  });
  if (backwards) std::ranges::reverse(found);
  return found;
}

void expect_index(const Key& key, std::uint64_t index, std::uint64_t size) {
  if (index < size) return;
  throw Error(ErrorCode::kInvalid, "the list " + key.name() + " has no index " +
                                       std::to_string(index) + ", its size is " +
                                       std::to_string(size));
}

// Returns the element at an index that must be in the list.
Item item_at(const Items& items, const Key& key, std::uint64_t index) {
  expect_index(key, index, items.size());
  std::vector<Item> found = items.slice(index, 1);
  if (found.empty()) throw Error(ErrorCode::kCorrupt, "the list " + key.name() + " is miscounted");
  return std::move(found.front());
}

// Returns a position for the next write between two neighbours; either may be absent.
std::string new_position(const Scope& txn, const Key& key, const Item* left, const Item* right) {
  const auto place = [&](const Item* item) -> std::string_view {
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

void insert_at(Scope& txn, const Key& key, std::uint64_t index, std::string_view value) {
  const Items items(txn, key);
  const std::vector<Item> near = index == 0 ? items.slice(0, 1) : items.slice(index - 1, 2);
  const Item* const left = index == 0 ? nullptr : &near.front();
  const Item* const right = near.size() == (index == 0 ? 0U : 1U) ? nullptr : &near.back();
  txn.put(key.element(new_position(txn, key, left, right), Type::kList), value);
}

void erase_item(Scope& txn, const Key& key, const Items& items, const Item& item) {
  txn.remove(key.element(item.id, Type::kList));
  txn.remove(moved_row(key, item.id));
  for (const std::string& stray : items.strays()) txn.remove(moved_row(key, stray));
}

}  // namespace

void ByteList::run(const std::function<void(Scope&)>& function) {
  scope_->atomically([&](Scope& txn) {
    expect_type(txn, key_, Type::kList);
    function(txn);
  });
}

void ByteList::look(const std::function<void(const Scope&)>& function) const {
  scope_->at_once([&](const Scope& txn) {
    expect_type(txn, key_, Type::kList);
    function(txn);
  });
}

std::uint64_t ByteList::size() const {
  expect_type(*scope_, key_, Type::kList);
  return scope_->count(key_.of(Type::kList));
}

std::optional<std::string> ByteList::get(std::uint64_t index) const {
  std::optional<std::string> value;
  look([&](const Scope& txn) {
    std::vector<Item> found = Items(txn, key_).slice(index, 1);
    if (!found.empty()) value = std::move(found.front().value);
  });
  return value;
}

std::vector<std::string> ByteList::elements() const {
  std::vector<std::string> values;
  look([&](const Scope& txn) { values = types::list_elements(txn, key_); });
  return values;
}

void ByteList::insert(std::uint64_t index, std::string_view value) {
  run([&](Scope& txn) {
    const std::uint64_t size = txn.count(key_.of(Type::kList));
    if (index != size) expect_index(key_, index, size);
    insert_at(txn, key_, index, value);
  });
}

void ByteList::push(std::string_view value, bool back) {
  run([&](Scope& txn) { insert_at(txn, key_, back ? txn.count(key_.of(Type::kList)) : 0, value); });
}

std::optional<std::string> ByteList::pop(bool back) {
  std::optional<std::string> value;
  run([&](Scope& txn) {
    const Items items(txn, key_);
    const std::uint64_t size = items.size();
    if (size == 0) return;
    Item item = item_at(items, key_, back ? size - 1 : 0);
    erase_item(txn, key_, items, item);
    value = std::move(item.value);
  });
  return value;
}

void ByteList::erase(std::uint64_t index) {
  run([&](Scope& txn) {
    const Items items(txn, key_);
    erase_item(txn, key_, items, item_at(items, key_, index));
  });
}

void ByteList::set(std::uint64_t index, std::string_view value) {
  run([&](Scope& txn) {
    const Items items(txn, key_);
    txn.put(key_.element(item_at(items, key_, index).id, Type::kList), value);
  });
}

void ByteList::move(std::uint64_t from, std::uint64_t to) {
  run([&](Scope& txn) {
    const Items items(txn, key_);
    expect_index(key_, to, items.size());
    const Item item = item_at(items, key_, from);
    if (from == to) return;
    // Its future neighbours, counted while the element is still at its old place.
    const std::uint64_t left = to < from ? to - 1 : to;
    const std::vector<Item> before = to == 0 ? std::vector<Item>() : items.slice(left, 1);
    const std::vector<Item> after = items.slice(to < from ? to : to + 1, 1);
    txn.put(moved_row(key_, item.id),
            new_position(txn, key_, before.empty() ? nullptr : before.data(),
                         after.empty() ? nullptr : after.data()));
  });
}

void ByteList::clear() {
  run([&](Scope& txn) { txn.clear(key_.of(Type::kList)); });
}

}  // namespace anabranch::detail

namespace anabranch::types {

std::vector<std::string> list_elements(const Scope& txn, const Key& key) {
  const detail::Items items(txn, key);
  std::vector<std::string> values;
  for (detail::Item& each : items.slice(0, items.size())) values.push_back(std::move(each.value));
  return values;
}

}  // namespace anabranch::types
