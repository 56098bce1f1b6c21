#include "storage/overlay/overlay_tree.h"

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

#include "core/assert.h"

namespace anabranch::storage {

namespace {

std::size_t node_size(bool leaf) { return leaf ? sizeof(OverlayNode) : sizeof(OverlayInner); }

const OverlayInner& inner_of(const OverlayNode& node) {
  return static_cast<const OverlayInner&>(node);
}
OverlayInner& inner_of(OverlayNode& node) { return static_cast<OverlayInner&>(node); }

// Returns the shortest key above `left` that is not above `right`.
std::string_view between(std::string_view left, std::string_view right) {
  const auto most = std::min(left.size(), right.size());
  std::size_t same = 0;
  while (same < most && left[same] == right[same]) ++same;
  return right.substr(0, same + 1);
}

}  // namespace

const OverlayEntry* OverlayRoot::find(const OverlayKey& key) const {
  const OverlayNode* node = node_;
  if (node == nullptr) return nullptr;
  while (!node->leaf) {
    const OverlayInner& inner = inner_of(*node);
    node = inner.children[inner.child(key)];
    node->prefetch();
  }
  const OverlayNode::Place place = node->find(key);
  return place.found ? node->entries[place.at] : nullptr;
}

const OverlayEntry* OverlayRoot::at_or_after(const OverlayKey& key) const {
  const OverlayNode* node = node_;
  if (node == nullptr) return nullptr;
  const OverlayNode* next = nullptr;  // The nearest one that has only greater keys.
  while (!node->leaf) {
    const OverlayInner& inner = inner_of(*node);
    const std::size_t at = inner.child(key);
    if (at < inner.count) next = inner.children[at + 1];
    node = inner.children[at];
    node->prefetch();
  }
  const std::size_t at = node->find(key).at;
  if (at < node->count) return node->entries[at];
  if (next == nullptr) return nullptr;
  while (!next->leaf) next = inner_of(*next).children[0];
  return next->entries[0];
}

// ---- Pieces.

const OverlayEntry* OverlayTree::make_entry(const OverlayKey& key,
                                            std::optional<std::string_view> value) {
  ANABRANCH_ASSERT(key.size() <= std::numeric_limits<std::uint16_t>::max());
  ANABRANCH_ASSERT(!value || value->size() < OverlayEntry::kRemoved);
  const std::size_t value_size = value ? value->size() : 0;
  void* const piece = memory_.take(OverlayEntry::size(key.size(), value_size));
  auto* const entry = new (piece)
      OverlayEntry{static_cast<std::uint32_t>(key.size()),
                   value ? static_cast<std::uint32_t>(value_size) : OverlayEntry::kRemoved};
  char* const bytes = reinterpret_cast<char*>(entry + 1);
  key.copy_to(bytes);
  if (value) std::copy(value->begin(), value->end(), bytes + key.size());
  return entry;
}

OverlayNode* OverlayTree::make_node(bool leaf) {
  void* const piece = memory_.take(node_size(leaf));
  auto* const node = leaf ? new (piece) OverlayNode : new (piece) OverlayInner;
  node->leaf = leaf;
  node->build = build_;
  return node;
}

inline OverlayNode* OverlayTree::own(OverlayNode*& place) {
  return place->build == build_ ? place : place = copy_of(*place);
}

OverlayNode* OverlayTree::copy_of(const OverlayNode& node) {
  OverlayNode* const copy = make_node(node.leaf);
  copy->copy_entries(node);
  if (!node.leaf) inner_of(*copy).copy_inner(inner_of(node));
  retire(&node, node_size(node.leaf));
  return copy;
}

void OverlayTree::retire(const void* piece, std::size_t size) {
  retired_.push_back({piece, size});
  ++ungrouped_;
}

// ---- Changes.

void OverlayTree::put(const OverlayKey& key, std::optional<std::string_view> value) {
  const OverlayEntry* const entry = make_entry(key, value);
  if (root_ == nullptr) {
    root_ = make_node(true);
    root_->clear();
  }
  std::array<Step, kOverlayDepthMax> path;  // From the root on.
  std::size_t depth = 0;
  OverlayNode* node = own(root_);
  while (!node->leaf) {
    OverlayInner& inner = inner_of(*node);
    const std::size_t at = inner.child(key);
    ANABRANCH_ASSERT(depth < path.size());
    path[depth++] = {&inner, at};
    node = own(inner.children[at]);
  }
  const auto [at, found] = node->find(key);
  if (found) {
    const OverlayEntry* const before = std::exchange(node->entries[at], entry);
    return retire(before, before->size());
  }
  ++keys_;
  if (node->count < OverlayNode::kWidth) return node->insert(at, entry);
  put_split({path.data(), depth}, split_leaf(*node, at, entry));
}

void OverlayTree::put_split(std::span<const Step> path, Split split) {
  for (; !path.empty(); path = path.first(path.size() - 1)) {
    const auto [inner, at] = path.back();
    if (inner->count < OverlayNode::kWidth) {
      return inner->insert_child(at, split.separator, split.right);
    }
    split = split_inner(*inner, at, split);
  }
  OverlayInner& above = inner_of(*make_node(false));
  above.children[0] = root_;
  above.insert_child(0, split.separator, split.right);
  root_ = &above;
}

OverlayTree::Split OverlayTree::split_leaf(OverlayNode& leaf, std::size_t at,
                                           const OverlayEntry* entry) {
  OverlayNode* const right = make_node(true);
  // Keys that come in ascending order fill their leaves.
  const std::size_t middle = at == leaf.count ? at : OverlayNode::kWidth / 2;
  leaf.split(middle, *right);
  if (at > middle || (at == middle && right->count == 0)) {
    right->insert(at - middle, entry);
  } else {
    leaf.insert(at, entry);
  }
  const std::string_view last = leaf.entries[leaf.count - std::size_t{1}]->key();
  return Split{make_entry(OverlayKey::of(between(last, right->entries[0]->key())), std::nullopt),
               right};
}

// The middle entry goes up, and parts the halves.
OverlayTree::Split OverlayTree::split_inner(OverlayInner& inner, std::size_t at,
                                            const Split& split) {
  const bool ascending = at == inner.count;
  const std::size_t middle = ascending ? inner.count - std::size_t{1} : OverlayNode::kWidth / 2;
  OverlayInner& right = inner_of(*make_node(false));
  const OverlayEntry* const separator = inner.split_children(middle, right);
  if (at <= middle) {
    inner.insert_child(at, split.separator, split.right);
  } else {
    right.insert_child(at - middle - 1, split.separator, split.right);
  }
  return {separator, &right};
}

// ---- Versions.

OverlayRoot OverlayTree::publish(std::uint64_t number) {
  ++build_;
  if (ungrouped_ > 0) groups_.push_back({number, ungrouped_});
  grouped_since_ += std::exchange(ungrouped_, 0);
  return OverlayRoot(root_);
}

void OverlayTree::reclaim(std::uint64_t oldest) {
  constexpr std::size_t kMore = 64;
  std::size_t left = 2 * std::exchange(grouped_since_, 0) + kMore;
  while (left > 0 && !groups_.empty() && groups_.front().version <= oldest) {
    RetiredGroup& group = groups_.front();
    for (; left > 0 && group.pieces > 0; --left, --group.pieces) {
      const Retired& each = retired_.front();
      memory_.give(const_cast<void*>(each.piece), each.size);
      retired_.pop_front();
    }
    if (group.pieces == 0) groups_.pop_front();
  }
}

bool OverlayTree::release(std::size_t most) {
  root_ = nullptr;
  retired_.clear();
  groups_.clear();
  ungrouped_ = 0;
  keys_ = 0;
  return memory_.release(most);
}

}  // namespace anabranch::storage
