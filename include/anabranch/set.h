// Sets of elements, each inserted and erased on its own. The two kinds differ in one case: after a
// concurrent insert and erase of the same element it stays in a `Set` and is gone from a
// `RemoveWinsSet`.
//
//   both know | here      | there     | Set, concurrently | RemoveWinsSet, concurrently
//   -         | insert x  | insert y  | {x y}             | {x y}
//   {x}       | insert x  | erase x   | {x}               | {}
//   -         | insert x  | erase x   | {x}               | {}
//   {x}       | erase x   | erase x   | {}                | {}
//   {x}       | insert y  | clear     | {y}               | {y}
//   {x}       | insert x  | clear     | {x}               | {x}
//
// Worked example. An account is in the set of accounts with a login, everywhere. `us` erases it;
// `eu`, unaware of that, inserts it once more. In a Set the erase removes only the inserts that it
// has seen: the account stays. In a RemoveWinsSet it is out, in both regions, and an insert that
// has seen the erase brings it back.
//
// In a Set an element is an empty value, and an erase leaves no data behind. In a RemoveWinsSet an
// element is a cell with the value true or false; among siblings false wins. So an erase writes,
// also before the insert has been seen, and its row is not shown. A clear, like the removal of the
// whole key, does not erase each element: it forgets the inserts and erases that it has seen, and a
// concurrent insert stays.
//
// Known anomalies.
// - The results of insert and erase hold for this region: an element can be newly inserted in two.
// - An erase in a RemoveWinsSet also removes inserts made only to confirm an element that was
//   already there.
// - A cleared RemoveWinsSet has forgotten its erases: a delayed insert that one of them would have
//   beaten is shown when it arrives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/codec.h>
#include <anabranch/scope.h>

namespace anabranch {

namespace detail {

// Reads a set of either kind. As thread-safe as its scope.
template <typename T, Type kType>
class ElementsReader : Coded<T>, public Reader {
 public:
  using Reader::Reader;

  // Returns whether an element is present.
  [[nodiscard]] bool contains(const T& value) const {
    if (scope().contains(row(value))) return true;
    expect_type(scope(), key(), kType);
    return false;
  }
  template <typename Given>
  requires(detail::Mistaken<Given, T>) bool contains(const Given& value) const = delete;
  // The same with an integer of another type. Throws kInvalid when a T cannot hold it.
  template <typename Given>
  requires(detail::Integers<Given, T>) [[nodiscard]] bool contains(Given value) const {
    return contains(fitting<T>(key(), value));
  }
  // Returns the number of elements; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const {
    expect_type(scope(), key(), kType);
    return scope().count(key().of(kType));
  }
  // Returns the elements in the span, in the order of their bytes, at most `at_most`.
  [[nodiscard]] std::vector<T> elements(const Span& span = {},
                                        std::size_t at_most = SIZE_MAX) const {
    expect_type(scope(), key(), kType);
    std::vector<T> found;
    if (at_most == 0) return found;
    scope().names(key().of(kType), span, [&](const std::string& name) {
      found.push_back(detail::decode<T>(key(), name));
      return found.size() < at_most;
    });
    return found;
  }

 protected:
  [[nodiscard]] Key row(const T& value) const {
    return key().element(Codec<T>::encode(value), kType);
  }
};

// The common part of both kinds of sets: everything but insert and erase.
template <typename T, Type kType>
class Elements : public ElementsReader<T, kType> {
 public:
  Elements(Scope& scope, Key key) : ElementsReader<T, kType>(scope, std::move(key)) {}

  // Removes all elements seen here; elements that other regions insert concurrently stay.
  void clear() {
    this->writable().atomically([&](Scope& txn) {
      expect_type(txn, this->key(), kType);
      txn.clear(this->key().of(kType));
    });
  }

 protected:
  template <typename Given>
  [[nodiscard]] T as_element(Given value) const {
    return fitting<T>(this->key(), value);
  }
  // Runs change(scope, row of the element) in a transaction. Returns whether the element was
  // present before.
  template <typename Change>
  bool replace(const T& value, const Change& change) {
    bool found = false;
    this->writable().atomically([&](Scope& txn) {
      expect_type(txn, this->key(), kType);
      const Key at = this->row(value);
      found = txn.contains(at);
      change(txn, at);
    });
    return found;
  }
};

}  // namespace detail

template <typename T = std::string>
using SetReader = detail::ElementsReader<T, Type::kSet>;
template <typename T = std::string>
using RemoveWinsSetReader = detail::ElementsReader<T, Type::kRemoveWinsSet>;

// An add-wins observed-remove set: an erase removes only the inserts that it has seen. As
// thread-safe as its scope.
template <typename T = std::string>
class Set : public detail::Elements<T, Type::kSet> {
 public:
  using detail::Elements<T, Type::kSet>::Elements;

  // Adds an element. Returns whether it was absent. A present element is written again, so that a
  // concurrent erase in another region does not remove it.
  bool insert(const T& value) {
    return !this->replace(value, [](Scope& txn, const Key& row) { txn.put(row, {}); });
  }
  // Removes an element. Returns whether it was present.
  bool erase(const T& value) {
    return this->replace(value, [](Scope& txn, const Key& row) { txn.remove(row); });
  }
  template <typename Given>
  requires(detail::Mistaken<Given, T>) bool insert(const Given& value) = delete;
  template <typename Given>
  requires(detail::Mistaken<Given, T>) bool erase(const Given& value) = delete;
  // The same with integers of another type. Throw kInvalid when a T cannot hold the value.
  template <typename Given>
  requires(detail::Integers<Given, T>) bool insert(Given value) {
    return insert(this->as_element(value));
  }
  template <typename Given>
  requires(detail::Integers<Given, T>) bool erase(Given value) {
    return erase(this->as_element(value));
  }
};

// A set in which an erase also removes concurrent inserts. As thread-safe as its scope.
template <typename T = std::string>
class RemoveWinsSet : public detail::Elements<T, Type::kRemoveWinsSet> {
 public:
  using detail::Elements<T, Type::kRemoveWinsSet>::Elements;

  // Adds an element and overrides all erases seen here. Returns whether it was absent.
  bool insert(const T& value) { return !put(value, true); }
  // Removes an element, and inserts of other regions until they have seen this erase; for that the
  // erase is written also when the element is absent here. Returns whether it was present.
  bool erase(const T& value) { return put(value, false); }
  template <typename Given>
  requires(detail::Mistaken<Given, T>) bool insert(const Given& value) = delete;
  template <typename Given>
  requires(detail::Mistaken<Given, T>) bool erase(const Given& value) = delete;
  // The same with integers of another type. Throw kInvalid when a T cannot hold the value.
  template <typename Given>
  requires(detail::Integers<Given, T>) bool insert(Given value) {
    return insert(this->as_element(value));
  }
  template <typename Given>
  requires(detail::Integers<Given, T>) bool erase(Given value) {
    return erase(this->as_element(value));
  }

 private:
  bool put(const T& value, bool present) {
    return this->replace(
        value, [&](Scope& txn, const Key& row) { txn.put(row, Codec<bool>::encode(present)); });
  }
};

}  // namespace anabranch
