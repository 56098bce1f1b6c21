// A list of containers: elements in an order that callers choose, each with an id that stays and
// with contents of its own: a map, or any other type, to any depth.
//
// An element is in the list because it was inserted, and for no other reason: what is written
// inside it neither makes it nor keeps it. So an erase takes the element with all that is in it,
// also what other regions write there before they have heard of the erase. (In a map it is the
// other way round: there the contents make the field, and a concurrent write keeps it.) Inside an
// element each value merges as its type says.
//
//   both know      | here         | there          | concurrently
//   [a b]          | push_back    | push_back      | [a b x y] or [a b y x], the same everywhere
//   [a b]          | erase a      | done in a      | [b]: nothing of a is left or shown
//   [a b]          | erase a      | move a behind b| [b]
//   [a b]          | done in a    | move a behind b| [b a], a is done
//   [a]            | text in a    | votes in a     | [a], with both
//   [a b c]        | move a to 2  | move a to 1    | [b c a] or [b a c]: the later move; never two
//   [a]            | push_back    | clear          | [x]
//
// Worked example. `eu` and `us` have a to-do list with "buy milk". `eu` marks it as done, while
// `us` erases it. Both arrive at the empty list: a person who deletes a to-do means all of it. With
// a map of maps both would arrive at a to-do that is done and has no text.
//
//   ItemList todo{store, "todo"};
//   store.transact([&](Transaction& txn) {
//     ItemList list{txn, "todo"};
//     const std::string id = list.push_back();
//     list.at(id).at<Register<>>("text").put("buy milk");
//   });
//   for (const std::string& id : todo.ids()) {
//     std::optional<std::string> text = todo.at(id).at<Register<>>("text").get();
//   }
//
// An id is printable, of 16 characters and more, and never used twice in any region: pages and
// links can keep it. It stays when the element is moved. What lies inside an element that is not in
// the list is hidden everywhere, counted nowhere, and removed later by an ordinary clear.
//
// A request that counts once in any region (Scope::once) may write into elements; where its region
// has not got the element, it throws kInvalid and does nothing.
//
// Known anomalies.
// - What is written into an element that another region has erased is lost, and is not listed
//   among the losers of the conflict log.
// - A read of several elements is of one state only in a read transaction: between ids() and at()
//   an element may be erased. Its handle then shows nothing.
// - A document (text_document.h) that is open on a text inside an element goes on showing what it
//   shows until the rows are removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <anabranch/list.h>
#include <anabranch/map.h>
#include <anabranch/scope.h>

namespace anabranch {

// Reads a list of containers. As thread-safe as its scope. Indexes count from 0. An id that no
// insert has returned (one that was changed, or of another kind) throws Error{kInvalid}.
class ItemListReader : public detail::Reader {
 public:
  using detail::Reader::Reader;

  // Returns the number of elements; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const;
  // Returns the ids of the elements from an index on, in order, at most `at_most`, of one
  // consistent state. What is inside the elements is not read.
  [[nodiscard]] std::vector<std::string> ids(std::uint64_t first = 0,
                                             std::uint64_t at_most = UINT64_MAX) const;
  // Returns the ids of the elements behind the place that a page has returned, or from the
  // beginning, as ListReader::page.
  [[nodiscard]] ListPage<std::string> page(std::string_view after = {},
                                           std::size_t at_most = 1000) const;
  // Returns whether an element is in the list, at the cost of reading one row.
  [[nodiscard]] bool contains(const detail::Name& id) const;

  // Returns a reader of the contents of an element: list.at(id) is a MapReader. Of an element that
  // is not in the list it shows nothing.
  template <typename ItemReader = MapReader>
  requires(std::is_constructible_v<ItemReader, const Scope&, Key>) [[nodiscard]] ItemReader
      at(const detail::Name& id) const {
    return ItemReader(scope(), place(id));
  }
  // Returns the place of an element, for handles that are made with a scope: a key in small.
  [[nodiscard]] Key place(const detail::Name& id) const;

 private:
  // Runs a function on one consistent state. Throws kWrongType unless the key holds a list of
  // containers or none.
  void look(const std::function<void(const Scope&)>& function) const;
};

// As thread-safe as its scope. Indexes count from 0. An index outside of the list, and an id that
// no insert has returned (one that was changed, or of another kind), throw Error{kInvalid}.
class ItemList : public ItemListReader {
 public:
  ItemList(Scope& scope, Key key) : ItemListReader(scope, std::move(key)) {}

  // Returns a handle on the contents of an element: list.at(id) is a Map, list.at<Text>(id) a text.
  // Of an element that is not in the list the handle shows nothing, and its writes throw kInvalid.
  template <typename Handle = Map>
  [[nodiscard]] Handle at(const detail::Name& id) const {
    return Handle(writable(), place(id));
  }

  // Inserts an element without contents in front of the one at an index; at size(), behind all
  // elements. Returns its id. To other regions the element and what the same transaction writes
  // into it arrive together.
  std::string insert(std::uint64_t index);
  // Inserts behind all elements, or in front of them. Returns the id.
  std::string push_back();
  std::string push_front();
  // Moves an element to the index `to`; returns false when it is not in the list. It keeps its id
  // and its contents. Reads the ids of all elements before it.
  bool move(const detail::Name& id, std::uint64_t to);
  // Removes an element with all that is in it. Returns whether it was in the list.
  bool erase(const detail::Name& id);
  // Removes all elements seen here; elements that other regions insert concurrently stay.
  void clear();

 private:
  // The same for a transaction.
  void run(const std::function<void(Scope&)>& function);
};

}  // namespace anabranch
