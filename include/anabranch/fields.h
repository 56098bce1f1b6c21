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
//       : anabranch::Fields<Todo, anabranch::Field<1, &Todo::text>,
//                           anabranch::Field<2, &Todo::votes>,
//                           anabranch::Field<3, &Todo::owner>,
//                           anabranch::Rest<&Todo::unknown>> {};
//
//   Register<Todo>{store, "todo/7"}.put({.text = "buy milk"});
//
// A field that the bytes lack has the value of a default Todo, so that values of an older program
// can be read; an empty std::optional is not written. Fields that this program does not know are
// kept in the member of Rest, and are written again: an older program that reads, changes and puts
// a value loses nothing of a newer one. Without a Rest they make the bytes no value of the type.
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

// A member of a struct, and its number. Its type has a Codec, or is a std::optional of such a type.
template <std::uint32_t kGiven, auto kPointer>
struct Field {
  static_assert(kGiven > 0, "the numbers of fields begin with 1");
  static constexpr std::uint32_t kNumber = kGiven;
  static constexpr auto kMember = kPointer;
};

// The member that keeps the unknown fields: an UnknownFields.
template <auto kPointer>
struct Rest {
  static constexpr std::uint32_t kNumber = 0;
  static constexpr auto kMember = kPointer;
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

// Whether each number above 0 comes once; of 0, that of Rest, there is one at most, too.
template <std::uint32_t... kNumbers>
constexpr bool all_differ() {
  const std::uint32_t numbers[] = {kNumbers...};
  for (const std::uint32_t& one : numbers) {
    for (const std::uint32_t& other : numbers) {
      if (&one != &other && one == other) return false;
    }
  }
  return true;
}

}  // namespace detail

// The codec of a struct T with a default constructor.
template <typename T, typename... Members>
struct Fields {
  static_assert(detail::all_differ<Members::kNumber...>(), "two fields have one number");

  static std::string encode(const T& value) {
    detail::FieldBytes bytes;
    (detail::write_field(bytes, Members::kNumber, value.*Members::kMember), ...);
    return detail::join_fields(bytes);
  }
  static std::optional<T> decode(std::string_view bytes) {
    std::optional<detail::FieldBytes> fields = detail::split_fields(bytes);
    if (!fields) return std::nullopt;
    T value{};
    if (!(take<Members>(*fields, value) && ...)) return std::nullopt;
    (keep<Members>(*fields, value), ...);
    if (!fields->empty()) return std::nullopt;
    return value;
  }

 private:
  template <typename Member>
  static constexpr bool kIsRest =
      std::is_same_v<std::remove_cvref_t<decltype(std::declval<T&>().*Member::kMember)>,
                     UnknownFields>;

  template <typename Member>
  static bool take(detail::FieldBytes& fields, T& value) {
    if constexpr (kIsRest<Member>)
      return true;
    else
      return detail::take_field(fields, Member::kNumber, value.*Member::kMember);
  }
  // Keeps the bytes that no field has taken.
  template <typename Member>
  static void keep(detail::FieldBytes& fields, T& value) {
    if constexpr (kIsRest<Member>) (value.*Member::kMember).all = std::exchange(fields, {});
  }
};

}  // namespace anabranch
