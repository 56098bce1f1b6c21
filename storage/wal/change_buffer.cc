#include "storage/wal/change_buffer.h"

#include "core/varint.h"

namespace anabranch::storage {

std::optional<ChangeView> ChangeWalk::next() {
  if (failed_ || rest_.empty()) return std::nullopt;
  const auto tag = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  failed_ = true;
  if (tag / 2 >= kTableCount) return std::nullopt;
  const auto key = core::take_bytes(rest_);
  if (!key || key->empty() || key->size() > kKeySizeMax) return std::nullopt;
  ChangeView change{static_cast<Table>(tag / 2), *key, std::nullopt};
  if (tag % 2 == 0) {
    change.value = core::take_bytes(rest_);
    if (!change.value) return std::nullopt;
  }
  failed_ = false;
  return change;
}

std::span<char> ChangeBuffer::put(Table table, std::string_view key, std::size_t value_size) {
  put_key(table, false, key);
  core::put_varint(bytes_, value_size);
  const std::size_t at = bytes_.size();
  bytes_.resize(at + value_size);
  return {bytes_.data() + at, value_size};
}

void ChangeBuffer::put(Table table, std::string_view key, std::string_view value) {
  put_key(table, false, key);
  core::put_bytes(bytes_, value);
}

void ChangeBuffer::remove(Table table, std::string_view key) { put_key(table, true, key); }

void ChangeBuffer::put_key(Table table, bool removes, std::string_view key) {
  ANABRANCH_ASSERT(!key.empty() && key.size() <= kKeySizeMax);
  const unsigned tag = static_cast<unsigned>(table) * 2 + (removes ? 1 : 0);
  bytes_.push_back(static_cast<char>(tag));
  core::put_bytes(bytes_, key);
}

}  // namespace anabranch::storage
