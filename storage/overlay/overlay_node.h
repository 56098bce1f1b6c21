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
  // The head of no entry. Some entry may have it, too.
  static constexpr std::uint64_t kNoHead = ~std::uint64_t{0};

  std::uint64_t build = 0;   // The version of its tree that it was made for.
  std::uint16_t count = 0;   // Of entries.
  std::uint16_t shared = 0;  // So many first bytes all keys have in common.
  bool leaf = true;
  std::array<char, kPrefixMax> prefix;              // The first of the shared bytes.
  std::array<std::uint64_t, kWidth> heads;          // Sorted, as the entries; then kNoHead.
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
#pragma GCC unroll 16
    for (std::size_t at = 0; at < sizeof heads + sizeof entries; at += kLine) {
      __builtin_prefetch(first + at);
    }
  }
  // Makes a new node one without entries.
  void clear();
  // Makes the entries of a new node those of `other`.
  void copy_entries(const OverlayNode& other);
  // Makes room for an entry at `at`, and puts it there. The node must not be full.
  void insert(std::size_t at, const OverlayEntry* entry);
  // Takes the last entry out.
  const OverlayEntry* take_last();
  // Moves the entries from `from` on to the new node `right`.
  void split(std::size_t from, OverlayNode& right);

 protected:
  // Some entries: from `first` on, and before `end`.
  struct Stretch {
    std::size_t first;
    std::size_t end;
  };
  // Eight bytes of each entry's key: those from `at` on.
  struct Words {
    const std::uint64_t* of;
    std::size_t at;
  };

  // The bytes that all keys share.
  [[nodiscard]] const char* shared_bytes() const {
    return shared <= kPrefixMax ? prefix.data() : entries[0]->bytes();
  }
  // The place of a key that lacks the shared bytes: before or behind all others.
  [[nodiscard]] std::size_t beside(const OverlayKey& key) const;
  [[nodiscard]] std::size_t heads_below(std::uint64_t head) const;
  // Finds a key among the entries of the stretch: all share the bytes before these words. The key
  // has the word of the first one, and the entries behind the stretch have greater words.
  [[nodiscard]] Place find_among(const OverlayKey& key, const Words& words, Stretch stretch) const;

 private:
  // Sets `shared`, the prefix and all heads as the entries are.
  void refresh();
  [[nodiscard]] std::uint64_t head_of(const OverlayEntry& entry) const {
    return OverlayKey::of(entry.key()).word_behind(shared);
  }
};

// A tree of 2^64 keys has fewer levels.
inline constexpr std::size_t kOverlayDepthMax = 16;

// A node with children: child i has the keys from entry i - 1 up to entry i.
//
// The keys of an inner node may begin in a few different ways, and then continue alike. So of
// entries with one head it also knows how many bytes these share, and the eight behind them.
struct OverlayInner : OverlayNode {
  std::array<std::uint16_t, kWidth> alike;    // So many bytes those with this head share.
  std::array<std::uint64_t, kWidth> seconds;  // The next bytes. Both only where there are two.
  std::array<OverlayNode*, kWidth + 1> children;

  // Returns the number of the child that has the key, or would have it.
  [[nodiscard]] std::size_t child(const OverlayKey& key) const;
  // Makes this, with entries, a copy of `other`.
  void copy_inner(const OverlayInner& other);
  // Makes `right` the child behind child `at`, parted by `separator`. The node must not be full.
  void insert_child(std::size_t at, const OverlayEntry* separator, OverlayNode* right);
  // Moves the children behind child `middle` to the new node `right`; returns the entry that parts
  // both.
  const OverlayEntry* split_children(std::size_t middle, OverlayInner& right);

 private:
  // The entries with the head of entry `first`, the first of them.
  [[nodiscard]] Stretch same_heads(std::size_t first) const;
  [[nodiscard]] std::size_t child_among(const OverlayKey& key, Stretch same) const;
  // Sets `alike` and `seconds` as the entries are.
  void look_further();
  void look_further(Stretch same);
};

}  // namespace anabranch::storage
