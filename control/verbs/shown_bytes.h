// The values in an answer that people read: as many bytes of them as have room.
#pragma once

#include <algorithm>
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string_view>

#include "control/verbs/bytes_json.h"

namespace anabranch::control {

class ShownBytes {
 public:
  explicit ShownBytes(std::size_t room) : room_(room) {}

  // Returns bytes as bytes_json(); those that have no room as {"begins": ..., "bytes": their
  // count}.
  nlohmann::ordered_json json(std::string_view bytes) {
    if (bytes.size() <= std::max(room_, kLeast)) {
      room_ -= std::min(room_, bytes.size());
      return bytes_json(bytes);
    }
    cut_ = true;
    const std::string_view begin = bytes.substr(0, end_of_begin(bytes));
    room_ -= std::min(room_, begin.size());
    return {{"begins", bytes_json(begin)}, {"bytes", bytes.size()}};
  }

  // Whether there was no room for some.
  [[nodiscard]] bool cut() const { return cut_; }

 private:
  // Of each value, whatever was shown before.
  static constexpr std::size_t kLeast = 64;
  // The bytes behind the first one of a character, at most.
  static constexpr std::size_t kBehind = 3;

  // The end of a beginning that has room, between two characters of UTF-8.
  [[nodiscard]] std::size_t end_of_begin(std::string_view bytes) const {
    const std::size_t most = std::max(room_, kLeast);
    std::size_t end = most;
    const auto within = [&] { return (static_cast<unsigned char>(bytes[end]) & 0xc0U) == 0x80U; };
    while (within() && most - end < kBehind) --end;
    return within() ? most : end;
  }

  std::size_t room_;
  bool cut_ = false;
};

}  // namespace anabranch::control
