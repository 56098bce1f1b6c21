// The nodes of an overlay's tree, and the search within one. A node that readers may see never
// changes: the writer copies it.
//
// Keys within one node mostly begin alike. A node knows how many first bytes all its keys share,
// with a copy of the first of these, and holds the next eight of each key as a number: a search
// compares numbers, and reads a key itself, elsewhere in memory, only where they are equal (as the
// poor man's normalized keys of G. Graefe and P. Larson, "B-tree indexes and CPU caches", 2001).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/overlay/overlay_key.h"

namespace anabranch::storage {

// A key with its value, or without one: removed. The bytes follow the struct.
struct OverlayEntry {
  static constexpr std::uint32_t kRemoved = 0xffff'ffff;

  std::uint32_t key_size = 0;
  std::uint32_t value_size = 0;

  [[nodiscard]] const char* bytes() const { return reinterpret_cast<const char*>(this + 1); }
  [[nodiscard]] std::string_view key() const { return {bytes(), key_size}; }
  [[nodiscard]] bool removed() const { return value_size == kRemoved; }
  // Returns nullopt when the key was removed.
  [[nodiscard]] std::optional<std::string_view> value() const {
    if (removed()) return std::nullopt;
    return std::string_view(bytes() + key_size, value_size);
  }
  // The bytes that an entry takes.
  static std::size_t size(std::size_t key_size, std::size_t value_size) {
    return sizeof(OverlayEntry) + key_size + value_size;
  }
  [[nodiscard]] std::size_t size() const { return size(key_size, removed() ? 0 : value_size); }
};

struct OverlayNode {
  static constexpr std::size_t kWidth = 48;
  static constexpr std::size_t kPrefixMax = 40;

  std::uint64_t build = 0;   // The version of its tree that it was made for.
  std::uint16_t count = 0;   // Of entries.
  std::uint16_t shared = 0;  // So many first bytes all keys have in common.
  bool leaf = true;
  std::array<char, kPrefixMax> prefix;              // The first of the shared bytes.
  std::array<std::uint64_t, kWidth> heads;          // Sorted, as the entries.
  std::array<const OverlayEntry*, kWidth> entries;  // Of an inner node: keys alone.

  struct Place {
    std::size_t at = 0;  // The number of entries with keys below the one that was looked for.
    bool found = false;  // Whether the entry there has this key.
    // Of an inner node: the number of the child that has the key.
    [[nodiscard]] std::size_t child() const { return at + (found ? 1 : 0); }
  };
  [[nodiscard]] Place find(const OverlayKey& key) const;
  // Has the processor fetch all that a search reads of the node itself: a search waits for memory
  // once then, and not at each of its steps.
  void prefetch() const {
    constexpr std::size_t kLine = 64;
    __builtin_prefetch(this);
    const auto* const first = reinterpret_cast<const char*>(heads.data());
    for (std::size_t at = 0; at < sizeof heads + sizeof entries; at += kLine) {
      __builtin_prefetch(first + at);
    }
  }
  // Makes the entries of a new node those of `other`.
  void copy_entries(const OverlayNode& other);
  // Makes room for an entry at `at`, and puts it there. The node must not be full.
  void insert(std::size_t at, const OverlayEntry* entry);
  // Moves the entries from `from` on to the empty node `right`.
  void split(std::size_t from, OverlayNode& right);

 private:
  // Sets `shared`, the prefix and all heads as the entries are.
  void refresh();
  // Compares the shared bytes with those of a key, as memcmp() does; those that a shorter key has.
  [[nodiscard]] int compare_shared(const OverlayKey& key) const;
  [[nodiscard]] std::uint64_t head_of(const OverlayKey& key) const;
  [[nodiscard]] std::size_t heads_below(std::uint64_t head) const;
};

// A node with children: child i has the keys from entry i - 1 up to entry i.
struct OverlayInner : OverlayNode {
  std::array<OverlayNode*, kWidth + 1> children;

  void copy_children(const OverlayInner& other);
};

}  // namespace anabranch::storage
