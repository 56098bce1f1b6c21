// A sorted table in memory that is cheap to copy: for storage whose snapshots keep states of it.
//
// Entries are stored in small leaves, shared between copies; a change of a shared leaf copies that
// leaf alone first. A value type. Not thread-safe, and neither are copies towards each other: they
// must be made, changed and destroyed one at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::storage {

class MemoryTable {
 public:
  struct Entry {
    std::string key;
    std::string value;
  };
  // The place of an entry; valid until the table changes.
  struct Place {
    std::size_t leaf = 0;
    std::size_t entry = 0;
    bool operator==(const Place&) const = default;
  };

  // Returns the value at `key`, valid until the table changes; null when there is none.
  [[nodiscard]] const std::string* find(std::string_view key) const;
  // Sets the key to the value, or removes it when `value` is nullopt; returns the previous value.
  std::optional<std::string> set(const std::string& key, const std::optional<std::string>& value);
  [[nodiscard]] std::size_t size() const { return size_; }
  // Returns a copy that shares no leaf with this table.
  [[nodiscard]] MemoryTable detached() const;

  // Returns the first entry at or after `key`; end() when there is none.
  [[nodiscard]] Place lower_bound(std::string_view key) const;
  [[nodiscard]] Place end() const { return {leaves_.size(), 0}; }
  // Returns the neighbour of an entry; end() behind the last one and before the first one.
  [[nodiscard]] Place next(Place place) const;
  [[nodiscard]] Place previous(Place place) const;
  [[nodiscard]] const Entry& at(Place place) const { return (*leaves_[place.leaf])[place.entry]; }

 private:
  static constexpr std::size_t kLeafMax = 16;
  using Leaf = std::vector<Entry>;

  // Returns the leaf, copied first if it is shared.
  Leaf& own(std::size_t leaf);
  void insert(Place place, const std::string& key, const std::string& value);

  std::vector<std::shared_ptr<Leaf>> leaves_;  // Sorted, none empty.
  std::size_t size_ = 0;
};

}  // namespace anabranch::storage
