// Paths: the addresses of rows. A path is a list of byte strings, encoded so that encodings sort as
// the lists do and a prefix of components is a prefix of bytes.
//
// Encoding: each component with 0x00 written as 0x00 0xFF, closed by 0x00 0x01.
//   {"a"}       61 00 01
//   {"a\0"}     61 00 FF 00 01
//   {"a", "b"}  61 00 01 62 00 01
// so {"a"} < {"a", "b"} < {"a\0"} < {"ab"}.
//
// Row keys: a storage key must be short. An encoding of more than 480 bytes is stored under its
// first 448 bytes, 00 02 (which no encoding contains) and 16 bytes of BLAKE2b; the row then holds
// the full path. Rows that share 448 bytes are therefore not in path order: a scan collects and
// sorts them (see rows/snapshot_reader.h).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/short_bytes.h>

#include "core/result.h"

namespace anabranch::core {

// The decoded form.
using Components = std::vector<std::string>;

// An encoded path; compares in path order. A value type.
class Path {
 public:
  static constexpr std::size_t kDirectSizeMax = 480;  // Longer encodings are stored by hash.
  static constexpr std::size_t kHashedPrefix = 448;   // This much of them stays readable.

  Path() = default;
  Path(std::initializer_list<std::string_view> components);
  static Path of(std::span<const std::string_view> components);
  static Path of(const Components& components);
  // Makes a path of foreign bytes; fails when they are no encoding.
  static Result<Path> from_encoded(std::string_view encoded);
  // Makes a path of an encoding that this process made, unchecked.
  static Path trusted(std::string_view encoded) { return Path(detail::ShortBytes(encoded)); }
  static Path trusted(const detail::ShortBytes& encoded) { return Path(encoded); }

  // Appends a component.
  Path& append(std::string_view component);
  [[nodiscard]] Path child(std::string_view component) const;
  // Returns the path without its last component; the path must not be empty.
  [[nodiscard]] Path parent() const;
  [[nodiscard]] Components components() const;
  // Returns the first component, decoded; the path must not be empty.
  [[nodiscard]] std::string first() const;
  // Returns the last component, decoded; the path must not be empty.
  [[nodiscard]] std::string last() const;

  // Valid as long as the path, unchanged.
  [[nodiscard]] std::string_view encoded() const { return encoded_; }
  [[nodiscard]] bool empty() const { return encoded_.empty(); }
  // Returns whether `other` is this path or lies below it.
  [[nodiscard]] bool is_prefix_of(const Path& other) const;

  auto operator<=>(const Path&) const = default;

 private:
  explicit Path(detail::ShortBytes encoded) : encoded_(std::move(encoded)) {}

  detail::ShortBytes encoded_;
};

// The hash of a path in unordered containers. With a random seed nobody can choose paths that are
// slow to find there.
struct PathHash {
  std::uint64_t seed = 0;
  std::size_t operator()(const Path& path) const;
};

// Appends the encoding of one component to an encoded path.
void append_component(std::string& encoded, std::string_view component);
void append_component(detail::ShortBytes& encoded, std::string_view component);

// Returns the storage key of the row at `path`: its encoding, or prefix and hash of a long one.
std::string row_key(const Path& path);
// Returns whether `path` is stored by hash, so that its row must contain the full path.
[[nodiscard]] bool is_hashed(const Path& path);
// Returns whether a storage key is of the hashed form.
[[nodiscard]] bool is_hashed_key(std::string_view key);

// Returns the smallest string greater than every string that starts with `prefix`; empty when there
// is none (the end of the table). For scans of everything below a prefix.
std::string prefix_end(std::string_view prefix);

}  // namespace anabranch::core
