// A string of bytes that keeps up to 56 of them within itself: keys and paths are made several
// times for each command, and nearly all of them are shorter.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <cstring>
#include <limits>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace anabranch::detail {

// A value type of at most 4 GiB; a longer one throws std::length_error.
class ShortBytes {
 public:
  static constexpr std::uint32_t kWithin = 56;

  ShortBytes() noexcept {}  // NOLINT: what is behind the size is not read.
  explicit ShortBytes(std::string_view bytes) : ShortBytes() { append(bytes); }
  ShortBytes(const ShortBytes& other) : ShortBytes() { copy(other); }
  ShortBytes(ShortBytes&& other) noexcept : ShortBytes() { take(other); }
  ShortBytes& operator=(const ShortBytes& other) {
    if (this != &other) copy(other);
    return *this;
  }
  ShortBytes& operator=(ShortBytes&& other) noexcept {
    if (this != &other) {
      release();
      take(other);
    }
    return *this;
  }
  ShortBytes& operator=(std::string_view bytes) { return *this = ShortBytes(bytes); }
  ~ShortBytes() { release(); }

  operator std::string_view() const { return {data(), size_}; }  // NOLINT: implicit
  [[nodiscard]] const char* data() const { return is_within() ? within_ : elsewhere_; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }

  void reserve(std::size_t bytes) {
    if (bytes > capacity_) grow(bytes);
  }
  // `bytes` must not be a part of this string.
  void append(std::string_view bytes) {
    reserve(size_ + bytes.size());
    std::copy(bytes.begin(), bytes.end(), end());
    size_ += static_cast<std::uint32_t>(bytes.size());
  }
  void push_back(char byte) {
    reserve(size_ + std::size_t{1});
    *end() = byte;
    ++size_;
  }

  friend bool operator==(const ShortBytes& one, const ShortBytes& other) {
    return std::string_view(one) == std::string_view(other);
  }
  friend std::strong_ordering operator<=>(const ShortBytes& one, const ShortBytes& other) {
    return std::string_view(one) <=> std::string_view(other);
  }

 private:
  [[nodiscard]] bool is_within() const { return capacity_ == kWithin; }
  [[nodiscard]] char* end() { return (is_within() ? within_ : elsewhere_) + size_; }

  // Short bytes are copied as a whole: an instruction or two, however many of them there are.
  void copy(const ShortBytes& other) {
    if (is_within() && other.is_within()) {
      size_ = other.size_;
      std::memcpy(within_, other.within_, kWithin);
    } else {
      size_ = 0;
      append(other);
    }
  }
  void grow(std::size_t bytes) {
    if (bytes > std::numeric_limits<std::uint32_t>::max()) {
      throw std::length_error("a key or path of more than 4 GiB");
    }
    const std::size_t most = std::numeric_limits<std::uint32_t>::max();
    const std::size_t capacity = std::min(most, std::max(bytes, std::size_t{2} * capacity_));
    char* const larger = new char[capacity];
    std::copy(data(), data() + size_, larger);
    release();
    elsewhere_ = larger;
    capacity_ = static_cast<std::uint32_t>(capacity);
  }
  void release() {
    if (!is_within()) delete[] elsewhere_;
  }
  // Takes the bytes of another one, which is empty then; those of this one must be released.
  void take(ShortBytes& other) noexcept {
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, kWithin);
    std::memcpy(within_, other.within_, kWithin);
  }

  std::uint32_t size_ = 0;
  std::uint32_t capacity_ = kWithin;
  union {
    char within_[kWithin];
    char* elsewhere_;
  };
};

}  // namespace anabranch::detail
