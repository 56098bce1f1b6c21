#include "storage/overlay/overlay_node.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

namespace anabranch::storage {

namespace {

constexpr std::size_t kHeadBytes = sizeof(std::uint64_t);

std::size_t common_prefix(std::string_view a, std::string_view b) {
  const std::size_t most =
      std::min({a.size(), b.size(), std::size_t{std::numeric_limits<std::uint16_t>::max()}});
  const auto differs =
      std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(most), b.begin());
  return static_cast<std::size_t>(differs.first - a.begin());
}

}  // namespace

std::uint64_t OverlayNode::head_of(const OverlayKey& key) const {
  std::uint64_t head = shared == 0 ? static_cast<unsigned char>(key.table()) : 0U;
  const std::size_t bytes = shared == 0 ? kHeadBytes - 1 : kHeadBytes;
  const std::string_view rest = key.behind(std::max<std::size_t>(shared, 1)).substr(0, bytes);
  if (rest.size() == kHeadBytes) {
    std::memcpy(&head, rest.data(), kHeadBytes);
    if constexpr (std::endian::native == std::endian::little) head = __builtin_bswap64(head);
    return head;
  }
  for (std::size_t i = 0; i < bytes; ++i) {
    head = head << 8U | (i < rest.size() ? static_cast<unsigned char>(rest[i]) : 0U);
  }
  return head;
}

OverlayNode::Place OverlayNode::find(const OverlayKey& key) const {
  if (count == 0) return {};
  const int prefix_order = compare_shared(key);
  if (prefix_order != 0) return {prefix_order < 0 ? 0U : count, false};
  if (key.size() < shared) return {};
  const std::uint64_t head = head_of(key);
  const std::size_t first = heads_below(head);
  if (first == count || heads[first] != head) return {first, false};
  // Mostly a head is that of one entry alone.
  if (const int order = key.compare(entries[first]->key()); order <= 0) return {first, order == 0};
  const auto begin = entries.begin();
  const auto heads_end = std::upper_bound(heads.begin() + first, heads.begin() + count, head);
  const auto end = begin + (heads_end - heads.begin());
  const auto at = std::partition_point(begin + first + 1, end, [&](const OverlayEntry* each) {
    return key.compare(each->key()) > 0;
  });
  return {static_cast<std::size_t>(at - begin), at != end && key.compare((*at)->key()) == 0};
}

int OverlayNode::compare_shared(const OverlayKey& key) const {
  const auto size = std::min<std::size_t>(key.size(), shared);
  return key.compare_first(size <= kPrefixMax ? prefix.data() : entries[0]->bytes(), size);
}

// A binary search without branches that depend on the heads.
std::size_t OverlayNode::heads_below(std::uint64_t head) const {
  const std::uint64_t* from = heads.data();
  for (std::size_t left = count; left > 0;) {
    const std::size_t half = (left + 1) / 2;
    from += from[half - 1] < head ? half : 0;
    left -= half;
  }
  return static_cast<std::size_t>(from - heads.data());
}

void OverlayNode::copy_entries(const OverlayNode& other) {
  count = other.count;
  shared = other.shared;
  prefix = other.prefix;
  std::copy_n(other.heads.begin(), count, heads.begin());
  std::copy_n(other.entries.begin(), count, entries.begin());
}

void OverlayInner::copy_children(const OverlayInner& other) {
  std::copy_n(other.children.begin(), other.count + std::size_t{1}, children.begin());
}

void OverlayNode::insert(std::size_t at, const OverlayEntry* entry) {
  const auto from = static_cast<std::ptrdiff_t>(at);
  const auto end = static_cast<std::ptrdiff_t>(count);
  std::copy_backward(heads.begin() + from, heads.begin() + end, heads.begin() + end + 1);
  std::copy_backward(entries.begin() + from, entries.begin() + end, entries.begin() + end + 1);
  entries[at] = entry;
  ++count;
  const std::string_view other = entries[at == 0 && count > 1 ? 1 : 0]->key();
  // At times also to see whether all have more in common than when there were fewer.
  if (common_prefix(entry->key(), other) < shared || std::has_single_bit(count)) {
    refresh();
  } else {
    heads[at] = head_of(OverlayKey::of(entry->key()));
  }
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
  for (std::size_t i = 0; i < count; ++i) heads[i] = head_of(OverlayKey::of(entries[i]->key()));
}

}  // namespace anabranch::storage
