#include "crdt/canonical.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <string_view>

#include "core/assert.h"
#include "core/big_endian.h"
#include "core/system/per_thread.h"

namespace anabranch::crdt {
namespace {

constexpr std::size_t kFixedBytes = sizeof(std::uint64_t);

std::size_t size_of(const core::Number& number) {
  return 1 + (number.is_integer() ? 2 : 1) * kFixedBytes;
}

std::size_t size_of(const Sibling& sibling) {
  return 4 * kFixedBytes + sibling.value.size() + 1 +
         (sibling.base ? kFixedBytes + sibling.base->size() : 0);
}

std::size_t size_of(const Slot& slot) {
  return 3 * kFixedBytes + size_of(slot.total) + size_of(slot.base);
}

std::size_t size_of(const core::Path& path, const Row& row) {
  std::size_t size = 3 * kFixedBytes + path.encoded().size();
  for (const Sibling& sibling : row.cell.siblings) size += size_of(sibling);
  for (const Slot& slot : row.tally.slots) size += slot.dead() ? 0 : size_of(slot);
  return size;
}

// Writes to memory that has room.
class Canonical {
 public:
  explicit Canonical(char* to) : at_(to) {}

  // Returns the end of what is written.
  const char* row(const core::Path& path, const Row& row) {
    sized(path.encoded());
    fixed(row.cell.siblings.size());
    for (const Sibling& each : row.cell.siblings) sibling(each);
    const auto live = [](const Slot& slot) { return !slot.dead(); };
    fixed(static_cast<std::uint64_t>(std::ranges::count_if(row.tally.slots, live)));
    for (const Slot& each : row.tally.slots) {
      if (live(each)) slot(each);
    }
    return at_;
  }

 private:
  void byte(char value) { *at_++ = value; }
  void fixed(std::uint64_t value) { at_ = core::write_big_endian(at_, value); }
  void sized(std::string_view bytes) {
    fixed(bytes.size());
    at_ = std::copy(bytes.begin(), bytes.end(), at_);
  }
  void number(const core::Number& number) {
    byte(number.is_integer() ? '\0' : '\1');
    if (number.is_integer()) {
      __extension__ const auto bits = static_cast<unsigned __int128>(number.as_integer());
      fixed(static_cast<std::uint64_t>(bits >> 64U));
      fixed(static_cast<std::uint64_t>(bits));
    } else {
      fixed(std::bit_cast<std::uint64_t>(number.as_real()));
    }
  }
  void sibling(const Sibling& sibling) {
    fixed(sibling.dot.origin);
    fixed(sibling.dot.seq);
    fixed(sibling.hlc.bits);
    sized(sibling.value);
    byte(sibling.base ? '\1' : '\0');
    if (sibling.base) sized(*sibling.base);
  }
  void slot(const Slot& slot) {
    fixed(slot.origin);
    fixed(slot.birth);
    fixed(slot.seq);
    number(slot.total);
    number(slot.base);
  }

  char* at_;
};

// Memory for rows that is kept between calls: each change of a row asks twice.
struct Room {
  std::string bytes;
};

// Writes a row to memory that has size_of() bytes for it.
void write_row(char* to, std::size_t size, const core::Path& path, const Row& row) {
  const char* const end = Canonical(to).row(path, row);
  ANABRANCH_ASSERT(end == to + size);
}

}  // namespace

std::string canonical(const core::Path& path, const Row& row) {
  std::string out(size_of(path, row), '\0');
  write_row(out.data(), out.size(), path, row);
  return out;
}

core::Hash128 row_digest(const core::Path& path, const Row& row) {
  constexpr std::size_t kKeptBytesMax = std::size_t{64} << 10U;
  std::string& room = core::PerThread<Room>::mine().bytes;
  if (!row.present()) return {};
  const std::size_t size = size_of(path, row);
  if (room.size() < size) room.resize(size);
  write_row(room.data(), size, path, row);
  const core::Hash128 digest = core::digest128(std::string_view(room).substr(0, size));
  if (room.size() > kKeptBytesMax) room = std::string();
  return digest;
}

}  // namespace anabranch::crdt
