// Between a source of keys and their target: a source says where it is, then names a key, hands its
// contents over piece by piece, and ends it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/result.h"

namespace anabranch::server::cli {

// The limits of a leader, and its number of databases.
constexpr std::size_t kNameBytesMax = std::size_t{64} << 10U;
constexpr std::size_t kValueBytesMax = std::size_t{32} << 20U;
constexpr std::uint32_t kDatabases = 16;

enum class KeyKind : std::uint8_t { kString, kHash, kSet };

struct KeyHead {
  std::uint32_t database = 0;
  std::string key;
  KeyKind kind = KeyKind::kString;
  std::optional<std::int64_t> expires_ms;  // Since 1970.
};

// A place in a source: the offset in a file, or the cursor of SCAN.
struct Position {
  std::uint32_t database = 0;
  std::uint64_t at = 0;

  friend bool operator==(const Position&, const Position&) = default;
};

// Not thread-safe. A failure ends the import.
class KeySink {
 public:
  KeySink() = default;
  KeySink(const KeySink&) = delete;
  KeySink& operator=(const KeySink&) = delete;
  virtual ~KeySink() = default;

  // Between keys: a source that begins at this position names all keys that were not named yet.
  virtual core::Result<void> boundary(const Position& position) = 0;
  // Names a key. Its items and end() follow.
  virtual core::Result<void> begin(KeyHead head) = 0;
  // Takes a value of a string, a member of a set, or a field with its value. A part that is over
  // the limits is left out and reported.
  virtual core::Result<void> item(std::string_view first, std::string_view second) = 0;
  virtual core::Result<void> end() = 0;
  // Reports a key, or a part of it, that is not handed over.
  virtual void leave_out(const std::string& reason, std::uint32_t database,
                         std::string_view key) = 0;
};

}  // namespace anabranch::server::cli
