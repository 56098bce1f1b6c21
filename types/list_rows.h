// The rows of a list, and of a list of containers: its elements in the order of their positions,
// read from the nearer end. Both are laid out alike (docs/semantics.md), but for the tag, and for
// the rows that lie below the elements of the latter.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/scope.h>

namespace anabranch::types {

// An element. Its row is at the position of its insertion.
struct ListItem {
  std::string id;        // The position of its insertion.
  std::string position;  // Its present position.
  std::string value;     // Empty in a list of containers.
};

// A list, read in one transaction. Reads the moved elements when it is made, all others as far as
// the calls need them. The references must outlive it.
class ListRows {
 public:
  ListRows(const Scope& txn, const Key& key, Type type) : txn_(txn), key_(key), type_(type) {
    read_moved();
  }

  [[nodiscard]] std::uint64_t size() const { return txn_.count(key_.of(type_)); }
  // Returns `count` elements from an index on, or as many as there are.
  [[nodiscard]] std::vector<ListItem> slice(std::uint64_t index, std::uint64_t count) const;
  // Returns the elements behind a position, or from the beginning when it is empty, at most
  // `count`.
  [[nodiscard]] std::vector<ListItem> behind(std::string_view position, std::uint64_t count) const;
  // Returns the element at an index. Throws kInvalid when the index is not in the list.
  [[nodiscard]] ListItem at(std::uint64_t index) const;
  // Returns the index of an element; nullopt when it is not in the list. Reads all before it.
  [[nodiscard]] std::optional<std::uint64_t> index_of(std::string_view id) const;
  // Returns the positions of moved elements that are no longer in the list.
  [[nodiscard]] const std::vector<std::string>& strays() const { return strays_; }

 private:
  using VisitItem = std::function<bool(const ListItem&)>;

  void read_moved();
  // Visits the elements in order, or backwards, until `visit` returns false; those behind a
  // position, if it is not empty.
  void walk(bool backwards, std::string_view after, const VisitItem& visit) const;
  // The same for the elements that were not moved.
  void walk_unmoved(bool backwards, std::string_view after, const VisitItem& visit) const;

  const Scope& txn_;
  const Key& key_;
  Type type_;
  std::vector<ListItem> moved_;  // By position.
  std::set<std::string> ids_;    // Ids of moved_.
  std::vector<std::string> strays_;
};

// Elements behind a place, and the place of the last one. Places are positions in base64.
struct RowPage {
  std::vector<ListItem> items;
  std::string place;  // Of the last item; without items the one that was asked for.
  bool more = false;  // There are elements behind it.
};
// Returns the elements behind a place, or from the beginning when it is empty, at most `at_most`.
// Throws kInvalid for a text that is no place.
[[nodiscard]] RowPage page_of(const Scope& txn, const Key& key, Type type, std::string_view place,
                              std::size_t at_most);

// Throws kInvalid unless the index is less than `size`.
void expect_index(const Key& key, std::uint64_t index, std::uint64_t size);

// Inserts an element in front of the one at an index; at the size, behind all. Returns its id.
std::string insert_row(Scope& txn, const Key& key, Type type, std::uint64_t index,
                       std::string_view value);
// Moves the element at an index to another one.
void move_row(Scope& txn, const Key& key, Type type, std::uint64_t from, std::uint64_t to);
// Removes the new position of an element that was erased, and those of elements that are no longer
// in the list.
void remove_positions(Scope& txn, const Key& key, Type type, const ListRows& rows,
                      std::string_view id);

}  // namespace anabranch::types
