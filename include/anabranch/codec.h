// How values of a C++ type become bytes. Specialise Codec for types of your own.
#pragma once

#include <charconv>
#include <concepts>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>

#include <anabranch/error.h>
#include <anabranch/key.h>

namespace anabranch {

// encode: never fails. decode: nothing when the bytes are no value of the type, which handles
// report as Error{kWrongType}. Two values are the same element of a set if and only if their bytes
// are equal.
template <typename T>
struct Codec;

template <>
struct Codec<std::string> {
  static std::string_view encode(std::string_view value) { return value; }
  static std::optional<std::string> decode(std::string_view bytes) { return std::string(bytes); }
};

// Integers as decimal digits, so that every client reads them.
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

// Doubles in the shortest form that reads back as the same one: "2.5", "1e+22".
template <>
struct Codec<double> {
  static std::string encode(double value) {
    char digits[32];  // At most 24 are needed.
    return {digits, std::to_chars(std::begin(digits), std::end(digits), value).ptr};
  }
  static std::optional<double> decode(std::string_view bytes) {
    double value{};
    const auto [end, error] = std::from_chars(bytes.data(), bytes.data() + bytes.size(), value);
    if (error != std::errc{} || end != bytes.data() + bytes.size()) return std::nullopt;
    return value;
  }
};

template <>
struct Codec<bool> {
  static std::string_view encode(bool value) { return value ? "1" : "0"; }
  static std::optional<bool> decode(std::string_view bytes) {
    if (bytes == "1") return true;
    if (bytes == "0") return false;
    return std::nullopt;
  }
};

namespace detail {

// The value that the bytes found at a key are. Throws Error{kWrongType} when they are none.
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
