#include "core/op_codec.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "core/wire.h"

namespace anabranch::core {
namespace {

// Numbers of the format: never reused, never changed.
enum Kind : std::uint64_t { kPut = 1, kRemove = 2, kAdd = 3, kReset = 4, kClear = 5 };

constexpr std::size_t kTransactionSize = 2;
constexpr std::size_t kReserved = 256;                 // At first: nearly every op fits.
constexpr std::size_t kPiece = std::size_t{1} << 20U;  // At least, of all but the last one.
constexpr std::size_t kWideSize = sizeof(Int128);
__extension__ using Uint128 = unsigned __int128;

std::array<char, kWideSize> big_endian(Int128 value) {
  std::array<char, kWideSize> bytes{};
  auto bits = static_cast<Uint128>(value);
  for (std::size_t i = kWideSize; i > 0; --i, bits >>= 8U) {
    bytes[i - 1] = static_cast<char>(static_cast<unsigned char>(bits));
  }
  return bytes;
}

void encode_number(Writer& out, const Number& number) {
  if (!number.is_integer()) {
    ANABRANCH_ASSERT(!std::isnan(number.as_real()));
    out.real(number.as_real());
  } else if (const auto narrow = number.as_int64()) {
    out.int64(*narrow);
  } else {
    const auto bytes = big_endian(number.as_integer());
    out.bin({bytes.data(), bytes.size()});
  }
}

Number decode_wide(Reader& in) {
  const std::string_view bytes = in.bin();
  if (bytes.size() != kWideSize) {
    in.fail("a wide number has not 16 bytes");
    return {};
  }
  Uint128 bits = 0;
  for (const char byte : bytes) bits = bits << 8U | static_cast<unsigned char>(byte);
  const Number number = Number::integer(static_cast<Int128>(bits));
  if (number.as_int64()) in.fail("a wide number would fit in 64 bits");
  return number;
}

Number decode_number(Reader& in) {
  const auto kind = in.peek();
  if (kind == Token::Kind::kBin) return decode_wide(in);
  if (kind != Token::Kind::kReal) return {in.int64()};
  const auto number = Number::from_bytes(in.real());
  if (!number) in.fail("a real number is a NaN or a negative zero");
  return number.value_or(Number());
}

Path decode_path(Reader& in) {
  auto path = Path::from_encoded(in.bin());
  if (!path.ok()) {
    in.fail(path.failure().message);
    return {};
  }
  if (path.value().empty()) in.fail("a path is empty");
  return std::move(path).value();
}

// Reads the context of an op. It must not cover the op itself or a later op of its origin.
std::optional<VersionVector> decode_context(Reader& in, Dot dot) {
  if (in.take_nil()) return std::nullopt;
  VersionVector context = read_vector(in);
  if (context.covers(dot)) in.fail("a context covers its own op");
  return context;
}

void encode_context(Writer& out, const std::optional<VersionVector>& context) {
  if (context) {
    write_vector(out, *context);
  } else {
    out.nil();
  }
}

void encode_slots(Writer& out, const std::vector<ObservedSlot>& slots) {
  out.array(slots.size() * 4);
  for (const ObservedSlot& slot : slots) {
    out.uint64(slot.origin).uint64(slot.birth).uint64(slot.seq);
    encode_number(out, slot.total);
  }
}

std::vector<ObservedSlot> decode_slots(Reader& in, Dot dot) {
  const std::size_t size = in.array();
  if (size % 4 != 0) in.fail("an observed slot is incomplete");
  if (size / 4 > VersionVector::kEntriesMax) in.fail("there are too many observed slots");
  if (!in.ok()) return {};
  std::vector<ObservedSlot> slots;
  slots.reserve(size / 4);
  Origin before = 0;
  for (std::size_t i = 0; i < size / 4 && in.ok(); ++i) {
    ObservedSlot slot;
    slot.origin = in.uint64();
    slot.birth = in.uint64();
    slot.seq = in.uint64();
    slot.total = decode_number(in);
    if (slot.origin <= before) in.fail("observed slots are not sorted by origin");
    if (slot.birth < 1 || slot.seq < slot.birth) in.fail("an observed slot ends before its birth");
    if (slot.origin == dot.origin && slot.seq >= dot.seq) in.fail("a slot is observed too early");
    before = slot.origin;
    slots.push_back(slot);
  }
  return slots;
}

void encode(Writer& out, const Put& put) {
  out.array(5).uint64(kPut).bin(put.path.encoded()).bin(put.value);
  if (put.base) {
    out.bin(*put.base);
  } else {
    out.nil();
  }
  encode_context(out, put.context);
}

void encode(Writer& out, const Remove& remove) {
  out.array(3).uint64(kRemove).bin(remove.path.encoded());
  encode_context(out, remove.context);
}

void encode(Writer& out, const Add& add) {
  out.array(5).uint64(kAdd).bin(add.path.encoded()).uint64(add.birth);
  encode_number(out, add.amount);
  encode_number(out, add.total);
}

void encode(Writer& out, const Reset& reset) {
  out.array(3).uint64(kReset).bin(reset.path.encoded());
  encode_slots(out, reset.observed);
}

void encode(Writer& out, const Clear& clear) {
  out.array(3).uint64(kClear).bin(clear.prefix.encoded()).array(clear.tallies.size() * 2);
  for (const Clear::Tally& tally : clear.tallies) {
    out.bin(tally.path.encoded());
    encode_slots(out, tally.observed);
  }
}

void encode(Writer& out, const UnknownOp& unknown) { out.array(1).uint64(unknown.kind); }

void decode(Reader& in, Dot dot, Put& put) {
  put.path = decode_path(in);
  put.value = in.bin();
  if (!in.take_nil()) put.base = in.bin();
  put.context = decode_context(in, dot);
}

void decode(Reader& in, Dot dot, Remove& remove) {
  remove.path = decode_path(in);
  remove.context = decode_context(in, dot);
}

void decode(Reader& in, Dot dot, Add& add) {
  add.path = decode_path(in);
  add.birth = in.uint64();
  add.amount = decode_number(in);
  add.total = decode_number(in);
  if (add.birth < 1 || add.birth > dot.seq) in.fail("a frame is born after its addition");
}

void decode(Reader& in, Dot dot, Reset& reset) {
  reset.path = decode_path(in);
  reset.observed = decode_slots(in, dot);
}

void decode(Reader& in, Dot dot, Clear& clear) {
  clear.prefix = decode_path(in);
  const std::size_t size = in.array();
  if (size % 2 != 0) in.fail("a cleared tally is incomplete");
  clear.tallies.reserve(size / 2);
  for (std::size_t i = 0; i < size / 2 && in.ok(); ++i) {
    Clear::Tally& tally = clear.tallies.emplace_back();
    tally.path = decode_path(in);
    if (!clear.prefix.is_prefix_of(tally.path)) in.fail("a cleared tally is not below the prefix");
    tally.observed = decode_slots(in, dot);
  }
}

// Reads the elements of a known kind and skips those appended by a newer version. `rest` is the
// number of elements after the kind, `fields` the number known to this version.
template <typename T>
void decode_known(Reader& in, Dot dot, Op& op, std::size_t rest, std::size_t fields) {
  if (rest < fields) return in.fail("an op is too short");
  decode(in, dot, op.emplace<T>());
  in.skip(rest - fields);
}

}  // namespace

void encode_op(Writer& out, const Op& op) {
  std::visit([&out](const auto& known) { encode(out, known); }, op);
}

void decode_op(Reader& in, Dot dot, Op& op) {
  const std::size_t rest = in.array_of(1);
  const std::uint64_t kind = in.uint64();
  if (!in.ok()) return;
  switch (kind) {
    case kPut:
      return decode_known<Put>(in, dot, op, rest, 4);
    case kRemove:
      return decode_known<Remove>(in, dot, op, rest, 2);
    case kAdd:
      return decode_known<Add>(in, dot, op, rest, 4);
    case kReset:
      return decode_known<Reset>(in, dot, op, rest, 2);
    case kClear:
      return decode_known<Clear>(in, dot, op, rest, 2);
    default:
      op.emplace<UnknownOp>(UnknownOp{kind});
      return in.skip(rest);
  }
}

void TransactionWriter::begin(Seq first, Hlc hlc) {
  ANABRANCH_ASSERT(!open_ && (empty() || first == next_));
  if (empty()) first_ = next_ = first;
  if (written() == 0) piece_.reserve(kReserved);
  open_ = true;
  now_ = {hlc, 0, written()};
}

void TransactionWriter::add(const Op& op) {
  ANABRANCH_ASSERT(open_);
  if (piece_.size() >= kPiece) {
    whole_ += piece_.size();
    pieces_.push_back(std::exchange(piece_, {}));
  }
  Writer out(piece_);
  encode_op(out, op);
  values_ += out.values();
  ++now_.ops;
}

void TransactionWriter::end() {
  ANABRANCH_ASSERT(open_);
  open_ = false;
  if (now_.ops > 0) ended_.push_back(now_);
  next_ += std::exchange(now_.ops, 0);
}

void TransactionWriter::rollback(const Mark& mark) {
  ANABRANCH_ASSERT(open_ && mark.ops <= now_.ops && mark.bytes <= written());
  while (mark.bytes < whole_) {
    piece_ = std::move(pieces_.back());
    pieces_.pop_back();
    whole_ -= piece_.size();
  }
  piece_.resize(mark.bytes - whole_);
  now_.ops = mark.ops;
  values_ = mark.values;
}

Extent TransactionWriter::extent() const {
  ANABRANCH_ASSERT(!empty());
  return {first_, next_ - 1, ended_.back().hlc};
}

void TransactionWriter::write(Writer& out) const {
  out.array(ended_.size());
  for (std::size_t i = 0; i < ended_.size(); ++i) {
    const Head& head = ended_[i];
    const std::size_t end = i + 1 < ended_.size() ? ended_[i + 1].begin : written();
    out.array(kTransactionSize).uint64(head.hlc.bits).array(head.ops);
    write_ops(out, head.begin, end);
  }
}

void TransactionWriter::write_ops(Writer& out, std::size_t begin, std::size_t end) const {
  std::size_t at = 0;  // Where a piece begins.
  const auto write_of = [&](std::string_view piece) {
    const std::size_t first = std::clamp(begin, at, at + piece.size()) - at;
    const std::size_t last = std::clamp(end, at, at + piece.size()) - at;
    if (first < last) out.encoded(piece.substr(first, last - first));
    at += piece.size();
  };
  for (const std::string& piece : pieces_) write_of(piece);
  write_of(piece_);
}

}  // namespace anabranch::core
