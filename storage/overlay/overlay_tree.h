// The changes that the tables on disk lack, in memory: a B+tree of keys with values, or without one
// where a key was removed. One writer changes it; each version that it publishes stays as it is for
// all readers that hold it.
//
// A node that a published version has is copied when it is changed, with the nodes above it; nodes
// made since the last version are changed in place. What a new version no longer has is retired,
// and used again once no reader is at an older version of this tree: no reference is counted, and
// neither side waits. (Copy-on-write B-trees: O. Rodeh, "B-trees, shadowing, and clones", 2008.
// Retiring by versions: versions.h.)
//
// Keys are never taken out: a removed key hides the one on disk. An inner node has no key for its
// first child, so a new smallest key finds its place like any other.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string_view>

#include "storage/overlay/overlay_key.h"
#include "storage/overlay/overlay_memory.h"
#include "storage/overlay/overlay_node.h"

namespace anabranch::storage {

// One version of a tree. As long as the reader that got it holds its version (versions.h), any
// thread may read it. A default one has no keys.
class OverlayRoot {
 public:
  OverlayRoot() = default;
  explicit OverlayRoot(const OverlayNode* node) : node_(node) {}

  // Returns the entry of a key; null when the version does not have the key.
  [[nodiscard]] const OverlayEntry* find(const OverlayKey& key) const;
  // Returns the entry with the least key that is not below this one, of any table; null when there
  // is none.
  [[nodiscard]] const OverlayEntry* at_or_after(const OverlayKey& key) const;
  [[nodiscard]] const OverlayNode* node() const { return node_; }

 private:
  const OverlayNode* node_ = nullptr;
};

// For one thread at a time, but for its versions.
class OverlayTree {
 public:
  // Sets a key, or notes that it was removed. Keys have at most 64 KiB, values at most 4 GiB - 2.
  // Throws std::bad_alloc; then only earlier versions may be used.
  void put(const OverlayKey& key, std::optional<std::string_view> value);

  // Ends the version that is being made, and returns it. `number` is that of the first version with
  // it among all that readers may hold (versions.h).
  OverlayRoot publish(std::uint64_t number);
  // The state with all changes, also those of no version yet: for the writer, until the next put.
  [[nodiscard]] OverlayRoot newest() const { return OverlayRoot(root_); }
  // Uses the memory of what no version from `oldest` on has again. Does not much more work than
  // what was retired since the last call: the rest is left for the next ones.
  void reclaim(std::uint64_t oldest);

  // The number of keys, removed ones too.
  [[nodiscard]] std::uint64_t keys() const { return keys_; }
  // The bytes allocated, and in use or retired.
  [[nodiscard]] std::uint64_t allocated() const { return memory_.allocated(); }
  [[nodiscard]] std::uint64_t used() const { return memory_.used(); }
  // The pieces that are retired, and not reclaimed.
  [[nodiscard]] std::size_t retired() const { return retired_.size(); }

  // Frees at most so many chunks of memory; no version may be held any more, and the tree may only
  // be released further or destroyed. Returns whether some are left.
  bool release(std::size_t most);

 private:
  struct Retired {
    const void* piece;
    std::size_t size;
  };
  // So many pieces that a version is the first without.
  struct RetiredGroup {
    std::uint64_t version;
    std::size_t pieces;
  };
  // A node on the way from the root, and the number of the child that the way goes on with.
  struct Step {
    OverlayInner* node;
    std::size_t at;
  };
  // What a child that was split hands to the node above: the first key of its right half, or a
  // shorter one that parts the halves as well.
  struct Split {
    const OverlayEntry* separator = nullptr;
    OverlayNode* right = nullptr;
  };

  [[nodiscard]] const OverlayEntry* make_entry(const OverlayKey& key,
                                               std::optional<std::string_view> value);
  OverlayNode* make_node(bool leaf);
  // Returns the node, or a copy of it in its place, that may be changed.
  OverlayNode* own(OverlayNode*& place);
  // Retires a node, and returns a copy of it.
  OverlayNode* copy_of(const OverlayNode& node);
  // Puts the right half of a child into the nodes above it: those of the path from the root.
  void put_split(std::span<const Step> path, Split split);
  Split split_leaf(OverlayNode& leaf, std::size_t at, const OverlayEntry* entry);
  Split split_inner(OverlayInner& inner, std::size_t at, const Split& split);
  void retire(const void* piece, std::size_t size);

  OverlayMemory memory_;
  OverlayNode* root_ = nullptr;
  std::uint64_t build_ = 1;  // Counts versions of this tree; the one being made.
  std::uint64_t keys_ = 0;
  std::deque<Retired> retired_;
  std::deque<RetiredGroup> groups_;  // Of the first of those.
  std::size_t ungrouped_ = 0;        // The rest of them, retired since the last version.
  std::size_t grouped_since_ = 0;    // Pieces, since the last call of reclaim().
};

}  // namespace anabranch::storage
