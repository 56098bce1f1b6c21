#include "server/cli/import/rdb_bytes.h"

#include <algorithm>
#include <array>

#include "server/cli/import/lzf.h"

namespace anabranch::server::cli {
namespace {

// CRC-64/REDIS: the polynomial of Jones, reflected.
constexpr std::array<std::uint64_t, 256> kTable = [] {
  std::array<std::uint64_t, 256> table{};
  for (std::uint64_t i = 0; i < table.size(); ++i) {
    std::uint64_t value = i;
    for (int bit = 0; bit < 8; ++bit) {
      value = (value & 1U) != 0 ? value >> 1U ^ 0x95AC9329AC4BC9B5U : value >> 1U;
    }
    table.at(i) = value;
  }
  return table;
}();

std::uint64_t continued(std::uint64_t checksum, const char* bytes, std::uint64_t count) {
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto byte = static_cast<std::uint8_t>(bytes[i]);
    checksum = kTable.at((checksum ^ byte) & 0xFFU) ^ checksum >> 8U;
  }
  return checksum;
}

// The encodings of strings.
enum Encoding : std::uint64_t { kInt8, kInt16, kInt32, kLzf };

}  // namespace

void RdbBytes::seek(std::uint64_t offset) {
  if (offset > size_) return fail("the file has only " + std::to_string(size_) + " bytes");
  in_.clear();
  in_.seekg(static_cast<std::streamoff>(offset));
  offset_ = offset;
  marked_ = offset;
}

void RdbBytes::fail(const std::string& message) {
  if (failure_) return;
  failure_ = core::corrupt("at offset " + std::to_string(marked_) + ": " + message);
}

bool RdbBytes::read(char* out, std::uint64_t count) {
  if (!ok()) return false;
  if (count > left()) {
    fail(std::to_string(count) + " bytes expected, and " + std::to_string(left()) +
         " are left: the file is cut off, or no file of Redis");
    return false;
  }
  in_.read(out, static_cast<std::streamsize>(count));
  if (!in_) {
    fail("the file cannot be read");
    return false;
  }
  offset_ += count;
  checksum_ = continued(checksum_, out, count);
  return true;
}

std::uint8_t RdbBytes::byte() {
  char value = 0;
  return read(&value, 1) ? static_cast<std::uint8_t>(value) : 0;
}

std::uint64_t RdbBytes::little(std::size_t count) {
  std::array<char, 8> bytes{};
  if (!read(bytes.data(), std::min(count, bytes.size()))) return 0;
  std::uint64_t value = 0;
  for (std::size_t i = std::min(count, bytes.size()); i > 0; --i) {
    value = value << 8U | static_cast<std::uint8_t>(bytes.at(i - 1));
  }
  return value;
}

RdbBytes::Head RdbBytes::head() {
  const std::uint8_t first = byte();
  const std::uint64_t low = first & 0x3FU;
  if (first < 0x40) return {low, false};
  if (first < 0x80) return {low << 8U | byte(), false};
  if (first >= 0xC0) return {low, true};
  if (first != 0x80 && first != 0x81) {
    fail("no length begins with the byte " + std::to_string(first));
    return {};
  }
  std::uint64_t value = 0;
  for (int i = 0; i < (first == 0x80 ? 4 : 8); ++i) value = value << 8U | byte();
  return {ok() ? value : 0, false};
}

std::uint64_t RdbBytes::length() {
  const Head length = head();
  if (length.encoded) fail("an encoded string instead of a length");
  return ok() ? length.value : 0;
}

std::string RdbBytes::bytes(std::uint64_t count) {
  // The file's own bound first, so that a wrong length allocates nothing.
  if (count > left() || count > kStringBytesMax) {
    fail(std::to_string(count) + " bytes expected, and " + std::to_string(left()) +
         " are left: the file is cut off, or no file of Redis");
    return {};
  }
  std::string out(count, '\0');
  if (!read(out.data(), count)) out.clear();
  return out;
}

void RdbBytes::skip(std::uint64_t count) {
  std::array<char, std::size_t{16} << 10U> part;
  while (count > 0 && ok()) {
    const std::uint64_t size = std::min<std::uint64_t>(count, part.size());
    if (count > left()) {
      fail(std::to_string(count) + " bytes expected, and " + std::to_string(left()) +
           " are left: the file is cut off, or no file of Redis");
    } else if (read(part.data(), size)) {
      count -= size;
    }
  }
}

std::optional<std::string> RdbBytes::encoded_string(std::uint64_t encoding) {
  if (encoding == kInt8) return std::to_string(static_cast<std::int8_t>(little(1)));
  if (encoding == kInt16) return std::to_string(static_cast<std::int16_t>(little(2)));
  if (encoding == kInt32) return std::to_string(static_cast<std::int32_t>(little(4)));
  if (encoding != kLzf) {
    fail("no string has the encoding " + std::to_string(encoding));
    return "";
  }
  const std::uint64_t packed = length();
  const std::uint64_t size = length();
  if (size > kStringBytesMax || packed > kStringBytesMax) {
    skip(packed);
    return std::nullopt;
  }
  std::optional<std::string> expanded = lzf_expand(bytes(packed), size);
  if (!expanded) fail("a compressed string that does not expand to its size");
  return ok() ? std::move(expanded) : "";
}

std::optional<std::string> RdbBytes::string() {
  const Head size = head();
  if (!ok()) return "";
  if (size.encoded) return encoded_string(size.value);
  if (size.value <= kStringBytesMax || size.value > left()) return bytes(size.value);
  skip(size.value);
  return std::nullopt;
}

void RdbBytes::skip_string() {
  const Head size = head();
  if (!size.encoded) return skip(size.value);
  if (size.value != kLzf) {
    static_cast<void>(encoded_string(size.value));
    return;
  }
  const std::uint64_t packed = length();
  length();
  skip(packed);
}

}  // namespace anabranch::server::cli
