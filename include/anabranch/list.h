// Lists: elements in an order that callers choose, by index.
//
// An index names an element only within the call; the stored write names the element's neighbours.
// So an inserted element stays between its two neighbours, whatever other regions insert or erase
// elsewhere. Elements that one region inserts one after another stay together, also where another
// region inserts at the same place, and whether the region appends behind its last element or in
// front of it.
//
//   both know | here        | there       | concurrently
//   [a b]     | insert 1 x  | insert 1 y  | [a x y b] or [a y x b], the same everywhere
//   [a b]     | erase 0     | insert 1 x  | [x b]
//   [a b]     | erase 0     | move 0 1    | [b]: an erase beats a move
//   [a b]     | erase 0     | set 0 x     | [x b]: the erase had not seen the new value
//   [a b c]   | move 0 2    | move 0 1    | [b c a] or [b a c]: the later move; never two of a
//   [a b]     | push_back x | clear       | [x]
//
// Worked example. `eu` and `us` know [milk]. `eu` pushes eggs and then flour, `us` tea and then
// sugar, before they hear of each other. Both arrive at [milk eggs flour tea sugar] or at [milk tea
// sugar eggs flour], never at [milk eggs tea flour sugar].
//
// An element is a row at its position (docs/formats.md); rows sort in the order of the list. A
// moved element has a second row with its new position. So the ends are near, whatever the length:
// pushing, popping and other calls near an end cost as much as reading the elements from there, and
// size() always costs the same. In a list that still has m moved elements, every call but size()
// also reads those m.
//
// Known anomalies.
// - The result of pop holds for this region: two regions can pop the same element.
// - Concurrent pushes to one end lie behind each other, run by run, not by their times.
// - An element that was moved, and erased while it was set elsewhere, returns at the place of its
//   insertion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <anabranch/codec.h>
#include <anabranch/scope.h>

namespace anabranch {

// Elements of a list, in order, of one state.
template <typename T>
struct ListPage {
  std::vector<T> elements;
  // The place of the last element, for the next page: letters, digits, '-' and '_'. It stays the
  // same place, in every region, also when the element is moved or erased. In an empty page the
  // place that was asked for.
  std::string place;
  bool more = false;  // There are elements behind it.
};

namespace detail {

// A list of byte strings: the part of a list, and of its reader, without codec. Functions as in
// List; those that write are for one made with a Scope&.
class ByteList : public Reader {
 public:
  using Reader::key;
  using Reader::Reader;

  [[nodiscard]] std::uint64_t size() const;
  [[nodiscard]] std::optional<std::string> get(std::uint64_t index) const;
  [[nodiscard]] std::vector<std::string> elements(std::uint64_t first, std::uint64_t at_most) const;
  [[nodiscard]] ListPage<std::string> page(std::string_view after, std::size_t at_most) const;
  void insert(std::uint64_t index, std::string_view value);
  // Appends behind all elements, or inserts in front of them.
  void push(std::string_view value, bool back);
  std::optional<std::string> pop(bool back);
  void erase(std::uint64_t index);
  void set(std::uint64_t index, std::string_view value);
  void move(std::uint64_t from, std::uint64_t to);
  void clear();

 private:
  // Runs function(transaction) in a transaction. Throws kWrongType unless the key holds a list or
  // none.
  void run(const std::function<void(Scope&)>& function);
  // Runs the function on one consistent state. Throws as run.
  void look(const std::function<void(const Scope&)>& function) const;
};

}  // namespace detail

// Reads a list. As thread-safe as its scope. Indexes count from 0.
template <typename T = std::string>
class ListReader : detail::Coded<T> {
 public:
  ListReader(const Scope& scope, Key key) : bytes_(scope, std::move(key)) {}
  ListReader(const Scope&& scope, Key key) = delete;

  // Returns the number of elements; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }
  // Returns the element at an index; nullopt when the index is behind the end.
  [[nodiscard]] std::optional<T> get(std::uint64_t index) const {
    return decoded(bytes_.get(index));
  }
  // Returns the elements from an index on in order, at most `at_most`, of one consistent state;
  // none when the index is behind the end. Also reads the elements before the first one, or those
  // behind the last one if these are fewer.
  [[nodiscard]] std::vector<T> elements(std::uint64_t first = 0,
                                        std::uint64_t at_most = UINT64_MAX) const {
    return values(bytes_.elements(first, at_most));
  }
  // Returns the elements behind the place that a page has returned, or from the beginning, at most
  // `at_most`. Costs as much as these elements, in the middle of a long list, too. Elements that
  // are inserted or moved behind the place between two pages are in the next one, those inserted
  // before it in none. Throws kInvalid for a text that is no place.
  [[nodiscard]] ListPage<T> page(std::string_view after = {}, std::size_t at_most = 1000) const {
    ListPage<std::string> found = bytes_.page(after, at_most);
    return {values(std::move(found.elements)), std::move(found.place), found.more};
  }

 protected:
  [[nodiscard]] std::optional<T> decoded(std::optional<std::string> bytes) const {
    if (!bytes) return std::nullopt;
    return detail::decode<T>(bytes_.key(), *std::move(bytes));
  }

  detail::ByteList bytes_;

 private:
  [[nodiscard]] std::vector<T> values(std::vector<std::string> found) const {
    std::vector<T> all;
    all.reserve(found.size());
    for (std::string& each : found) {
      all.push_back(detail::decode<T>(bytes_.key(), std::move(each)));
    }
    return all;
  }
};

// As thread-safe as its scope. Indexes count from 0. An index outside of the list throws
// Error{kInvalid}, except in get() and elements().
template <typename T = std::string>
class List : public ListReader<T> {
 public:
  List(Scope& scope, Key key) : ListReader<T>(scope, std::move(key)) {}

  // Inserts in front of the element at an index; at size(), behind all elements.
  void insert(std::uint64_t index, const T& value) {
    bytes_.insert(index, Codec<T>::encode(value));
  }
  // Inserts behind all elements, or in front of them.
  void push_back(const T& value) { bytes_.push(Codec<T>::encode(value), true); }
  void push_front(const T& value) { bytes_.push(Codec<T>::encode(value), false); }
  // Removes the last, or the first, element and returns it; nullopt when the list is empty.
  std::optional<T> pop_back() { return decoded(bytes_.pop(true)); }
  std::optional<T> pop_front() { return decoded(bytes_.pop(false)); }
  // Removes the element at an index.
  void erase(std::uint64_t index) { bytes_.erase(index); }
  // Replaces the value at an index; the element keeps its identity and place.
  void set(std::uint64_t index, const T& value) { bytes_.set(index, Codec<T>::encode(value)); }
  template <typename Given>
  requires(detail::Mistaken<Given, T>) void insert(std::uint64_t index,
                                                   const Given& value) = delete;
  template <typename Given>
  requires(detail::Mistaken<Given, T>) void push_back(const Given& value) = delete;
  template <typename Given>
  requires(detail::Mistaken<Given, T>) void push_front(const Given& value) = delete;
  template <typename Given>
  requires(detail::Mistaken<Given, T>) void set(std::uint64_t index, const Given& value) = delete;
  // The same with integers of another type. Throw kInvalid when a T cannot hold the value.
  template <typename Given>
  requires(detail::Integers<Given, T>) void insert(std::uint64_t index, Given value) {
    insert(index, detail::fitting<T>(bytes_.key(), value));
  }
  template <typename Given>
  requires(detail::Integers<Given, T>) void push_back(Given value) {
    push_back(detail::fitting<T>(bytes_.key(), value));
  }
  template <typename Given>
  requires(detail::Integers<Given, T>) void push_front(Given value) {
    push_front(detail::fitting<T>(bytes_.key(), value));
  }
  template <typename Given>
  requires(detail::Integers<Given, T>) void set(std::uint64_t index, Given value) {
    set(index, detail::fitting<T>(bytes_.key(), value));
  }
  // Moves an element to the index `to`. It keeps its identity.
  void move(std::uint64_t from, std::uint64_t to) { bytes_.move(from, to); }
  // Removes all elements seen here; elements that other regions insert concurrently stay.
  void clear() { bytes_.clear(); }

 private:
  using ListReader<T>::bytes_;
  using ListReader<T>::decoded;
};

}  // namespace anabranch
