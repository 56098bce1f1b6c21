// Codecs: how values of a C++ type become bytes. Specialise Codec for types of your own.
#pragma once

#include <charconv>
#include <concepts>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>
#include <vector>

#include <anabranch/error.h>
#include <anabranch/key.h>

namespace anabranch {

namespace detail {

template <typename>
inline constexpr bool kIsKnown = false;

}  // namespace detail

// encode: returns the bytes of a value; never fails. decode: returns the value, or nullopt when the
// bytes encode no value of the type; handles report that as Error{kWrongType}. Two values are the
// same element of a set if and only if their bytes are equal.
template <typename T>
struct Codec {
  static_assert(detail::kIsKnown<T>,
                "no Codec says how values of this type become bytes; write: "
                "template <> struct anabranch::Codec<T> { "
                "static std::string encode(const T& value); "
                "static std::optional<T> decode(std::string_view bytes); };");
  static std::string encode(const T& value);
  static std::optional<T> decode(std::string_view bytes);
};

template <>
struct Codec<std::string> {
  static std::string_view encode(std::string_view value) { return value; }
  static std::optional<std::string> decode(std::string_view bytes) { return std::string(bytes); }
};

// Integers as decimal digits, readable by every client.
template <std::integral T>
struct Codec<T> {
  static std::string encode(T value) { return std::to_string(value); }
  static std::optional<T> decode(std::string_view bytes) {
    T value{};
    const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
    if (error != std::errc{} || end != bytes.data() + bytes.size()) return std::nullopt;
    return value;
  }
};

// Doubles and floats in the shortest form that reads back as the same one: "2.5", "1e+22". The two
// zeros are "0", and all that is no number is "nan": what compares alike has one form.
template <typename T>
requires(std::same_as<T, double> || std::same_as<T, float>) struct Codec<T> {
  static std::string encode(T value) {
    char digits[32];  // At most 24 characters are needed.
    if (value == 0) return "0";
    if (value != value) return "nan";
    return {digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr};
  }
  static std::optional<T> decode(std::string_view bytes) {
    T value{};
    const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
    if (error != std::errc{} || end != bytes.data() + bytes.size()) return std::nullopt;
    return value;
  }
};

// "1" and "0"; reads "true" and "false", too, as JSON has put them (json.h).
template <>
struct Codec<bool> {
  static std::string_view encode(bool value) { return value ? "1" : "0"; }
  static std::optional<bool> decode(std::string_view bytes) {
    if (bytes == "1" || bytes == "true") return true;
    if (bytes == "0" || bytes == "false") return false;
    return std::nullopt;
  }
};

namespace detail {

// True if Codec<T> has the two functions that handles call.
template <typename T>
concept HasCodec = requires(const T& value, std::string_view bytes) {
  { Codec<T>::encode(value) } -> std::convertible_to<std::string_view>;
  { Codec<T>::decode(bytes) } -> std::convertible_to<std::optional<T>>;
};

// Takes the first of several values as a vector has them (Codec). Returns nullopt, and may have
// taken a part, when there is none.
inline std::optional<std::string_view> take_value(std::string_view& bytes) {
  std::size_t size = 0;
  const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), size);
  const auto digits = static_cast<std::size_t>(end - bytes.data());
  if (error != std::errc{} || (bytes.front() == '0' && digits > 1)) return std::nullopt;
  bytes.remove_prefix(digits);
  if (!bytes.starts_with(':') || bytes.size() - 1 <= size) return std::nullopt;
  const std::string_view value = bytes.substr(1, size);
  bytes.remove_prefix(1 + size);
  if (!bytes.starts_with(',')) return std::nullopt;
  bytes.remove_prefix(1);
  return value;
}

// A member of every handle on values of type T; reports an incomplete Codec<T> at compile time.
template <typename T>
struct Coded {
  static_assert(HasCodec<T>,
                "Codec<T> needs `static std::string encode(const T&)` (or of a string_view) and "
                "`static std::optional<T> decode(std::string_view)`");
};

}  // namespace detail

// Vectors: of each element the number of its bytes, a colon, its bytes and a comma, as netstrings
// are: "3:red,5:green,". A vector is one value: of two regions that put it at once one is shown. To
// have both additions kept, use a list or a set.
template <typename T>
struct Codec<std::vector<T>> {
  static std::string encode(const std::vector<T>& values) {
    std::string bytes;
    for (const auto& each : values) {
      const auto encoded = Codec<T>::encode(each);
      const std::string_view value = encoded;
      bytes.append(std::to_string(value.size())).append(":").append(value).append(",");
    }
    return bytes;
  }
  static std::optional<std::vector<T>> decode(std::string_view bytes) {
    std::vector<T> values;
    while (!bytes.empty()) {
      const std::optional<std::string_view> one = detail::take_value(bytes);
      if (!one) return std::nullopt;
      std::optional<T> value = Codec<T>::decode(*one);
      if (!value) return std::nullopt;
      values.push_back(*std::move(value));
    }
    return values;
  }
};

namespace detail {

// True if C++ would silently convert an argument of type Given to a different T: 1.9 to 1, "false"
// to true. Handles delete their functions for such arguments.
template <typename Given, typename T>
concept Mistaken = !std::same_as<std::remove_cvref_t<Given>, T> && std::is_arithmetic_v<T> &&
                   ((std::same_as<T, bool> && (std::is_arithmetic_v<std::remove_cvref_t<Given>> ||
                                               std::is_pointer_v<std::decay_t<Given>>)) ||
                    (std::integral<T> && std::floating_point<std::remove_cvref_t<Given>>));

// True if Given is another integer type than T, so that T may be unable to hold some values of
// Given.
template <typename Given, typename T>
concept Integers = !std::same_as<Given, T> && std::integral<Given> && std::integral<T> &&
                   !std::same_as<T, bool> && !std::same_as<Given, bool>;

// Returns the same integer as a T. Throws Error{kInvalid} when a T cannot hold the integer.
template <typename T, typename Given>
requires(Integers<Given, T>) T fitting(const Key& key, Given value) {
  const T fits = static_cast<T>(value);
  if (static_cast<Given>(fits) != value || (fits < T{}) != (value < Given{})) {
    throw Error(ErrorCode::kInvalid, key.name() + " holds integers of " +
                                         std::to_string(8 * sizeof(T)) + " bits, " +
                                         (T(-1) < T{} ? "" : "none below 0, ") + "and " +
                                         std::to_string(value) + " is outside of them");
  }
  return fits;
}

// Returns the value encoded in the bytes found at a key. Throws Error{kWrongType} when the bytes
// encode no value of type T.
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

}  // namespace anabranch
