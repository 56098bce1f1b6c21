// Handles: a type, a scope and a key. Making one reads nothing; it is as cheap as its key.
//
//   Register<std::string> title{store, "doc/1/title"};
//   title.put("Draft");
//
// A handle must not outlive its scope. It may be used where its scope may. Every function may throw
// what the scope throws, and Error{kWrongType} when the key holds another type. The template Codec
// (codec.h) turns values into bytes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <anabranch/codec.h>
#include <anabranch/error.h>
#include <anabranch/scope.h>

namespace anabranch {

namespace detail {

template <typename T>
T decode([[maybe_unused]] const Key& key, std::string bytes) {
  if constexpr (std::is_same_v<T, std::string>) {
    return bytes;
  } else {
    std::optional<T> value = Codec<T>::decode(bytes);
    if (!value) throw Error(ErrorCode::kWrongType, key.name() + " holds bytes of another type");
    return *std::move(value);
  }
}

}  // namespace detail

// One value. Concurrent writes both stay until one that has seen them; a resolver decides which is
// shown (conflict.h). A counter at the same key adds to the value when it is an integer.
template <typename T = std::string>
class Register {
 public:
  Register(Scope& scope, Key key) : scope_(&scope), key_(std::move(key)) {}

  // The shown value; nothing when there is none.
  [[nodiscard]] std::optional<T> get() const {
    std::optional<std::string> bytes = scope_->get(key_.of(Type::kString));
    if (bytes) return detail::decode<T>(key_, *std::move(bytes));
    expect_type(*scope_, key_, Type::kString);
    return std::nullopt;
  }
  // All concurrent values, the last one being the newest; one or none without a conflict.
  [[nodiscard]] std::vector<Sibling> siblings() const {
    return scope_->siblings(key_.of(Type::kString));
  }
  // Replaces every value seen here, and what counters had added.
  void put(const T& value) {
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kString);
      const Key row = key_.of(Type::kString);
      txn.put(row, Codec<T>::encode(value));
      txn.reset(row);
    });
  }
  // Removes the value. Returns whether there was one.
  bool erase() {
    bool found = false;
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kString);
      const Key row = key_.of(Type::kString);
      found = txn.contains(row);
      txn.remove(row);
      txn.reset(row);
    });
    return found;
  }

 private:
  Scope* scope_;
  Key key_;
};

// A sum to which every region adds; each addition counts exactly once.
class Counter {
 public:
  Counter(Scope& scope, Key key) : scope_(&scope), key_(std::move(key)) {}

  // The shown value, which includes an integer that a register put here; 0 when there is none.
  [[nodiscard]] std::int64_t get() const {
    return Register<std::int64_t>(*scope_, key_).get().value_or(0);
  }
  // Adds, also negative amounts. Throws kInvalid when a register put something here that is no
  // integer, or when the sum would leave 64 bits.
  void add(std::int64_t amount) {
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kString);
      txn.add(key_.of(Type::kString), amount);
    });
  }
  // Back to 0: takes back what has been seen here; concurrent additions elsewhere still count.
  void reset() {
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kString);
      const Key row = key_.of(Type::kString);
      txn.remove(row);
      txn.reset(row);
    });
  }

 private:
  Scope* scope_;
  Key key_;
};

// An add-wins observed-remove set: a remove only deletes the inserts it has seen.
template <typename T = std::string>
class Set {
 public:
  Set(Scope& scope, Key key) : scope_(&scope), key_(std::move(key)) {}

  [[nodiscard]] bool contains(const T& value) const {
    if (scope_->contains(key_.element(Codec<T>::encode(value)))) return true;
    expect_type(*scope_, key_, Type::kSet);
    return false;
  }
  // How many elements there are; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const {
    expect_type(*scope_, key_, Type::kSet);
    return scope_->count(key_.of(Type::kSet));
  }
  // All elements in the order of their bytes.
  [[nodiscard]] std::vector<T> elements() const {
    expect_type(*scope_, key_, Type::kSet);
    std::vector<T> all;
    scope_->scan(key_.of(Type::kSet), [&](const Entry& entry) {
      all.push_back(detail::decode<T>(key_, entry.path.front()));
      return true;
    });
    return all;
  }
  // Adds an element. Returns whether it was absent. An element that is present is written again,
  // so that a concurrent remove elsewhere does not take it away.
  bool insert(const T& value) {
    bool added = false;
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kSet);
      const Key row = key_.element(Codec<T>::encode(value));
      added = !txn.contains(row);
      txn.put(row, {});
    });
    return added;
  }
  // Removes an element. Returns whether it was present.
  bool erase(const T& value) {
    bool found = false;
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kSet);
      const Key row = key_.element(Codec<T>::encode(value));
      found = txn.contains(row);
      txn.remove(row);
    });
    return found;
  }
  // Removes all elements seen here; what other regions insert meanwhile stays.
  void clear() {
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kSet);
      txn.clear(key_.of(Type::kSet));
    });
  }

 private:
  Scope* scope_;
  Key key_;
};

// Fields by name, each a key in small. Writing a field makes the map; a map without fields is none.
class Map {
 public:
  Map(Scope& scope, Key key) : scope_(&scope), key_(std::move(key)) {}

  // A handle on a field: map.at<Counter>("visits").add(1).
  template <typename Handle>
  [[nodiscard]] Handle at(std::string_view field) const {
    expect_type(*scope_, key_, Type::kMap);
    return Handle(*scope_, key_.field(field));
  }
  [[nodiscard]] bool contains(std::string_view field) const {
    expect_type(*scope_, key_, Type::kMap);
    return scope_->type(key_.field(field)) != Type::kNone;
  }
  // How many fields there are; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const {
    expect_type(*scope_, key_, Type::kMap);
    return scope_->count(key_.of(Type::kMap));
  }
  // The names of all fields in order.
  [[nodiscard]] std::vector<std::string> fields() const {
    expect_type(*scope_, key_, Type::kMap);
    std::vector<std::string> names;
    scope_->scan(key_.of(Type::kMap), [&](const Entry& entry) {
      if (names.empty() || names.back() != entry.path.front()) names.push_back(entry.path.front());
      return true;
    });
    return names;
  }
  // Removes a field with all that is in it. Returns whether it was there.
  bool erase(std::string_view field) {
    bool found = false;
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kMap);
      const Key place = key_.field(field);
      found = txn.type(place) != Type::kNone;
      if (found) txn.clear(place);
    });
    return found;
  }
  // Removes all fields seen here; what other regions write meanwhile stays.
  void clear() {
    scope_->atomically([&](Scope& txn) {
      expect_type(txn, key_, Type::kMap);
      txn.clear(key_.of(Type::kMap));
    });
  }

 private:
  Scope* scope_;
  Key key_;
};

}  // namespace anabranch
