// The key of an overlay's tree: a table, and a key of that table. An entry has it as bytes, the
// byte of the table first; a search takes it in two parts, so that no key is copied for it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/word_compare.h"
#include "storage/storage.h"

namespace anabranch::storage {

class OverlayKey {
 public:
  OverlayKey(Table table, std::string_view key) : OverlayKey(static_cast<char>(table), key) {}
  // Takes the bytes of an entry's key apart.
  static OverlayKey of(std::string_view bytes) {
    return {bytes.front(), {bytes.data() + 1, bytes.size() - 1}};
  }

  // Returns the number of bytes.
  [[nodiscard]] std::size_t size() const { return 1 + key_.size(); }

  // Returns the order of the first `size` bytes and of `bytes`; this has as many.
  [[nodiscard]] int compare_first(const char* bytes, std::size_t size) const {
    if (size == 0) return 0;
    if (const int order = compare_tables(bytes[0]); order != 0) return order;
    return core::compare_words(key_.data(), bytes + 1, size - 1);
  }
  // Returns whether the first `size` bytes are these.
  [[nodiscard]] bool begins_with(const char* bytes, std::size_t size) const {
    if (size <= 1) return size == 0 || table_ == bytes[0];
    return size <= this->size() && table_ == bytes[0] &&
           core::same_words(key_.data(), bytes + 1, size - 1);
  }
  // Returns the order of this and the bytes of an entry's key.
  [[nodiscard]] int compare(std::string_view bytes) const {
    const int order = compare_tables(bytes.front());
    return order != 0 ? order : compare_behind(1, bytes);
  }
  // The same where the first `skip` bytes, one at least, are known to be equal: or all bytes of the
  // shorter key, where it has fewer.
  [[nodiscard]] int compare_behind(std::size_t skip, std::string_view bytes) const {
    const std::size_t both = std::min(size(), bytes.size());
    if (both > skip) {
      const char* const rest = key_.data() + (skip - 1);
      const int order = core::compare_words(rest, bytes.data() + skip, both - skip);
      if (order != 0) return order;
    }
    return size() < bytes.size() ? -1 : size() > bytes.size() ? 1 : 0;
  }
  // Returns the order of the bytes from `skip` on and before `end`, here and in `bytes`; `skip` is
  // one at least, and this has as many bytes.
  [[nodiscard]] int compare_between(std::size_t skip, std::size_t end, const char* bytes) const {
    return core::compare_words(key_.data() + (skip - 1), bytes + skip, end - skip);
  }
  // Returns the bytes from `skip` on as a number whose order is that of the bytes, with zeros where
  // the key has no more. The key has `skip` bytes at least.
  [[nodiscard]] std::uint64_t word_behind(std::size_t skip) const {
    if (skip == 0)
      return std::uint64_t{static_cast<unsigned char>(table_)} << 56U |
             core::word_at(key_, 0) >> 8U;
    return core::word_at(key_, skip - 1);
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
