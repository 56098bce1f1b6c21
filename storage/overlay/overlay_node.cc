#include "storage/overlay/overlay_node.h"

#include <algorithm>
#include <limits>

namespace anabranch::storage {

namespace {

std::size_t common_prefix(std::string_view a, std::string_view b) {
  constexpr std::size_t kMost = std::numeric_limits<std::uint16_t>::max();
  return core::common_bytes(a.data(), b.data(), std::min({a.size(), b.size(), kMost}));
}

// A step of a binary search: passes `size` words if all of them are below `word`.
[[gnu::always_inline]] inline std::size_t step(const std::uint64_t* words, std::size_t below,
                                               std::size_t size, std::uint64_t word) {
  const auto is_below = -static_cast<std::size_t>(words[below + size - 1] < word);
  return below + (size & is_below);  // All bits of the size, or none.
}

}  // namespace

// A binary search without branches that depend on the heads: its way cannot be foreseen.
[[gnu::always_inline]] inline std::size_t OverlayNode::heads_below(std::uint64_t head) const {
  static_assert(kWidth == 24 + 12 + 6 + 3 + 2 + 1);
  std::size_t below = step(heads.data(), 0, 24, head);
  below = step(heads.data(), below, 12, head);
  below = step(heads.data(), below, 6, head);
  below = step(heads.data(), below, 3, head);
  below = step(heads.data(), below, 2, head);
  return step(heads.data(), below, 1, head);
}

OverlayNode::Place OverlayNode::find(const OverlayKey& key) const {
  if (!key.begins_with(shared_bytes(), shared)) return {beside(key), false};
  const std::uint64_t head = key.word_behind(shared);
  const std::size_t first = heads_below(head);
  if (first == count || heads[first] != head) return {first, false};
  return find_among(key, {heads.data(), shared}, {first, count});
}

std::size_t OverlayNode::beside(const OverlayKey& key) const {
  const auto size = std::min<std::size_t>(key.size(), shared);
  return key.compare_first(shared_bytes(), size) > 0 ? count : 0U;
}

OverlayNode::Place OverlayNode::find_among(const OverlayKey& key, const Words& words,
                                           Stretch stretch) const {
  const std::uint64_t word = words.of[stretch.first];
  const std::size_t skip = words.at + core::kWordBytes;
  // Mostly a word is that of one entry alone.
  for (std::size_t middle = stretch.first;;) {
    const int order =
        words.of[middle] != word ? -1 : key.compare_behind(skip, entries[middle]->key());
    if (order == 0) return {middle, true};
    if (order < 0) {
      stretch.end = middle;
    } else {
      stretch.first = middle + 1;
    }
    if (stretch.first == stretch.end) return {stretch.first, false};
    middle = stretch.first + (stretch.end - stretch.first) / 2;
  }
}

void OverlayNode::copy_entries(const OverlayNode& other) {
  count = other.count;
  shared = other.shared;
  prefix = other.prefix;
  heads = other.heads;
  std::copy_n(other.entries.begin(), count, entries.begin());
}

void OverlayNode::clear() {
  count = 0;
  refresh();
}

void OverlayNode::insert(std::size_t at, const OverlayEntry* entry) {
  const bool shares = OverlayKey::of(entry->key()).begins_with(shared_bytes(), shared);
  const auto from = static_cast<std::ptrdiff_t>(at);
  const auto end = static_cast<std::ptrdiff_t>(count);
  std::copy_backward(heads.begin() + from, heads.begin() + end, heads.begin() + end + 1);
  std::copy_backward(entries.begin() + from, entries.begin() + end, entries.begin() + end + 1);
  entries[at] = entry;
  ++count;
  // At times also to see whether all have more in common than when there were fewer.
  const bool is_power_of_two = (count & (count - 1U)) == 0;
  if (!shares || is_power_of_two) {
    refresh();
  } else {
    heads[at] = head_of(*entry);
  }
}

const OverlayEntry* OverlayNode::take_last() {
  heads[--count] = kNoHead;
  return entries[count];
}

void OverlayNode::split(std::size_t from, OverlayNode& right) {
  const auto first = static_cast<std::ptrdiff_t>(from);
  std::copy(entries.begin() + first, entries.begin() + count, right.entries.begin());
  right.count = static_cast<std::uint16_t>(count - from);
  count = static_cast<std::uint16_t>(from);
  refresh();
  right.refresh();
}

void OverlayNode::refresh() {
  shared = 0;
  if (count > 1) {
    shared = static_cast<std::uint16_t>(
        common_prefix(entries[0]->key(), entries[count - std::size_t{1}]->key()));
    std::copy_n(entries[0]->bytes(), std::min<std::size_t>(shared, kPrefixMax), prefix.begin());
  }
  for (std::size_t i = 0; i < count; ++i) heads[i] = head_of(*entries[i]);
  std::fill(heads.begin() + count, heads.end(), kNoHead);
}

// ---- Inner nodes.

std::size_t OverlayInner::child(const OverlayKey& key) const {
  if (!key.begins_with(shared_bytes(), shared)) return beside(key);
  const std::uint64_t head = key.word_behind(shared);
  const std::size_t first = heads_below(head);
  if (first == count || heads[first] != head) return first;
  const bool alone = first + 1 == count || heads[first + 1] != head;
  if (!alone) return child_among(key, same_heads(first));
  const int order = key.compare_behind(shared + core::kWordBytes, entries[first]->key());
  return order < 0 ? first : first + 1;
}

std::size_t OverlayInner::child_among(const OverlayKey& key, Stretch same) const {
  const std::size_t skip = shared + core::kWordBytes;
  const std::size_t more = alike[same.first];
  const std::size_t both = std::min(key.size(), more);
  if (both > skip) {
    const int order = key.compare_between(skip, both, entries[same.first]->bytes());
    if (order != 0) return order < 0 ? same.first : same.end;
  }
  if (key.size() < more) return same.first;
  const std::uint64_t word = key.word_behind(more);
  std::size_t at = same.first;
  for (std::size_t left = same.end - same.first; left > 0;) {
    const std::size_t half = (left + 1) / 2;
    at = step(seconds.data(), at, half, word);
    left -= half;
  }
  if (at == same.end || seconds[at] != word) return at;
  return find_among(key, {seconds.data(), more}, {at, same.end}).child();
}

OverlayNode::Stretch OverlayInner::same_heads(std::size_t first) const {
  const std::uint64_t head = heads[first];
  return {first, head == kNoHead ? count : heads_below(head + 1)};
}

void OverlayInner::copy_inner(const OverlayInner& other) {
  std::copy_n(other.children.begin(), other.count + std::size_t{1}, children.begin());
  std::copy_n(other.alike.begin(), other.count, alike.begin());
  std::copy_n(other.seconds.begin(), other.count, seconds.begin());
}

void OverlayInner::insert_child(std::size_t at, const OverlayEntry* separator, OverlayNode* right) {
  const auto from = children.begin() + static_cast<std::ptrdiff_t>(at) + 1;
  const auto end = children.begin() + count + 1;
  std::copy_backward(from, end, end + 1);
  *from = right;
  insert(at, separator);
  look_further();
}

const OverlayEntry* OverlayInner::split_children(std::size_t middle, OverlayInner& right) {
  const auto first = children.begin() + static_cast<std::ptrdiff_t>(middle) + 1;
  std::copy(first, children.begin() + count + 1, right.children.begin());
  split(middle + 1, right);
  const OverlayEntry* const separator = take_last();
  look_further();
  right.look_further();
  return separator;
}

void OverlayInner::look_further() {
  for (std::size_t i = 0; i < count;) {
    const Stretch same = same_heads(i);
    if (same.end - same.first > 1) look_further(same);
    i = same.end;
  }
}

void OverlayInner::look_further(Stretch same) {
  const std::size_t more = common_prefix(entries[same.first]->key(), entries[same.end - 1]->key());
  for (std::size_t i = same.first; i < same.end; ++i) {
    alike[i] = static_cast<std::uint16_t>(more);
    seconds[i] = OverlayKey::of(entries[i]->key()).word_behind(more);
  }
}

}  // namespace anabranch::storage
