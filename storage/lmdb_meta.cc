#include "storage/lmdb_meta.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "core/system/file_part.h"

namespace anabranch::storage {
namespace {

using core::Failure;
using core::Result;

// LMDB's layout, in this machine's byte order and word size.
constexpr std::size_t kFlagsAt = 10;  // In the header of every page.
constexpr std::size_t kMagicAt = 16;
constexpr std::size_t kVersionAt = 20;
constexpr std::size_t kPageBytesAt = 40;
constexpr std::size_t kFreeRootAt = 80;   // The first page of the table of free pages...
constexpr std::size_t kMainRootAt = 128;  // ...and of the table of tables.
constexpr std::size_t kLastPageAt = 136;
constexpr std::size_t kTransactionAt = 144;
constexpr std::size_t kMetaBytes = 152;

constexpr std::uint16_t kMetaFlag = 0x08;
constexpr std::uint32_t kMagic = 0xBEEFC0DE;
constexpr std::uint32_t kVersion = 1;
constexpr std::uint32_t kPageBytesMin = 512;
constexpr std::uint32_t kPageBytesMax = 32'768;
constexpr std::uint64_t kNoPage = ~std::uint64_t{0};

constexpr const char* kNoBeginning = "not the beginning of an LMDB file";

using Bytes = std::array<char, kMetaBytes>;

template <typename Number>
Number number_at(const Bytes& bytes, std::size_t at) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  return number;
}

Failure damaged(int number, const std::string& what) {
  return core::corrupt("data.mdb is damaged: " + what + " on its page " + std::to_string(number));
}

Result<Bytes> read_at(const std::string& file, std::uint64_t at) {
  Bytes bytes{};
  const auto part = core::file_part(file.c_str(), at, bytes.size());
  if (!part) {
    return Failure{ErrorCode::kIo,
                   "cannot read data.mdb: " + std::generic_category().message(errno)};
  }
  if (part->size() < bytes.size()) {
    return core::corrupt("data.mdb is truncated: it ends within its first two pages");
  }
  std::ranges::copy(*part, bytes.begin());
  return bytes;
}

bool is_meta(const Bytes& meta) {
  return (number_at<std::uint16_t>(meta, kFlagsAt) & kMetaFlag) != 0 &&
         number_at<std::uint32_t>(meta, kMagicAt) == kMagic;
}

Result<void> check_kind(const Bytes& meta, int number, std::uint32_t page_bytes) {
  if (!is_meta(meta)) return damaged(number, kNoBeginning);
  if (number_at<std::uint32_t>(meta, kVersionAt) != kVersion) {
    return damaged(number, "another version of LMDB's format");
  }
  if (number_at<std::uint32_t>(meta, kPageBytesAt) != page_bytes) {
    return damaged(number, "another page size");
  }
  return {};
}

Result<void> check_roots(const Bytes& meta, int number, std::uintmax_t file_bytes,
                         std::uint32_t page_bytes) {
  const auto last = number_at<std::uint64_t>(meta, kLastPageAt);
  if (last >= file_bytes / page_bytes) {
    return core::corrupt("data.mdb is truncated: it has " + std::to_string(file_bytes) + " of " +
                         std::to_string((last + 1) * page_bytes) + " bytes");
  }
  for (const std::size_t at : {kFreeRootAt, kMainRootAt}) {
    const auto root = number_at<std::uint64_t>(meta, at);
    if (root != kNoPage && root > last) return damaged(number, "a root behind the last page");
  }
  return {};
}

}  // namespace

Result<void> check_meta_pages(const std::string& file) {
  std::error_code error;
  const std::uintmax_t bytes = std::filesystem::file_size(file, error);
  if (error || ::access(file.c_str(), R_OK) != 0) return {};  // LMDB reports the reason.
  const Result<Bytes> first = read_at(file, 0);
  if (!first.ok()) return first.failure();
  if (!is_meta(first.value())) return damaged(0, kNoBeginning);
  const auto page_bytes = number_at<std::uint32_t>(first.value(), kPageBytesAt);
  const bool possible =
      std::has_single_bit(page_bytes) && page_bytes >= kPageBytesMin && page_bytes <= kPageBytesMax;
  if (!possible) return damaged(0, "no possible page size");
  const Result<Bytes> second = read_at(file, page_bytes);
  if (!second.ok()) return second.failure();
  for (const int number : {0, 1}) {
    const Bytes& meta = number == 0 ? first.value() : second.value();
    if (auto checked = check_kind(meta, number, page_bytes); !checked.ok()) return checked;
  }
  const auto number = [](const Bytes& meta) {
    return number_at<std::uint64_t>(meta, kTransactionAt);
  };
  const bool is_second = number(second.value()) > number(first.value());
  return check_roots(is_second ? second.value() : first.value(), is_second ? 1 : 0, bytes,
                     page_bytes);
}

}  // namespace anabranch::storage
