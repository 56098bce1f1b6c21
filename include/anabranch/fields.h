// A codec for structs: each member is a field with a number, and fields may be added later.
//
//   struct Todo {
//     std::string text;
//     int votes = 0;
//     std::optional<std::string> owner;
//     anabranch::UnknownFields unknown;
//   };
//   template <>
//   struct anabranch::Codec<Todo>
//       : anabranch::Fields<Todo, 1, &Todo::text, 2, &Todo::votes, 3, &Todo::owner,
//                           0, &Todo::unknown> {};
//
//   Register<Todo>{store, "todo/7"}.put({.text = "buy milk"});
//
// A field that the bytes lack has the value of a default Todo, so that values of an older program
// can be read; an empty std::optional is not written. Fields that this program does not know are
// kept in the member with number 0, and are written again: an older program that reads, changes and
// puts a value loses nothing of a newer one. Without such a member they make the bytes no value of
// the type.
//
// Never give a number to another member, and never change the type of a member: use a new number.
// A value is one register: of two regions that put it at once one is shown. A struct that several
// regions change at once is better a Map.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <anabranch/codec.h>

namespace anabranch {

// The fields of a newer program, by their numbers: their bytes.
struct UnknownFields {
  std::map<std::uint32_t, std::string> all;
  bool operator==(const UnknownFields&) const = default;
};

namespace detail {

using FieldBytes = std::map<std::uint32_t, std::string>;

// Puts the bytes of a member at the number of its field.
template <typename T>
void write_field(FieldBytes& bytes, std::uint32_t number, const T& value) {
  bytes[number] = std::string(std::string_view(Codec<T>::encode(value)));
}
template <typename T>
void write_field(FieldBytes& bytes, std::uint32_t number, const std::optional<T>& value) {
  if (value) write_field(bytes, number, *value);
}
inline void write_field(FieldBytes& bytes, std::uint32_t /*number*/, const UnknownFields& rest) {
  bytes.insert(rest.all.begin(), rest.all.end());
}

// Takes the bytes of a member; returns false when they are no value of its type.
template <typename T>
bool take_field(FieldBytes& bytes, std::uint32_t number, T& value) {
  const auto found = bytes.extract(number);
  if (found.empty()) return true;
  std::optional<T> read = Codec<T>::decode(found.mapped());
  if (read) value = *std::move(read);
  return read.has_value();
}
template <typename T>
bool take_field(FieldBytes& bytes, std::uint32_t number, std::optional<T>& value) {
  if (!bytes.contains(number)) return true;
  return take_field(bytes, number, value.emplace());
}

inline bool take_field(FieldBytes& /*bytes*/, std::uint32_t /*number*/, UnknownFields& /*rest*/) {
  return true;
}

// Keeps the fields that no member has taken.
inline void keep_fields(FieldBytes& bytes, UnknownFields& rest) {
  rest.all = std::exchange(bytes, {});
}
template <typename T>
void keep_fields(FieldBytes& /*bytes*/, const T& /*value*/) {}

// Returns the numbers and bytes of the fields of a struct; nullopt for other bytes.
inline std::optional<FieldBytes> split_fields(std::string_view bytes) {
  FieldBytes fields;
  std::uint32_t before = 0;
  while (!bytes.empty()) {
    std::uint32_t number = 0;
    const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
    const bool ascends = error == std::errc{} && bytes.front() != '0' && number > before;
    if (!ascends) return std::nullopt;
    bytes.remove_prefix(static_cast<std::size_t>(end - bytes.data()));
    if (!bytes.starts_with('=')) return std::nullopt;
    bytes.remove_prefix(1);
    const std::optional<std::string_view> value = take_value(bytes);
    if (!value) return std::nullopt;
    fields.emplace_hint(fields.end(), number, *value);
    before = number;
  }
  return fields;
}

inline std::string join_fields(const FieldBytes& fields) {
  std::string bytes;
  for (const auto& [number, value] : fields) {
    bytes.append(std::to_string(number)).append("=").append(std::to_string(value.size()));
    bytes.append(":").append(value).append(",");
  }
  return bytes;
}

// The type of the member that a pointer names.
template <typename T, typename Member>
Member member_type(Member T::*member);

// A list of numbers and members: 1, &Todo::text, 2, &Todo::votes.
template <auto... kFields>
struct FieldList {
  template <typename Visit>
  static constexpr void each(const Visit& /*visit*/) {}
  static constexpr bool has(std::int64_t /*number*/) { return false; }
  static constexpr bool all_differ() { return true; }
};
template <auto kNumber, auto kMember, auto... kMore>
struct FieldList<kNumber, kMember, kMore...> {
  using Value = decltype(member_type(kMember));
  static_assert(kNumber >= 0 && kNumber <= UINT32_MAX, "numbers of fields begin with 1");
  static_assert((kNumber == 0) == std::is_same_v<Value, UnknownFields>,
                "the number 0 is that of a member of type UnknownFields");

  // Calls the function with each number and member, in their order here.
  template <typename Visit>
  static constexpr void each(const Visit& visit) {
    visit(static_cast<std::uint32_t>(kNumber), kMember);
    FieldList<kMore...>::each(visit);
  }
  static constexpr bool has(std::int64_t number) {
    return number == kNumber || FieldList<kMore...>::has(number);
  }
  static constexpr bool all_differ() {
    return !FieldList<kMore...>::has(kNumber) && FieldList<kMore...>::all_differ();
  }
};

}  // namespace detail

// The codec of a struct T with a default constructor: each number is followed by its member.
template <typename T, auto... kFields>
struct Fields {
  static_assert(sizeof...(kFields) % 2 == 0, "each field is a number and a member");
  using List = detail::FieldList<kFields...>;
  static_assert(List::all_differ(), "two fields have one number");

  static std::string encode(const T& value) {
    detail::FieldBytes bytes;
    List::each([&](std::uint32_t number, auto member) {
      detail::write_field(bytes, number, value.*member);
    });
    return detail::join_fields(bytes);
  }
  static std::optional<T> decode(std::string_view bytes) {
    std::optional<detail::FieldBytes> fields = detail::split_fields(bytes);
    if (!fields) return std::nullopt;
    T value{};
    bool is_value = true;
    List::each([&](std::uint32_t number, auto member) {
      is_value = is_value && detail::take_field(*fields, number, value.*member);
    });
    List::each([&](std::uint32_t number, auto member) {
      if (number == 0) detail::keep_fields(*fields, value.*member);
    });
    if (!is_value || !fields->empty()) return std::nullopt;
    return value;
  }
};

}  // namespace anabranch
