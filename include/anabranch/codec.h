// How values of a C++ type become bytes. Specialise Codec for types of your own.
#pragma once

#include <charconv>
#include <concepts>
#include <optional>
#include <string>
#include <string_view>

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

template <>
struct Codec<bool> {
  static std::string_view encode(bool value) { return value ? "1" : "0"; }
  static std::optional<bool> decode(std::string_view bytes) {
    if (bytes == "1") return true;
    if (bytes == "0") return false;
    return std::nullopt;
  }
};

}  // namespace anabranch
