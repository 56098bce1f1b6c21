// The key of an overlay's tree: a table, and a key of that table. An entry has it as bytes, the
// byte of the table first; a search takes it in two parts, so that no key is copied for it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include "storage/storage.h"

namespace anabranch::storage {

class OverlayKey {
 public:
  OverlayKey(Table table, std::string_view key) : OverlayKey(static_cast<char>(table), key) {}
  // Takes the bytes of an entry's key apart.
  static OverlayKey of(std::string_view bytes) { return {bytes.front(), bytes.substr(1)}; }

  // Returns the number of bytes.
  [[nodiscard]] std::size_t size() const { return 1 + key_.size(); }
  // Returns the bytes behind the first `size`, which are one at least.
  [[nodiscard]] std::string_view behind(std::size_t size) const { return key_.substr(size - 1); }
  [[nodiscard]] char table() const { return table_; }

  // Returns the order of the first `size` bytes, of which this has as many, and of `bytes`.
  [[nodiscard]] int compare_first(const char* bytes, std::size_t size) const {
    if (size == 0) return 0;
    if (const int order = compare_tables(bytes[0]); order != 0) return order;
    return size == 1 ? 0 : std::memcmp(key_.data(), bytes + 1, size - 1);
  }
  // Returns the order of this and the bytes of an entry's key.
  [[nodiscard]] int compare(std::string_view bytes) const {
    const int order = compare_tables(bytes.front());
    return order != 0 ? order : key_.compare(bytes.substr(1));
  }
  // Writes all bytes.
  void copy_to(char* to) const {
    *to = table_;
    std::copy(key_.begin(), key_.end(), to + 1);
  }
  // Makes this the key behind all of its table, when the key within the table is empty.
  void go_behind_table() { ++table_; }

 private:
  OverlayKey(char table, std::string_view key) : table_(table), key_(key) {}

  [[nodiscard]] int compare_tables(char other) const {
    return static_cast<unsigned char>(table_) - static_cast<unsigned char>(other);
  }

  char table_;
  std::string_view key_;
};

}  // namespace anabranch::storage
