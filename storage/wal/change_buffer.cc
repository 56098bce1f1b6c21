#include "storage/wal/change_buffer.h"

#include "core/varint.h"

namespace anabranch::storage {

namespace {

// In place of a table: the generations follow. As a next generation: there is none.
constexpr unsigned char kSwitch = 0xFF;
// In place of a table: a position follows.
constexpr unsigned char kTrim = 0xFE;
constexpr unsigned char kNoGeneration = 0xFF;

}  // namespace

std::optional<ChangeView> ChangeWalk::next() {
  if (failed_ || rest_.empty()) return std::nullopt;
  const auto tag = static_cast<unsigned char>(rest_.front());
  rest_.remove_prefix(1);
  failed_ = true;
  if (tag == kSwitch) return take_generations();
  if (tag == kTrim) return take_trimmed();
  if (tag / 2 >= kTableCount) return std::nullopt;
  const auto key = core::take_bytes(rest_);
  if (!key || key->empty() || key->size() > kKeySizeMax) return std::nullopt;
  ChangeView change{static_cast<Table>(tag / 2), *key, std::nullopt, std::nullopt};
  if (tag % 2 == 0) {
    change.value = core::take_bytes(rest_);
    if (!change.value) return std::nullopt;
  }
  failed_ = false;
  return change;
}

std::optional<ChangeView> ChangeWalk::take_generations() {
  if (rest_.size() < 2) return std::nullopt;
  const auto current = static_cast<unsigned char>(rest_[0]);
  const auto next = static_cast<unsigned char>(rest_[1]);
  rest_.remove_prefix(2);
  if (current >= kGenerationCount || current == next) return std::nullopt;
  if (next >= kGenerationCount && next != kNoGeneration) return std::nullopt;
  failed_ = false;
  ChangeView change;
  change.generations = {.current = current};
  if (next != kNoGeneration) change.generations->next = next;
  return change;
}

std::optional<ChangeView> ChangeWalk::take_trimmed() {
  const auto position = core::take_varint(rest_);
  if (!position) return std::nullopt;
  failed_ = false;
  ChangeView change;
  change.trimmed = *position;
  return change;
}

void ChangeBuffer::trim(std::uint64_t position) {
  bytes_.push_back(static_cast<char>(kTrim));
  core::put_varint(bytes_, position);
}

void ChangeBuffer::switch_to(const Generations& generations) {
  for (const unsigned char byte :
       {kSwitch, generations.current, generations.next.value_or(kNoGeneration)}) {
    bytes_.push_back(static_cast<char>(byte));
  }
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
