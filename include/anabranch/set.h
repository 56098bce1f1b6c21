// Sets of elements, which come and go one by one. The two kinds differ in one case: when an insert
// and an erase of the same element have not seen each other, the element stays in a `Set` and is
// gone from a `RemoveWinsSet`.
//
//   both know | here      | there     | Set, concurrently | RemoveWinsSet, concurrently
//   -         | insert x  | insert y  | {x y}             | {x y}
//   {x}       | insert x  | erase x   | {x}               | {}
//   -         | insert x  | erase x   | {x}               | {}
//   {x}       | erase x   | erase x   | {}                | {}
//   {x}       | insert y  | clear     | {y}               | {y}
//   {x}       | insert x  | clear     | {x}               | {x}
//
// Worked example. An account is in the set of those who may log in, everywhere. `us` erases it;
// `eu`, which has not heard of that, inserts it once more. In a Set the erase removes only the
// inserts that it has seen: the account stays. In a RemoveWinsSet it is out, in both regions, and
// an insert that has seen the erase brings it back.
//
// In a Set an element is an empty value, and what is erased leaves nothing behind. In a
// RemoveWinsSet it is a cell that says true or false, of whose siblings a false one wins: so an
// erase writes, also where the element has not been seen yet, and is not shown. A clear, as the
// removal of the whole key, is no erase of each element: it forgets inserts and erases alike, as
// far as it has seen them, and an insert that is concurrent with it stays.
//
// Known anomalies.
// - What insert and erase return holds for this region: an element can be newly inserted in two.
// - An erase in a RemoveWinsSet also takes away the inserts of those who had seen the element and
//   only meant to confirm it.
// - A cleared RemoveWinsSet has forgotten its erases: an insert that is still on its way, and that
//   one of them would have beaten, is shown when it arrives.
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

// What both kinds of sets have in common: all but how elements come and go.
template <typename T, Type kType>
class Elements : Coded<T> {
 public:
  Elements(Scope& scope, Key key) : scope_(scope), key_(std::move(key)) {}

  [[nodiscard]] bool contains(const T& value) const {
    if (scope_->contains(row(value))) return true;
    expect_type(*scope_, key_, kType);
    return false;
  }
  template <typename Given>
  requires(detail::Mistaken<Given, T>) bool contains(const Given& value) const = delete;
  // The same with an integer of another type. Throws kInvalid when a T cannot hold it.
  template <typename Given>
  requires(detail::Integers<Given, T>) [[nodiscard]] bool contains(Given value) const {
    return contains(fitting<T>(key_, value));
  }
  // How many elements there are; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const {
    expect_type(*scope_, key_, kType);
    return scope_->count(key_.of(kType));
  }
  // The elements in the order of their bytes; of those in a span, at most so many.
  [[nodiscard]] std::vector<T> elements(const Span& span = {},
                                        std::size_t at_most = SIZE_MAX) const {
    expect_type(*scope_, key_, kType);
    std::vector<T> found;
    if (at_most == 0) return found;
    scope_->names(key_.of(kType), span, [&](const std::string& name) {
      found.push_back(detail::decode<T>(key_, name));
      return found.size() < at_most;
    });
    return found;
  }
  // Removes all that has been seen here; what other regions insert meanwhile stays.
  void clear() {
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, kType);
      txn.clear(key_.of(kType));
    });
  }

 protected:
  template <typename Given>
  [[nodiscard]] T as_element(Given value) const {
    return fitting<T>(key_, value);
  }
  // Runs change(scope, row of the element) in a transaction. Returns whether the element was there
  // before.
  template <typename Change>
  bool replace(const T& value, const Change& change) {
    bool found = false;
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, kType);
      const Key at = row(value);
      found = txn.contains(at);
      change(txn, at);
    });
    return found;
  }

 private:
  [[nodiscard]] Key row(const T& value) const {
    return key_.element(Codec<T>::encode(value), kType);
  }

  ScopeRef scope_;
  Key key_;
};

}  // namespace detail

// An add-wins observed-remove set: an erase only deletes the inserts it has seen. As thread-safe as
// its scope.
template <typename T = std::string>
class Set : public detail::Elements<T, Type::kSet> {
 public:
  using detail::Elements<T, Type::kSet>::Elements;

  // Adds an element. Returns whether it was absent. An element that is present is written again,
  // so that a concurrent erase elsewhere does not take it away.
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

// A set in which an erase also deletes the inserts that are concurrent with it. As thread-safe as
// its scope.
template <typename T = std::string>
class RemoveWinsSet : public detail::Elements<T, Type::kRemoveWinsSet> {
 public:
  using detail::Elements<T, Type::kRemoveWinsSet>::Elements;

  // Adds an element, against all erases seen here. Returns whether it was absent.
  bool insert(const T& value) { return !put(value, true); }
  // Removes an element, and what others insert of it until they have seen this. So it is written
  // also when the element is absent here. Returns whether it was present.
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
