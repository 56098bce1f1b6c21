#include "storage/wal/sparse_index.h"

#include <algorithm>

#include "core/hash.h"
#include "core/little_endian.h"

namespace anabranch::storage {
namespace {

constexpr std::string_view kFooterMagic = "abf1";
constexpr std::size_t kFooterSumAt = 8;
constexpr std::size_t kFooterSummedAt = 16;
constexpr std::size_t kEntrySize = 32;

std::uint64_t footer_sum(std::string_view footer) {
  return core::checksum64(footer.substr(kFooterSummedAt));
}

}  // namespace

void SparseIndex::push(const IndexEntry& entry) {
  by_origin_[entry.origin].push_back(static_cast<std::uint32_t>(entries_.size()));
  entries_.push_back(entry);
}

void SparseIndex::add(const IndexEntry& entry, bool always) {
  const auto same = by_origin_.find(entry.origin);
  if (!always && same != by_origin_.end()) {
    const IndexEntry& last = entries_[same->second.back()];
    if (last.place / kIndexBlock == entry.place / kIndexBlock) return;
  }
  push(entry);
}

void SparseIndex::cut(std::uint64_t place) {
  while (!entries_.empty() && entries_.back().place >= place) {
    const auto same = by_origin_.find(entries_.back().origin);
    same->second.pop_back();
    if (same->second.empty()) by_origin_.erase(same);
    entries_.pop_back();
  }
}

std::optional<IndexEntry> SparseIndex::last_until(core::Origin origin, core::Seq seq) const {
  const auto same = by_origin_.find(origin);
  if (same == by_origin_.end()) return std::nullopt;
  const auto behind = std::ranges::partition_point(
      same->second, [&](std::uint32_t at) { return entries_[at].first <= seq; });
  if (behind == same->second.begin()) return std::nullopt;
  return entries_[*std::prev(behind)];
}

std::optional<IndexEntry> SparseIndex::first_behind(core::Origin origin, Position position) const {
  const auto same = by_origin_.find(origin);
  if (same == by_origin_.end()) return std::nullopt;
  const auto first = std::ranges::partition_point(
      same->second, [&](std::uint32_t at) { return entries_[at].position <= position; });
  if (first == same->second.end()) return std::nullopt;
  return entries_[*first];
}

std::optional<std::uint64_t> SparseIndex::place_before(Position position) const {
  const auto behind =
      std::upper_bound(entries_.begin(), entries_.end(), position,
                       [](Position at, const IndexEntry& entry) { return at < entry.position; });
  if (behind == entries_.begin()) return std::nullopt;
  return std::prev(behind)->place;
}

std::uint64_t SparseIndex::encoded_size(std::uint64_t more) const {
  return kFooterHeadSize + (entries_.size() + more) * kEntrySize;
}

std::string SparseIndex::encode(std::uint64_t end) const {
  std::string out(kFooterMagic);
  core::put_little(out, 0, 4);
  core::put_little(out, 0, 8);
  core::put_little(out, end, 8);
  core::put_little(out, entries_.size(), 8);
  for (const IndexEntry& entry : entries_) {
    core::put_little(out, entry.origin, 8);
    core::put_little(out, entry.first, 8);
    core::put_little(out, entry.position, 8);
    core::put_little(out, entry.place, 8);
  }
  std::string sum;
  core::put_little(sum, footer_sum(out), kFooterSummedAt - kFooterSumAt);
  return out.replace(kFooterSumAt, sum.size(), sum);
}

std::optional<std::uint64_t> SparseIndex::footer_size(std::string_view head, std::uint64_t end) {
  constexpr std::uint64_t kEntriesMax = std::uint64_t{1} << 32U;
  if (head.size() != kFooterHeadSize || !head.starts_with(kFooterMagic)) return std::nullopt;
  std::string_view in = head.substr(kFooterSummedAt);
  const std::uint64_t stated = core::take_little(in, 8);
  const std::uint64_t count = core::take_little(in, 8);
  if (stated != end || count > kEntriesMax) return std::nullopt;
  return kFooterHeadSize + count * kEntrySize;
}

std::optional<SparseIndex> SparseIndex::decode(std::string_view footer) {
  const std::uint64_t sum = core::little(footer.substr(kFooterSumAt, 8));
  if (sum != footer_sum(footer)) return std::nullopt;
  SparseIndex index;
  std::string_view in = footer.substr(kFooterHeadSize);
  while (in.size() >= kEntrySize) {
    IndexEntry entry;
    entry.origin = core::take_little(in, 8);
    entry.first = core::take_little(in, 8);
    entry.position = core::take_little(in, 8);
    entry.place = core::take_little(in, 8);
    index.push(entry);
  }
  return index;
}

}  // namespace anabranch::storage
