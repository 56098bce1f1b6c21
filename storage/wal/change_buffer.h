// All changes of one commit as one row of bytes: the form in which they are logged, and the source
// of the entries of the overlay. Reused from commit to commit.
//
// A change is its table, twice, plus 1 when it removes (one byte); the key (varint size, bytes);
// and the value (varint size, bytes), unless it removes. Between changes the generations may be
// switched: the byte 255, the current one, and the next one, or 255 (one byte each). And the log
// may have been trimmed: the byte 254, and the position (varint) before which it is removed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/assert.h"
#include "core/result.h"
#include "storage/generations.h"
#include "storage/layout.h"

namespace anabranch::storage {

// A change as it lies in the bytes; without a value it removes the key. Or, without a key: the
// generations of the tables from here on, or the position before which the log is removed.
struct ChangeView {
  Table table = Table::kRows;
  std::string_view key;
  std::optional<std::string_view> value;
  std::optional<Generations> generations = std::nullopt;
  std::optional<std::uint64_t> trimmed = std::nullopt;
};

// Walks over the bytes of a buffer, also over foreign ones. Not thread-safe.
class ChangeWalk {
 public:
  explicit ChangeWalk(std::string_view bytes) : rest_(bytes) {}
  // Returns the next change, a view of the bytes; nullopt at the end, and where the bytes are none
  // of a buffer.
  std::optional<ChangeView> next();
  // Returns whether the walk met bytes that are none of a buffer.
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  std::optional<ChangeView> take_generations();
  std::optional<ChangeView> take_trimmed();

  std::string_view rest_;
  bool failed_ = false;
};

// Calls f(ChangeView) for each change in bytes from a disk. Fails with kCorrupt where they are none
// of a buffer; the changes before were given by then.
template <typename Function>
core::Result<void> read_changes(std::string_view bytes, const Function& f) {
  ChangeWalk walk(bytes);
  while (const auto change = walk.next()) f(*change);
  if (walk.failed()) return core::corrupt("the changes of a commit cannot be read");
  return {};
}

// A key occurs at most once, and has 1 to kKeySizeMax bytes. Not thread-safe.
class ChangeBuffer {
 public:
  // Adds a change whose value has `value_size` bytes, and returns the place for them: to be filled
  // at once, before the next call.
  std::span<char> put(Table table, std::string_view key, std::size_t value_size);
  void put(Table table, std::string_view key, std::string_view value);
  void remove(Table table, std::string_view key);
  // The changes from here on are those of tables of other generations.
  void switch_to(const Generations& generations);
  // The records of the log before a position are removed.
  void trim(std::uint64_t position);

  // Calls f(table, key, value) for each change in order; the value is an optional<string_view>.
  template <typename Function>
  void for_each(const Function& f) const {
    ChangeWalk walk(bytes_);
    while (const auto change = walk.next()) {
      if (!change->key.empty()) f(change->table, change->key, change->value);
    }
    ANABRANCH_ASSERT(!walk.failed());
  }

  // Returns the bytes, valid until the next change.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  // Removes all changes and keeps the memory.
  void clear() { bytes_.clear(); }

 private:
  void put_key(Table table, bool removes, std::string_view key);

  std::string bytes_;
};

}  // namespace anabranch::storage
