#include "storage/layout.h"

#include "core/assert.h"

namespace anabranch::storage {

std::string big_endian(std::uint64_t number) {
  std::string bytes(sizeof(number), '\0');
  for (std::size_t i = bytes.size(); i > 0; --i) {
    bytes[i - 1] = static_cast<char>(number & 0xFFU);
    number >>= 8U;
  }
  return bytes;
}

std::uint64_t from_big_endian(std::string_view bytes) {
  ANABRANCH_ASSERT(bytes.size() == sizeof(std::uint64_t));
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

std::string origin_key(std::uint64_t number) {
  return std::string(kOriginPrefix) + big_endian(number);
}

std::string head_key(core::Origin origin) { return std::string(kHeadPrefix) + big_endian(origin); }

}  // namespace anabranch::storage
