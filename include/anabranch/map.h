// A map: fields by name. Each field is a small key and holds a value of any type: a register, a
// counter, a set, or a map again.
//
// Fields are independent: concurrent writes of two regions to different fields both stay, and
// concurrent writes to the same field merge as the type of the field says. The erase of a field
// removes the contents it has seen; a concurrent write to the field keeps the field there.
//
//   both know | here      | there     | concurrently
//   -         | put f 1   | put g 2   | {f=1 g=2}
//   {f=1}     | put f 2   | put f 3   | {f=3}, if that is later
//   {f=1}     | put f 2   | erase f   | {f=2}
//   {f=1}     | put g 2   | clear     | {g=2}
//
// Worked example. `eu` and `us` have the profile {name=ada city=london}. `us` clears it while `eu`
// puts city=paris. The clear removes the two values that it has seen, and not the new city. Both
// regions arrive at {city=paris}.
//
// A write to a field creates it, and the first field creates the map; a map without fields is
// absent.
//
// Known anomalies.
// - A clear can leave a part, as above: a record is not a unit. Put a record that must be a unit
//   into one register.
// - Two types in one field, written concurrently, are both stored; the first in the order of `Type`
//   (key.h) is shown. The erase of the field removes both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <anabranch/codec.h>
#include <anabranch/scope.h>

namespace anabranch {

// A field, as entries() returns it.
template <typename T>
struct MapEntry {
  std::string field;
  Type type = Type::kNone;
  std::optional<T> value;  // Of a register or counter; nullopt for fields of other types.
};

// Reads fields by name. As thread-safe as its scope.
class MapReader : public detail::Reader {
 public:
  using detail::Reader::Reader;

  // Returns a reader of a field: map.at<CounterReader>("visits").get().
  template <typename FieldReader>
  requires(std::is_constructible_v<FieldReader, const Scope&, Key>) [[nodiscard]] FieldReader
      at(const detail::Name& field) const {
    expect_type(scope(), key(), Type::kMap);
    return FieldReader(scope(), key().field(field));
  }
  // Returns whether a field is present.
  [[nodiscard]] bool contains(const detail::Name& field) const {
    expect_type(scope(), key(), Type::kMap);
    return scope().type(key().field(field)) != Type::kNone;
  }
  // Returns the number of fields; costs the same for a million as for ten.
  [[nodiscard]] std::uint64_t size() const {
    expect_type(scope(), key(), Type::kMap);
    return scope().count(key().of(Type::kMap));
  }
  // Returns the names of the fields in the span, in the order of their bytes, at most `at_most`.
  [[nodiscard]] std::vector<std::string> fields(const Span& span = {},
                                                std::size_t at_most = SIZE_MAX) const {
    expect_type(scope(), key(), Type::kMap);
    std::vector<std::string> names;
    if (at_most == 0) return names;
    scope().names(key().of(Type::kMap), span, [&](const std::string& name) {
      names.push_back(name);
      return names.size() < at_most;
    });
    return names;
  }
  // Returns the fields in the span, in the order of their bytes, at most `at_most`, with the values
  // of registers and counters: a copy of one consistent state. Costs as much as reading each field.
  // Throws kWrongType when the bytes of a register are no T.
  //
  //   for (const auto& [field, type, value] : map.entries()) ...
  template <typename T = std::string>
  [[nodiscard]] std::vector<MapEntry<T>> entries(const Span& span = {},
                                                 std::size_t at_most = SIZE_MAX) const {
    std::vector<MapEntry<T>> found;
    scope().at_once([&](const Scope& state) {
      for (std::string& field : MapReader(state, key()).fields(span, at_most)) {
        const Key place = key().field(field);
        std::optional<std::string> bytes = state.get(place.of(Type::kString));
        const Type type = bytes ? Type::kString : state.type(place);
        found.push_back({std::move(field), type, std::nullopt});
        if (bytes) found.back().value = detail::decode<T>(place, *std::move(bytes));
      }
    });
    return found;
  }
};

// Fields by name. As thread-safe as its scope.
class Map : public MapReader {
 public:
  Map(Scope& scope, Key key) : MapReader(scope, std::move(key)) {}

  // Returns a handle on a field, or a reader: map.at<Counter>("visits").add(1).
  template <typename Handle>
  [[nodiscard]] Handle at(const detail::Name& field) const {
    expect_type(scope(), key(), Type::kMap);
    return Handle(writable(), key().field(field));
  }
  // Removes a field with all its contents. Returns whether the field was present.
  bool erase(const detail::Name& field) {
    bool found = false;
    writable().atomically([&](Scope& txn) {
      expect_type(txn, key(), Type::kMap);
      const Key place = key().field(field);
      found = txn.type(place) != Type::kNone;
      if (found) txn.clear(place);
    });
    return found;
  }
  // Removes all fields seen here; concurrent writes of other regions stay.
  void clear() {
    writable().atomically([&](Scope& txn) {
      expect_type(txn, key(), Type::kMap);
      txn.clear(key().of(Type::kMap));
    });
  }
};

}  // namespace anabranch
