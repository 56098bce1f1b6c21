// The changes of a commit.
#pragma once

#include <bitset>
#include <cstddef>
#include <initializer_list>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "storage/layout.h"

namespace anabranch::storage {

// One change of a table: sets the key to the value, or removes the key when there is none. Removing
// an absent key changes nothing.
struct Change {
  Table table = Table::kRows;
  std::string key;
  std::optional<std::string> value;
};

// The same, of bytes that lie elsewhere.
struct ChangeView {
  Table table = Table::kRows;
  std::string_view key;
  std::optional<std::string_view> value;
};

// Takes a change off the front of bytes in the form of Changes; nullopt (and `bytes` in an
// unspecified state) where they are none. The change is a view of them.
std::optional<ChangeView> take_change(std::string_view& bytes);

// All changes of one commit as one row of bytes: the form in which an engine logs them. A key
// occurs at most once, and has 1 to kKeySizeMax bytes. A value type; not thread-safe.
//
// A change is its table, twice, plus 1 when it removes (one byte); the key (varint size, bytes);
// and the value (varint size, bytes), unless it removes.
class Changes {
 public:
  class Iterator;

  Changes() = default;
  Changes(std::initializer_list<Change> changes)  // NOLINT: implicit
      : Changes(std::span(changes.begin(), changes.size())) {}
  Changes(const std::vector<Change>& changes)  // NOLINT: implicit
      : Changes(std::span(changes)) {}
  explicit Changes(std::span<const Change> changes) {
    for (const Change& change : changes) add(change);
  }

  void put(Table table, std::string_view key, std::string_view value);
  // Adds a change whose value has `value_size` bytes, and returns the place for them: to be filled
  // at once, before the next call.
  std::span<char> put(Table table, std::string_view key, std::size_t value_size);
  void remove(Table table, std::string_view key);
  // Puts the value, or removes the key when there is none.
  void set(Table table, std::string_view key, std::optional<std::string_view> value);
  void add(const ChangeView& change) { set(change.table, change.key, change.value); }
  void add(const Change& change) { set(change.table, change.key, change.value); }
  void add(const Changes& changes);
  // Removes the changes for which function(ChangeView) returns true.
  template <typename Function>
  void erase_if(const Function& function);
  // Removes all changes and keeps the memory.
  void clear();

  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Returns whether there are changes of a table.
  [[nodiscard]] bool has(Table table) const {
    return tables_.test(static_cast<std::size_t>(table));
  }
  // Each is valid until the next change, and so are the views of an iterator.
  [[nodiscard]] std::string_view bytes() const { return bytes_; }
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] static std::default_sentinel_t end() { return {}; }

 private:
  // Adds table and key, and room for so many bytes more; returns that.
  char* add_key(Table table, bool removes, std::string_view key, std::size_t more);

  std::string bytes_;
  std::size_t size_ = 0;
  std::bitset<kTableCount> tables_;
};

// Walks over changes in the order of their addition.
class Changes::Iterator {
 public:
  using value_type = ChangeView;
  using difference_type = std::ptrdiff_t;

  explicit Iterator(std::string_view bytes) : rest_(bytes) { ++*this; }
  const ChangeView& operator*() const { return *change_; }
  const ChangeView* operator->() const { return &*change_; }
  Iterator& operator++();
  void operator++(int) { ++*this; }
  bool operator==(std::default_sentinel_t /*end*/) const { return !change_; }

 private:
  std::string_view rest_;
  std::optional<ChangeView> change_;  // Nothing at the end.
};

template <typename Function>
void Changes::erase_if(const Function& function) {
  Changes kept;
  for (const ChangeView& change : *this) {
    if (!function(change)) kept.add(change);
  }
  if (kept.size() != size()) *this = std::move(kept);
}

inline Changes::Iterator Changes::begin() const { return Iterator(bytes_); }

// Fills `sorted` with the changes by table and key: neighbouring keys share pages. Asserts the
// requirements of a commit: keys of 1 to kKeySizeMax bytes, none of them twice.
void sort_changes(const Changes& changes, std::vector<ChangeView>& sorted);

}  // namespace anabranch::storage
