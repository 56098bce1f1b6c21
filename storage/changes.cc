#include "storage/changes.h"

#include <algorithm>
#include <tuple>

#include "core/assert.h"
#include "core/varint.h"

namespace anabranch::storage {

namespace {

// Takes a size and so many bytes off the front; returns whether there are as many.
[[gnu::always_inline]] inline bool take_sized(std::string_view& bytes, std::string_view& taken) {
  const auto size = core::take_varint(bytes);
  if (!size || *size > bytes.size()) return false;
  taken = {bytes.data(), *size};
  bytes.remove_prefix(*size);
  return true;
}

}  // namespace

std::optional<ChangeView> take_change(std::string_view& bytes) {
  std::optional<ChangeView> taken;
  if (bytes.empty()) return taken;
  const auto tag = static_cast<unsigned char>(bytes.front());
  bytes.remove_prefix(1);
  if (tag / 2 >= kTableCount) return taken;
  std::string_view key;
  std::string_view value;
  if (!take_sized(bytes, key) || key.empty() || key.size() > kKeySizeMax) return taken;
  const bool removes = tag % 2 == 1;
  if (!removes && !take_sized(bytes, value)) return taken;
  ChangeView& change = taken.emplace();
  change.table = static_cast<Table>(tag / 2);
  change.key = key;
  if (!removes) change.value = value;
  return taken;
}

void Changes::put(Table table, std::string_view key, std::string_view value) {
  value.copy(put(table, key, value.size()).data(), value.size());
}

std::span<char> Changes::put(Table table, std::string_view key, std::size_t value_size) {
  char* const at = add_key(table, false, key, core::varint_size(value_size) + value_size);
  return {core::write_varint(at, value_size), value_size};
}

void Changes::remove(Table table, std::string_view key) { add_key(table, true, key, 0); }

char* Changes::add_key(Table table, bool removes, std::string_view key, std::size_t more) {
  ANABRANCH_ASSERT(!key.empty() && key.size() <= kKeySizeMax);
  const std::size_t before = bytes_.size();
  bytes_.resize(before + 1 + core::varint_size(key.size()) + key.size() + more);
  ++size_;
  tables_.set(static_cast<std::size_t>(table));
  char* at = bytes_.data() + before;
  *at++ = static_cast<char>(static_cast<unsigned>(table) * 2 + (removes ? 1 : 0));
  at = core::write_varint(at, key.size());
  return at + key.copy(at, key.size());
}

void Changes::set(Table table, std::string_view key, std::optional<std::string_view> value) {
  if (value) {
    put(table, key, *value);
  } else {
    remove(table, key);
  }
}

void Changes::add(const Changes& changes) {
  bytes_.append(changes.bytes_);
  size_ += changes.size_;
  tables_ |= changes.tables_;
}

void Changes::clear() {
  bytes_.clear();
  size_ = 0;
  tables_.reset();
}

Changes::Iterator& Changes::Iterator::operator++() {
  const bool at_end = rest_.empty();
  change_ = take_change(rest_);
  ANABRANCH_ASSERT(change_ || at_end);
  return *this;
}

void sort_changes(const Changes& changes, std::vector<ChangeView>& sorted) {
  sorted.clear();
  sorted.reserve(changes.size());
  for (const ChangeView& change : changes) sorted.push_back(change);
  const auto before = [](const ChangeView& a, const ChangeView& b) {
    return std::tie(a.table, a.key) < std::tie(b.table, b.key);
  };
  if (!std::is_sorted(sorted.begin(), sorted.end(), before)) {
    std::sort(sorted.begin(), sorted.end(), before);
  }
  const auto same = [](const ChangeView& a, const ChangeView& b) {
    return a.table == b.table && a.key == b.key;
  };
  ANABRANCH_ASSERT(std::adjacent_find(sorted.begin(), sorted.end(), same) == sorted.end());
}

}  // namespace anabranch::storage
