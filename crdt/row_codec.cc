#include "crdt/row_codec.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <utility>

#include "core/assert.h"
#include "core/big_endian.h"
#include "core/varint.h"
#include "core/word_compare.h"

namespace anabranch::crdt {
namespace {

// Flags of a row.
constexpr unsigned kPath = 1;
constexpr unsigned kCell = 2;
constexpr unsigned kTally = 4;
constexpr unsigned kBases = 8;

// Kinds of a slot.
constexpr unsigned kTotalIsReal = 1;
constexpr unsigned kBaseIsReal = 2;

constexpr std::size_t kFixedBytes = 8;
// The fewest bytes of a sibling and of a slot: they bound the counts that the input can claim.
constexpr std::size_t kSiblingBytesMin = 1 + 1 + kFixedBytes + 1;
constexpr std::size_t kSlotBytesMin = 6;

// Where the fields of a row go: memory that has room...
class ToMemory {
 public:
  explicit ToMemory(char* to) : at_(to) {}
  void byte(unsigned value) { *at_++ = static_cast<char>(value); }
  void varint(std::uint64_t value) { at_ = core::write_varint(at_, value); }
  void varint128(core::Int128 value) { at_ = core::write_varint128(at_, value); }
  void fixed(std::uint64_t value) { at_ = core::write_big_endian(at_, value); }
  void bytes(std::string_view bytes) { at_ = std::copy(bytes.begin(), bytes.end(), at_); }
  [[nodiscard]] const char* end() const { return at_; }

 private:
  char* at_;
};

// ...or nowhere: they are measured.
class Measure {
 public:
  void byte(unsigned /*value*/) { ++size_; }
  void varint(std::uint64_t value) { size_ += core::varint_size(value); }
  void varint128(core::Int128 value) {
    std::array<char, core::kVarint128Max> to;  // NOLINT: written by the next call.
    size_ += static_cast<std::size_t>(core::write_varint128(to.data(), value) - to.data());
  }
  void fixed(std::uint64_t /*value*/) { size_ += kFixedBytes; }
  void bytes(std::string_view bytes) { size_ += bytes.size(); }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  std::size_t size_ = 0;
};

template <typename To>
class FieldWriter {
 public:
  FieldWriter(To& to, const core::OriginTable& origins) : to_(to), origins_(origins) {}

  void row(const core::Path& path, const Row& row) {
    const bool hashed = core::is_hashed(path);
    const auto has_base = [](const Sibling& sibling) { return sibling.base.has_value(); };
    const bool bases = std::ranges::any_of(row.cell.siblings, has_base);
    to_.byte((hashed ? kPath : 0U) | (row.cell.siblings.empty() ? 0U : kCell) |
             (row.tally.slots.empty() ? 0U : kTally) | (bases ? kBases : 0U));
    if (hashed) bytes(path.encoded());
    if (!row.cell.siblings.empty()) cell(row.cell, bases);
    if (!row.tally.slots.empty()) tally(row.tally);
  }

 private:
  void bytes(std::string_view bytes) {
    to_.varint(bytes.size());
    to_.bytes(bytes);
  }
  void cell(const Cell& cell, bool bases) {
    to_.varint(cell.siblings.size());
    for (const Sibling& sibling : cell.siblings) {
      dot(sibling.dot);
      to_.fixed(sibling.hlc.bits);
      bytes(sibling.value);
      if (!bases) continue;
      to_.byte(sibling.base.has_value() ? 1 : 0);
      if (sibling.base) bytes(*sibling.base);
    }
  }
  void tally(const Tally& tally) {
    to_.varint(tally.slots.size());
    for (const Slot& each : tally.slots) slot(each);
  }
  void number(const core::Number& number) {
    if (number.is_integer()) {
      to_.varint128(number.as_integer());
    } else {
      ANABRANCH_ASSERT(!std::isnan(number.as_real()));
      to_.fixed(std::bit_cast<std::uint64_t>(number.as_real()));
    }
  }
  void dot(core::Dot dot) {
    const auto number = origins_.number(dot.origin);
    ANABRANCH_ASSERT(number.has_value());
    to_.varint(*number);
    to_.varint(dot.seq);
  }
  void slot(const Slot& slot) {
    const bool based = slot.base_seq != 0;
    dot({slot.origin, slot.seq});
    to_.byte((slot.total.is_integer() ? 0U : kTotalIsReal) |
             (!based || slot.base.is_integer() ? 0U : kBaseIsReal));
    to_.varint(slot.birth);
    number(slot.total);
    to_.varint(slot.base_seq);
    if (!based) return;
    number(slot.base);
    dot(slot.reset);
  }

  To& to_;
  const core::OriginTable& origins_;
};

// Takes fields off the front of a row's bytes. Remembers the first failure: later fields are zero
// or empty, and the caller asks ok() before using any of them.
class Fields {
 public:
  Fields(std::string_view bytes, const core::OriginTable& origins)
      : in_(bytes), origins_(origins) {}

  unsigned byte() {
    if (!ok_ || in_.empty()) return fail();
    const auto value = static_cast<std::uint8_t>(in_.front());
    in_.remove_prefix(1);
    return value;
  }

  std::uint64_t fixed() {
    if (!ok_ || in_.size() < kFixedBytes) return fail();
    const std::uint64_t value = core::load_word(in_.data());
    in_.remove_prefix(kFixedBytes);
    return value;
  }

  std::uint64_t varint() {
    const auto value = ok_ ? core::take_varint(in_) : std::nullopt;
    return value ? *value : fail();
  }

  std::string_view bytes() {
    const auto value = ok_ ? core::take_bytes(in_) : std::nullopt;
    if (!value) fail();
    return value.value_or(std::string_view());
  }

  core::Number number(bool real) {
    if (real) {
      const auto value = core::Number::from_bytes(std::bit_cast<double>(fixed()));
      check(value.has_value());
      return value.value_or(core::Number());
    }
    const auto value = ok_ ? core::take_varint128(in_) : std::nullopt;
    if (!value) fail();
    return core::Number::integer(value.value_or(0));
  }

  core::Dot dot() {
    const std::uint64_t number = varint();
    const core::Seq seq = varint();
    const auto origin =
        number <= UINT32_MAX ? origins_.origin(static_cast<std::uint32_t>(number)) : std::nullopt;
    check(origin.has_value() && seq != 0);
    return ok_ ? core::Dot{*origin, seq} : core::Dot{};
  }

  // Takes a count of items of at least `bytes_min` bytes each; never zero, the flags say that.
  std::size_t count(std::size_t bytes_min) {
    const std::uint64_t value = varint();
    check(value != 0 && value <= in_.size() / bytes_min);
    return ok_ ? value : 0;
  }

  // Fails unless the condition holds.
  void check(bool condition) {
    if (!condition) fail();
  }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return in_.empty(); }

 private:
  unsigned fail() {
    ok_ = false;
    return 0;
  }

  std::string_view in_;
  const core::OriginTable& origins_;
  bool ok_ = true;
};

void take_cell(Fields& in, bool bases, Cell& cell) {
  const std::size_t count = in.count(kSiblingBytesMin);
  cell.siblings.resize(count);
  bool any_base = false;
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    Sibling& sibling = cell.siblings[i];
    sibling.dot = in.dot();
    sibling.hlc.bits = in.fixed();
    sibling.value = in.bytes();
    sibling.base.reset();
    const unsigned has_base = bases ? in.byte() : 0;
    in.check(has_base <= 1);
    if (has_base == 1) sibling.base = in.bytes();
    any_base = any_base || has_base == 1;
    in.check(i == 0 || cell.siblings[i - 1].dot < sibling.dot);
  }
  in.check(any_base == bases);
}

Slot take_slot(Fields& in) {
  Slot slot;
  const core::Dot newest = in.dot();
  slot.origin = newest.origin;
  slot.seq = newest.seq;
  const unsigned kind = in.byte();
  slot.birth = in.varint();
  slot.total = in.number((kind & kTotalIsReal) != 0);
  slot.base_seq = in.varint();
  in.check(kind <= (kTotalIsReal | kBaseIsReal));
  in.check(slot.birth != 0 && slot.birth <= slot.seq);
  if (slot.base_seq == 0) {
    in.check((kind & kBaseIsReal) == 0);
    return slot;
  }
  in.check(slot.birth <= slot.base_seq && slot.base_seq <= slot.seq);
  slot.base = in.number((kind & kBaseIsReal) != 0);
  slot.reset = in.dot();
  return slot;
}

Tally take_tally(Fields& in) {
  Tally tally;
  const std::size_t count = in.count(kSlotBytesMin);
  tally.slots.reserve(count);
  for (std::size_t i = 0; i < count && in.ok(); ++i) {
    const Slot slot = take_slot(in);
    in.check(i == 0 || tally.slots.back().origin < slot.origin);
    tally.slots.push_back(slot);
  }
  return tally;
}

}  // namespace

std::size_t encoded_size(const core::Path& path, const Row& row, const core::OriginTable& origins) {
  Measure measure;
  FieldWriter(measure, origins).row(path, row);
  return measure.size();
}

void encode_row(const core::Path& path, const Row& row, const core::OriginTable& origins,
                std::span<char> to) {
  ToMemory memory(to.data());
  FieldWriter(memory, origins).row(path, row);
  ANABRANCH_ASSERT(memory.end() == to.data() + to.size());
}

std::string encode_row(const core::Path& path, const Row& row, const core::OriginTable& origins) {
  std::string out(encoded_size(path, row, origins), '\0');
  encode_row(path, row, origins, out);
  return out;
}

std::optional<std::string_view> plain_value(std::string_view bytes,
                                            const core::OriginTable& origins) {
  Fields in(bytes, origins);
  if (in.byte() != kCell || in.count(kSiblingBytesMin) != 1) return std::nullopt;
  (void)in.dot();
  (void)in.fixed();
  const std::string_view value = in.bytes();
  return in.ok() && in.at_end() ? std::optional(value) : std::nullopt;
}

core::Result<StoredRow> decode_row(std::string_view bytes, const core::OriginTable& origins) {
  StoredRow stored;
  const core::Result<void> decoded = decode_row(bytes, origins, stored);
  if (!decoded.ok()) return decoded.failure();
  return stored;
}

core::Result<void> decode_row(std::string_view bytes, const core::OriginTable& origins,
                              StoredRow& into) {
  Fields in(bytes, origins);
  const unsigned flags = in.byte();
  if (!in.ok() || flags > (kPath | kCell | kTally | kBases)) {
    return core::corrupt("a row begins with unknown flags");
  }
  into.path.reset();
  if ((flags & kPath) != 0) {
    auto path = core::Path::from_encoded(in.bytes());
    if (!path.ok() || !core::is_hashed(path.value())) {
      return core::corrupt("a row holds a path that it should not");
    }
    into.path = std::move(path).value();
  }
  const bool bases = (flags & kBases) != 0;
  if ((flags & kCell) != 0) {
    take_cell(in, bases, into.row.cell);
  } else {
    into.row.cell.siblings.clear();
    in.check(!bases);
  }
  into.row.tally = (flags & kTally) != 0 ? take_tally(in) : Tally();
  if (!in.ok()) return core::corrupt("a row ends early or holds what no row has");
  if (!in.at_end()) return core::corrupt("a row is followed by other bytes");
  return {};
}

}  // namespace anabranch::crdt
