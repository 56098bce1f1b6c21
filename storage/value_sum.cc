#include "storage/value_sum.h"

#include <algorithm>
#include <cstdint>

#include "core/hash.h"
#include "core/little_endian.h"

namespace anabranch::storage {

namespace {

std::uint32_t sum_of(std::string_view key, std::string_view value) {
  return static_cast<std::uint32_t>(core::seeded64(value, core::checksum64(key)));
}

}  // namespace

void seal_value(std::span<char> out, std::string_view key, std::string_view value) {
  char* end = std::copy(value.begin(), value.end(), out.data());
  const std::uint32_t sum = sum_of(key, value);
  for (std::size_t i = 0; i < kValueSumSize; ++i) *end++ = static_cast<char>(sum >> 8 * i);
}

std::optional<std::string_view> unseal_value(std::string_view key, std::string_view sealed) {
  if (sealed.size() < kValueSumSize) return std::nullopt;
  const std::string_view value = sealed.substr(0, sealed.size() - kValueSumSize);
  if (core::little(sealed.substr(value.size())) != sum_of(key, value)) return std::nullopt;
  return value;
}

}  // namespace anabranch::storage
