#include "server/cli/import/packed.h"

#include <cstddef>
#include <cstdint>

namespace anabranch::server::cli {
namespace {

using Elements = std::optional<std::vector<std::string>>;

// Reads off the front of bytes. After a read behind the end it is broken, and gives 0 and nothing.
class Front {
 public:
  explicit Front(std::string_view bytes) : left_(bytes) {}

  [[nodiscard]] bool broken() const { return broken_; }
  [[nodiscard]] std::size_t size() const { return left_.size(); }
  void fail() { broken_ = true; }

  std::string_view take(std::uint64_t count) {
    if (broken_ || count > left_.size()) {
      broken_ = true;
      return {};
    }
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::uint8_t byte() {
    const std::string_view taken = take(1);
    return taken.empty() ? 0 : static_cast<std::uint8_t>(taken.front());
  }
  std::uint64_t little(std::size_t count) {
    std::uint64_t value = 0;
    const std::string_view taken = take(count);
    for (std::size_t i = taken.size(); i > 0; --i) {
      value = value << 8U | static_cast<std::uint8_t>(taken[i - 1]);
    }
    return value;
  }
  std::uint64_t big(std::size_t count) {
    std::uint64_t value = 0;
    for (const char each : take(count)) value = value << 8U | static_cast<std::uint8_t>(each);
    return value;
  }
  // An integer of two's complement.
  std::string signed_text(std::size_t count) { return text_of(little(count), count * 8); }

  static std::string text_of(std::uint64_t value, std::size_t bits) {
    const std::size_t above = 64 - bits;
    return std::to_string(static_cast<std::int64_t>(value << above) >> above);
  }

 private:
  std::string_view left_;
  bool broken_ = false;
};

// How many bytes the length of an element takes, by which a listpack is read backwards.
std::size_t back_length_size(std::size_t element) {
  std::size_t size = 1;
  for (std::size_t limit = 128; element >= limit && size < 5; limit *= 128) ++size;
  return size;
}

std::string long_listpack_element(Front& in, std::uint8_t head) {
  switch (head) {
    case 0xF0:
      return std::string(in.take(in.little(4)));
    case 0xF1:
      return in.signed_text(2);
    case 0xF2:
      return in.signed_text(3);
    case 0xF3:
      return in.signed_text(4);
    case 0xF4:
      return in.signed_text(8);
    default:
      in.fail();
      return {};
  }
}

std::string listpack_element(Front& in) {
  const std::uint8_t head = in.byte();
  if (head < 0x80) return std::to_string(head);
  if (head < 0xC0) return std::string(in.take(head & 0x3FU));
  if (head < 0xE0) return Front::text_of((head & 0x1FU) << 8U | in.byte(), 13);
  if (head < 0xF0) {
    const std::uint64_t size = (head & 0x0FU) << 8U | in.byte();
    return std::string(in.take(size));
  }
  return long_listpack_element(in, head);
}

std::string ziplist_element(Front& in) {
  const std::uint8_t head = in.byte();
  if (head < 0x40) return std::string(in.take(head));
  if (head < 0x80) {
    const std::uint64_t size = (head & 0x3FU) << 8U | in.byte();
    return std::string(in.take(size));
  }
  if (head == 0x80) return std::string(in.take(in.big(4)));
  if (head == 0xC0) return in.signed_text(2);
  if (head == 0xD0) return in.signed_text(4);
  if (head == 0xE0) return in.signed_text(8);
  if (head == 0xF0) return in.signed_text(3);
  if (head == 0xFE) return in.signed_text(1);
  if (head >= 0xF1 && head <= 0xFD) return std::to_string((head & 0x0FU) - 1);
  in.fail();
  return {};
}

}  // namespace

Elements listpack_elements(std::string_view bytes) {
  Front in(bytes);
  const std::uint64_t size = in.little(4);
  const std::uint64_t count = in.little(2);
  if (in.broken() || size != bytes.size()) return std::nullopt;
  std::vector<std::string> elements;
  while (in.size() > 1) {
    const std::size_t before = in.size();
    elements.push_back(listpack_element(in));
    in.take(back_length_size(before - in.size()));
    if (in.broken()) return std::nullopt;
  }
  const bool counted = count == 0xFFFF || count == elements.size();
  if (in.byte() != 0xFF || in.broken() || !counted) return std::nullopt;
  return elements;
}

Elements ziplist_elements(std::string_view bytes) {
  Front in(bytes);
  const std::uint64_t size = in.little(4);
  in.take(4);  // The offset of the last element.
  const std::uint64_t count = in.little(2);
  if (in.broken() || size != bytes.size()) return std::nullopt;
  std::vector<std::string> elements;
  while (in.size() > 1) {
    if (in.byte() == 0xFE) in.take(4);  // The size of the element before.
    elements.push_back(ziplist_element(in));
    if (in.broken()) return std::nullopt;
  }
  const bool counted = count == 0xFFFF || count == elements.size();
  if (in.byte() != 0xFF || in.broken() || !counted) return std::nullopt;
  return elements;
}

Elements intset_elements(std::string_view bytes) {
  Front in(bytes);
  const std::uint64_t width = in.little(4);
  const std::uint64_t count = in.little(4);
  if (in.broken() || (width != 2 && width != 4 && width != 8)) return std::nullopt;
  if (in.size() != count * width) return std::nullopt;
  std::vector<std::string> elements;
  while (in.size() > 0) elements.push_back(in.signed_text(width));
  return elements;
}

}  // namespace anabranch::server::cli
