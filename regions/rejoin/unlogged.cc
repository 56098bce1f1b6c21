#include "regions/rejoin/unlogged.h"

#include "storage/layout.h"

namespace anabranch::regions {

namespace {

constexpr std::size_t kNumber = sizeof(std::uint64_t);

}  // namespace

void Unlogged::load(const storage::Snapshot& snapshot) {
  const std::string_view prefix = storage::kUnloggedPrefix;
  const auto number = [&](std::string_view key) {
    return storage::from_big_endian(key.substr(prefix.size(), kNumber));
  };
  const auto is_one = [&](const storage::Cursor& cursor) {
    return cursor.valid() && cursor.key().starts_with(prefix);
  };
  const auto first = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  first_ = end_ = 0;
  if (!is_one(*first)) return;
  first_ = number(first->key());
  const std::string end = core::prefix_end(prefix);
  const auto last =
      snapshot.scan(storage::Table::kMeta,
                    {.from = prefix, .to = end, .direction = storage::Direction::kBackward});
  end_ = number(last->key()) + 1;
}

storage::Change Unlogged::add(const storage::LogRecord& record) {
  std::string value = storage::big_endian(record.origin) + storage::big_endian(record.first) +
                      storage::big_endian(record.last);
  value += record.bytes;
  return {storage::Table::kMeta, storage::unlogged_key(end_++), std::move(value)};
}

core::Result<Unlogged::Slice> Unlogged::take(const storage::Snapshot& snapshot,
                                             std::size_t records_max, std::size_t bytes_max) {
  Slice slice;
  for (std::size_t bytes = 0; !empty() && slice.records.size() < records_max && bytes < bytes_max;
       ++first_) {
    std::string key = storage::unlogged_key(first_);
    const auto value = snapshot.get(storage::Table::kMeta, key);
    if (!value || value->size() <= 3 * kNumber) {
      return core::corrupt("a batch that is to be logged cannot be read");
    }
    storage::StoredRecord record;
    record.origin = storage::from_big_endian(value->substr(0, kNumber));
    record.first = storage::from_big_endian(value->substr(kNumber, kNumber));
    record.last = storage::from_big_endian(value->substr(2 * kNumber, kNumber));
    record.bytes = value->substr(3 * kNumber);
    bytes += record.bytes.size();
    slice.records.push_back(std::move(record));
    slice.changes.remove(storage::Table::kMeta, key);
  }
  return slice;
}

}  // namespace anabranch::regions
