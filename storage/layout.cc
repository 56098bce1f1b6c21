#include "storage/layout.h"

#include <algorithm>

#include "core/assert.h"
#include "core/big_endian.h"

namespace anabranch::storage {

std::string big_endian(std::uint64_t number) {
  char bytes[sizeof number];
  return {bytes, core::write_big_endian(bytes, number)};
}

std::uint64_t from_big_endian(std::string_view bytes) {
  ANABRANCH_ASSERT(bytes.size() == sizeof(std::uint64_t));
  std::uint64_t number = 0;
  for (const char byte : bytes) number = number << 8U | static_cast<unsigned char>(byte);
  return number;
}

const char* table_name(Table table) {
  static constexpr std::array<const char*, kStoredTableCount> kNames = {
      "rows",   "counts",   "meta",      "rows_2", "counts_2", "expiries",   "expiries_2",
      "scores", "scores_2", "conflicts", "rows_3", "counts_3", "expiries_3", "scores_3"};
  return kNames.at(static_cast<std::size_t>(table));
}

Table next_table(Table current) {
  const auto* const pair = std::ranges::find(kSwappedTables, current, &TablePair::current);
  ANABRANCH_ASSERT(pair != kSwappedTables.end());
  return pair->next;
}

std::string parted_key(core::Origin origin) {
  return std::string(kPartedPrefix) + big_endian(origin);
}

std::string follower_key(core::Origin origin) {
  return std::string(kFollowerPrefix) + big_endian(origin);
}

std::string lost_key(std::uint64_t number) { return std::string(kLostPrefix) + big_endian(number); }

std::string met_key(std::string_view address) { return std::string(kMetPrefix).append(address); }

std::string unlogged_key(std::uint64_t number) {
  return std::string(kUnloggedPrefix) + big_endian(number);
}

std::string origin_key(std::uint64_t number) {
  return std::string(kOriginPrefix) + big_endian(number);
}

std::string segment_key(std::uint64_t position) {
  return std::string(kSegmentPrefix) + big_endian(position);
}

std::string report_key(core::Origin origin) {
  return std::string(kReportPrefix) + big_endian(origin);
}

std::string fork_key(core::Origin leader, core::Origin origin) {
  return std::string(kForkPrefix) + big_endian(leader) + big_endian(origin);
}

std::string heard_key(core::Origin origin) {
  return std::string(kHeardPrefix) + big_endian(origin);
}

std::string head_key(core::Origin origin) { return std::string(kHeadPrefix) + big_endian(origin); }

std::string chain_key(core::Origin origin, core::Seq seq) {
  return std::string(kChainPrefix) + big_endian(origin) + big_endian(seq);
}

std::string signed_key(core::Origin origin) {
  return std::string(kSignedPrefix) + big_endian(origin);
}

std::string proof_key(core::Origin origin, core::Seq first) {
  return std::string(kProofPrefix) + big_endian(origin) + big_endian(first);
}

std::string digest_key(std::uint64_t format, std::size_t number) {
  ANABRANCH_ASSERT(number <= UINT8_MAX);
  return std::string(format == 1 ? kDigestPrefixOne : kDigestPrefix) +
         static_cast<char>(static_cast<unsigned char>(number));
}

}  // namespace anabranch::storage
