#include "storage/engine/reach.h"

#include "storage/layout.h"

namespace anabranch::storage {

namespace {

constexpr std::size_t kNumberSize = 8;

}  // namespace

std::string encode_reach(const Reach& reach) {
  return big_endian(reach.ticket.end) + big_endian(reach.position) + big_endian(reach.opening) +
         big_endian(reach.trimmed);
}

core::Result<Reach> decode_reach(std::string_view bytes) {
  if (bytes.empty()) return Reach{};
  if (bytes.size() != 4 * kNumberSize) {
    return core::corrupt("how far the log is in the tables has " + std::to_string(bytes.size()) +
                         " bytes");
  }
  return Reach{Ticket{from_big_endian(bytes.substr(0, kNumberSize))},
               from_big_endian(bytes.substr(kNumberSize, kNumberSize)),
               from_big_endian(bytes.substr(2 * kNumberSize, kNumberSize)),
               from_big_endian(bytes.substr(3 * kNumberSize))};
}

}  // namespace anabranch::storage
