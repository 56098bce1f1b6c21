// Keys: where a value lives.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

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

// The place of a key, of a field of a map, of a row or of everything below one of them. Keys are
// byte strings of at most 64 KiB. A value type; making one touches no store.
class Key {
 public:
  // A key of database 0. Implicit, so that handles take plain strings. Throws Error{kTooLarge} when
  // it is over 64 KiB.
  Key(std::string_view key) : Key(0, key) {}                   // NOLINT: implicit
  Key(const char* key) : Key(std::string_view(key)) {}         // NOLINT: implicit
  Key(const std::string& key) : Key(std::string_view(key)) {}  // NOLINT: implicit
  // A key of one of the databases 0 to 15.
  Key(std::uint8_t database, std::string_view key);
  // All keys of a database.
  static Key all(std::uint8_t database);

  // A field of the map at this key: a key in small, which may hold any type.
  [[nodiscard]] Key field(std::string_view name) const;
  // The row of a string or flag, or everything in a set, map or sorted set.
  [[nodiscard]] Key of(Type type) const;
  // The row of an element of the set at this key, of any kind.
  [[nodiscard]] Key element(std::string_view element, Type set = Type::kSet) const;

  // A row below an element: what lists and texts say of it besides its value.
  [[nodiscard]] Key part(std::string_view name) const;

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
