// A map: fields by name, each a key in small, which holds a register, a counter, a set, a flag, or
// a map again.
//
// Fields do not know of each other: what two regions write to different fields both stays, and what
// they write to the same field merges as the type of the field says. Erasing a field removes what
// has been seen of it; what others write to it meanwhile keeps it there.
//
//   both know | here      | there     | concurrently
//   -         | put f 1   | put g 2   | {f=1 g=2}
//   {f=1}     | put f 2   | put f 3   | {f=3}, if that is later
//   {f=1}     | put f 2   | erase f   | {f=2}
//   {f=1}     | put g 2   | clear     | {g=2}
//
// Worked example. `eu` and `us` have the profile {name=ada city=london}. `us` clears it while `eu`
// puts city=paris. The clear takes what it has seen, both values; the new city it has not seen.
// Both regions arrive at {city=paris}.
//
// A field is made by writing to it, and a map by its first field; a map without fields is none.
//
// Known anomalies.
// - A clear can leave a part, as above: a record is not a unit. Put a record that must be one into
//   one register.
// - Two types in one field, made concurrently, lie there side by side; the first in the order of
//   `Type` (key.h) is shown. Erasing the field removes both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <anabranch/scope.h>

namespace anabranch {

// Fields by name. As thread-safe as its scope.
class Map {
 public:
  Map(Scope& scope, Key key) : scope_(scope), key_(std::move(key)) {}

  // A handle on a field: map.at<Counter>("visits").add(1).
  template <typename Handle>
  [[nodiscard]] Handle at(const detail::Name& field) const {
    expect_type(*scope_, key_, Type::kMap);
    return Handle(*scope_, key_.field(field));
  }
  [[nodiscard]] bool contains(const detail::Name& field) const {
    expect_type(*scope_, key_, Type::kMap);
    return scope_->type(key_.field(field)) != Type::kNone;
  }
  // How many fields there are; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const {
    expect_type(*scope_, key_, Type::kMap);
    return scope_->count(key_.of(Type::kMap));
  }
  // The names of the fields, in the order of their bytes; of those in a span, at most so many.
  [[nodiscard]] std::vector<std::string> fields(const Span& span = {},
                                                std::size_t at_most = SIZE_MAX) const {
    expect_type(*scope_, key_, Type::kMap);
    std::vector<std::string> names;
    if (at_most == 0) return names;
    scope_->names(key_.of(Type::kMap), span, [&](const std::string& name) {
      names.push_back(name);
      return names.size() < at_most;
    });
    return names;
  }
  // Removes a field with all that is in it. Returns whether it was there.
  bool erase(const detail::Name& field) {
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
  ScopeRef scope_;
  Key key_;
};

}  // namespace anabranch
