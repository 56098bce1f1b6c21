#include "core/varint.h"

namespace anabranch::core {
namespace {

__extension__ using Uint128 = unsigned __int128;

constexpr unsigned kGroupBits = 7;
constexpr unsigned char kMore = 0x80;

// Refuses encodings that write_groups does not write: bits beyond the type, a last group of zero.
template <typename Unsigned>
std::optional<Unsigned> take_groups(std::string_view& in) {
  constexpr unsigned kBits = sizeof(Unsigned) * 8;
  Unsigned value = 0;
  unsigned shift = 0;
  for (std::size_t i = 0; i < in.size() && shift < kBits; ++i, shift += kGroupBits) {
    const auto byte = static_cast<unsigned char>(in[i]);
    const auto group = static_cast<Unsigned>(byte & (kMore - 1U));
    const auto shifted = static_cast<Unsigned>(group << shift);
    if (shifted >> shift != group) return std::nullopt;
    value |= shifted;
    if (byte >= kMore) continue;
    if (byte == 0 && i > 0) return std::nullopt;
    in.remove_prefix(i + 1);
    return value;
  }
  return std::nullopt;
}

}  // namespace

char* write_varint128(char* to, Int128 value) {
  const auto bits = static_cast<Uint128>(value);
  const Uint128 doubled = bits << 1U;
  return write_groups(to, value < 0 ? ~doubled : doubled);
}

void put_varint(std::string& out, std::uint64_t value) {
  char bytes[kVarintMax];
  out.append(bytes, static_cast<std::size_t>(write_varint(bytes, value) - bytes));
}

void put_bytes(std::string& out, std::string_view bytes) {
  put_varint(out, bytes.size());
  out.append(bytes);
}

std::optional<std::uint64_t> take_long_varint(std::string_view& in) {
  return take_groups<std::uint64_t>(in);
}

std::optional<Int128> take_varint128(std::string_view& in) {
  const auto zigzag = take_groups<Uint128>(in);
  if (!zigzag) return std::nullopt;
  const Uint128 half = *zigzag >> 1U;
  return static_cast<Int128>((*zigzag & 1U) != 0 ? ~half : half);
}

}  // namespace anabranch::core
