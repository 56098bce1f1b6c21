// Keys: names of the places of values.
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
#include <anabranch/short_bytes.h>

namespace anabranch {

// The type of a key. The order of the values decides which type is shown when regions concurrently
// gave one key different types; all of them stay until the key is removed or overwritten.
enum class Type : char {
  kNone = 0,               // No value.
  kString = 's',           // Register and counters: one row; shows the register plus the sum.
  kEnableWinsFlag = 'f',   // Flag; of concurrent changes the one that enables wins.
  kDisableWinsFlag = 'F',  // Flag; of concurrent changes the one that disables wins.
  kSet = 'e',              // Set; an insert survives a concurrent remove.
  kRemoveWinsSet = 'E',    // Set; a remove takes concurrent inserts away.
  kMap = 'h',              // Map.
  kSortedSet = 'z',        // Sorted set; members with scores, in the order of these.
  kList = 'l',             // List.
  kText = 't',             // Text.
  kItemList = 'i',         // List of containers.
};

// Returns the name of a type: "none", "string", "set", "hash", "zset" and "list" as in Redis, and
// "enable-wins-flag", "disable-wins-flag", "remove-wins-set", "text" and "item-list".
std::string_view to_string(Type type);

namespace detail {

// Returns the bytes of a C string. Throws Error{kInvalid} for a null pointer.
inline std::string_view bytes_of(const char* text) {
  if (text == nullptr) throw Error(ErrorCode::kInvalid, "a key or name is a null pointer");
  return text;
}

// The name of a key, field or element as bytes. Of a string or a string view: its bytes; of a
// literal: all its bytes, also a NUL and the bytes behind it; of a pointer or a buffer: the bytes
// before the first NUL. A null pointer throws Error{kInvalid}; nullptr does not compile. An array
// of const char counts as a literal: for a constant buffer write std::string_view(buffer.data()).
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
// byte strings of at most 64 KiB. A value type; constructing a Key accesses no store.
class Key {
 public:
  // A key of database 0. Implicit, so that handles take plain strings (see detail::Name). Throws
  // Error: kTooLarge when the key is over 64 KiB, kInvalid for a null pointer.
  template <typename Text>
  requires(!std::same_as<std::remove_cvref_t<Text>, Key> &&
           std::convertible_to<Text&&, detail::Name>) Key(Text&& key)  // NOLINT: implicit
      : Key(0, detail::Name(key)) {}
  // A key of one of the databases 0 to 15.
  Key(std::uint8_t database, const detail::Name& key);
  // Returns the place of all keys of a database.
  static Key all(std::uint8_t database);

  // Returns a field of the map at this key. A field is a small key and may hold any type.
  [[nodiscard]] Key field(const detail::Name& name) const;
  // Returns the row of a string or flag, or the place of all rows of a key of another type.
  [[nodiscard]] Key of(Type type) const;
  // Returns the row of an element of the set at this key, of any kind of set; of an element of a
  // list of containers also the place of all that is in it.
  [[nodiscard]] Key element(const detail::Name& element, Type set = Type::kSet) const;

  // Returns a row below an element: data of lists and texts about the element besides its value.
  [[nodiscard]] Key part(const detail::Name& name) const;

  // Returns the key as the user named it; of a field the path "key/field".
  [[nodiscard]] std::string name() const;
  // Returns the path in its stored encoding (docs/formats.md).
  // Valid as long as the key.
  [[nodiscard]] std::string_view encoded() const { return encoded_; }
  // Returns the same bytes in the form in which the key keeps them: a copy costs less.
  [[nodiscard]] const detail::ShortBytes& kept() const { return encoded_; }

  auto operator<=>(const Key&) const = default;

 private:
  Key() = default;
  detail::ShortBytes encoded_;
};

}  // namespace anabranch
