#include "crdt/canonical.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace anabranch::crdt {
namespace {

// Most significant byte first.
void put_fixed(std::string& out, std::uint64_t value) {
  if constexpr (std::endian::native == std::endian::little) value = __builtin_bswap64(value);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof bytes);
}

void put_sized(std::string& out, std::string_view bytes) {
  put_fixed(out, bytes.size());
  out += bytes;
}

void put_optional(std::string& out, const std::optional<std::string>& bytes) {
  out.push_back(bytes.has_value() ? '\1' : '\0');
  if (bytes) put_sized(out, *bytes);
}

void put_number(std::string& out, const core::Number& number) {
  out.push_back(number.is_integer() ? '\0' : '\1');
  if (number.is_integer()) {
    __extension__ const auto bits = static_cast<unsigned __int128>(number.as_integer());
    put_fixed(out, static_cast<std::uint64_t>(bits >> 64U));
    put_fixed(out, static_cast<std::uint64_t>(bits));
  } else {
    put_fixed(out, std::bit_cast<std::uint64_t>(number.as_real()));
  }
}

void put_sibling(std::string& out, const Sibling& sibling) {
  put_fixed(out, sibling.dot.origin);
  put_fixed(out, sibling.dot.seq);
  put_fixed(out, sibling.hlc.bits);
  put_sized(out, sibling.value);
  put_optional(out, sibling.base);
}

void put_slot(std::string& out, const Slot& slot) {
  put_fixed(out, slot.origin);
  put_fixed(out, slot.birth);
  put_fixed(out, slot.seq);
  put_number(out, slot.total);
  put_number(out, slot.base);
}

void put_row(std::string& out, const core::Path& path, const Row& row) {
  std::size_t size = path.encoded().size() + 64 + row.tally.slots.size() * 64;
  for (const Sibling& sibling : row.cell.siblings) {
    size += sibling.value.size() + (sibling.base ? sibling.base->size() : 0) + 48;
  }
  out.reserve(size);
  put_sized(out, path.encoded());
  put_fixed(out, row.cell.siblings.size());
  for (const Sibling& sibling : row.cell.siblings) put_sibling(out, sibling);
  const auto live = [](const Slot& slot) { return !slot.dead(); };
  put_fixed(out, static_cast<std::uint64_t>(std::ranges::count_if(row.tally.slots, live)));
  for (const Slot& slot : row.tally.slots) {
    if (live(slot)) put_slot(out, slot);
  }
}

}  // namespace

std::string canonical(const core::Path& path, const Row& row) {
  std::string out;
  put_row(out, path, row);
  return out;
}

core::Hash128 row_digest(const core::Path& path, const Row& row) {
  constexpr std::size_t kKeptBytesMax = std::size_t{64} << 10U;
  thread_local std::string bytes;  // Kept between calls: each change of a row asks twice.
  if (!row.present()) return {};
  bytes.clear();
  put_row(bytes, path, row);
  const core::Hash128 digest = core::digest128(bytes);
  if (bytes.capacity() > kKeptBytesMax) bytes = std::string();
  return digest;
}

}  // namespace anabranch::crdt
