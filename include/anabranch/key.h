// Keys: where a value lives.
#pragma once

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include <anabranch/error.h>

namespace anabranch {

// What a key holds. The order decides which one is shown when regions concurrently gave one key
// different types; all of them stay until the key is removed or overwritten.
enum class Type : char {
  kNone = 0,               // Nothing.
  kString = 's',           // Register and counters: one row, which shows the register plus the sum.
  kEnableWinsFlag = 'f',   // Flag; of concurrent changes the one that enables wins.
  kDisableWinsFlag = 'F',  // Flag; of concurrent changes the one that disables wins.
  kSet = 'e',              // Set; an insert survives a concurrent remove.
  kRemoveWinsSet = 'E',    // Set; a remove takes concurrent inserts away.
  kMap = 'h',              // Map.
  kSortedSet = 'z',        // Sorted set; members with scores, in the order of these.
  kList = 'l',             // List.
  kText = 't',             // Text.
};

// "none", "string", "set", "hash", "zset" and "list" as Redis names them, and "enable-wins-flag",
// "disable-wins-flag", "remove-wins-set" and "text".
std::string_view to_string(Type type);

namespace detail {

// The bytes of a C string. Throws Error{kInvalid} for a null pointer.
inline std::string_view bytes_of(const char* text) {
  if (text == nullptr) throw Error(ErrorCode::kInvalid, "a key or name is a null pointer");
  return text;
}

// The bytes that a caller gives as the name of a key, field or element: those of a string or a
// string view; of a literal all, also a NUL and what is behind it; of a pointer or a buffer those
// before the first NUL. A null pointer throws Error{kInvalid}, nullptr does not compile. An array
// of const char counts as a literal: of a constant buffer say std::string_view(buffer.data()).
class Name {
 public:
  template <typename Text>
  requires(std::convertible_to<const Text&, std::string_view> && !std::is_array_v<Text> &&
           !std::is_pointer_v<Text> && !std::is_null_pointer_v<Text>)
      Name(const Text& text)  // NOLINT: implicit
      : bytes_(text) {}
  template <std::size_t kSize>
  Name(const char (&literal)[kSize]) : bytes_(literal, kSize - 1) {}  // NOLINT: implicit
  template <std::size_t kSize>
  Name(char (&buffer)[kSize])  // NOLINT: implicit
      : bytes_(buffer, static_cast<std::size_t>(std::find(buffer, buffer + kSize, '\0') - buffer)) {
  }
  template <typename Pointer>
  requires(std::same_as<Pointer, const char*> || std::same_as<Pointer, char*>)
      Name(const Pointer& text)  // NOLINT: implicit
      : bytes_(bytes_of(text)) {}
  Name(std::nullptr_t) = delete;

  operator std::string_view() const { return bytes_; }  // NOLINT: implicit

 private:
  std::string_view bytes_;
};

}  // namespace detail

// The place of a key, of a field of a map, of a row or of everything below one of them. Keys are
// byte strings of at most 64 KiB. A value type; making one touches no store.
class Key {
 public:
  // A key of database 0. Implicit, so that handles take plain strings (see detail::Name). Throws
  // Error: kTooLarge when it is over 64 KiB, kInvalid for a null pointer.
  template <typename Text>
  requires(!std::same_as<std::remove_cvref_t<Text>, Key> &&
           std::convertible_to<Text&&, detail::Name>) Key(Text&& key)  // NOLINT: implicit
      : Key(0, detail::Name(key)) {}
  // A key of one of the databases 0 to 15.
  Key(std::uint8_t database, const detail::Name& key);
  // All keys of a database.
  static Key all(std::uint8_t database);

  // A field of the map at this key: a key in small, which may hold any type.
  [[nodiscard]] Key field(const detail::Name& name) const;
  // The row of a string or flag, or everything in a set, map or sorted set.
  [[nodiscard]] Key of(Type type) const;
  // The row of an element of the set at this key, of any kind.
  [[nodiscard]] Key element(const detail::Name& element, Type set = Type::kSet) const;

  // A row below an element: what lists and texts say of it besides its value.
  [[nodiscard]] Key part(const detail::Name& name) const;

  // The key as the user named it, of a field the path "key/field".
  [[nodiscard]] std::string name() const;
  // The path in its stored encoding (docs/formats.md).
  [[nodiscard]] const std::string& encoded() const { return encoded_; }

  auto operator<=>(const Key&) const = default;

 private:
  Key() = default;
  std::string encoded_;
};

}  // namespace anabranch
