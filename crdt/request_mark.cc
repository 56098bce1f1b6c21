#include "crdt/request_mark.h"

#include <algorithm>
#include <array>
#include <utility>

#include "core/codec.h"

namespace anabranch::crdt {

namespace {

using core::Dot;
using core::Int128;
using Kind = RequestMark::Kind;

// By kind.
constexpr std::array<std::string_view, 3> kKinds{"add", "put", "correct"};

}  // namespace

std::string encode_mark(const RequestMark& mark) {
  std::string value;
  core::Writer(value)
      .array(3)
      .text(kKinds.at(static_cast<std::size_t>(mark.kind)))
      .bin(mark.row.encoded())
      .int64(mark.amount);
  return value;
}

std::optional<RequestMark> decode_mark(std::string_view value) {
  core::Reader in(value);
  const std::size_t newer = in.array_of(3);
  const auto* const kind = std::ranges::find(kKinds, in.text());
  auto row = core::Path::from_encoded(in.bin());
  const std::int64_t amount = in.int64();
  in.skip(newer);
  if (!in.done() || kind == kKinds.end() || !row.ok()) return std::nullopt;
  return RequestMark{static_cast<Kind>(kind - kKinds.begin()), std::move(row).value(), amount};
}

std::vector<MarkedOp> marked_ops(const Cell& marks) {
  std::vector<MarkedOp> marked;
  for (const Sibling& sibling : marks.siblings) {
    auto mark = decode_mark(sibling.value);
    if (mark) marked.push_back({{sibling.dot.origin, sibling.dot.seq - 1}, *std::move(mark)});
  }
  return marked;
}

bool counts(const Tally& tally, Dot addition) {
  const Slot* const slot = tally.find(addition.origin);
  // A frame that begins later was opened when all additions before had been taken back.
  return slot != nullptr && slot->birth <= addition.seq && slot->base_seq < addition.seq;
}

Int128 correction(const std::vector<MarkedOp>& marked, const core::Path& row, const Tally& tally) {
  Int128 counted = 0;
  std::optional<std::int64_t> wanted;
  bool taken_back = false;
  for (const MarkedOp& op : marked) {
    if (op.mark.kind == Kind::kPut || op.mark.row != row) continue;
    const bool live = counts(tally, op.dot);
    if (live) counted += op.mark.amount;
    if (op.mark.kind != Kind::kAdd) continue;
    if (!wanted) wanted = op.mark.amount;
    taken_back = taken_back || !live;
  }
  return (taken_back ? 0 : Int128{wanted.value_or(0)}) - counted;
}

std::vector<Dot> values_left(const std::vector<MarkedOp>& marked, const core::Path& row,
                             const Cell& cell) {
  std::vector<Dot> left;
  std::size_t puts = 0;
  for (const MarkedOp& op : marked) {
    if (op.mark.kind != Kind::kPut || op.mark.row != row) continue;
    ++puts;
    const bool there = std::ranges::binary_search(cell.siblings, op.dot, {}, &Sibling::dot);
    if (there) left.push_back(op.dot);
  }
  if (left.size() == puts) left.clear();
  return left;
}

}  // namespace anabranch::crdt
