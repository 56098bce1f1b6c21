// Marks: what an op of a request did, so that the request counts once where several leaders have
// executed it. A request is a transaction with an id (docs/semantics.md, "Once").
//
// A mark is a sibling in the cell named by the request's id and the number of the op in it. It is
// put right after its op, so that its dot follows that of the op, and with an empty context, so
// that the marks of all executions lie beside each other. Corrections that leaders write into their
// own slots have marks in the same cell. tests/model/once.py is the executable specification.
//
// Worked example. `eu` and `us` both execute a request that adds 5, neither knowing of the other.
// Both slots hold 5, and the cell has two marks. Readers correct the sum by -5. Once every region
// has seen both, one leader adds -5 to its own slot and puts the third mark; the correction is 0,
// and the cell can be removed. If a reset has seen one of the additions, the correction takes back
// the other one as well.
//
// Pure functions; a sibling that is no mark is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/number.h"
#include "core/path.h"
#include "crdt/row.h"

namespace anabranch::crdt {

struct RequestMark {
  enum class Kind : std::uint8_t { kAdd, kPut, kCorrection };

  Kind kind = Kind::kAdd;
  core::Path row;           // The row that the op changed.
  std::int64_t amount = 0;  // Added by the op; 0 of a put.
  bool operator==(const RequestMark&) const = default;
};

// Encodes the value of the sibling: [kind: text, row's encoded path, amount]; newer versions may
// append. Decoding returns nullopt for other bytes.
std::string encode_mark(const RequestMark& mark);
std::optional<RequestMark> decode_mark(std::string_view value);

// The marks in one cell, with the dots of the marked ops.
struct MarkedOp {
  core::Dot dot;
  RequestMark mark;
  bool operator==(const MarkedOp&) const = default;
};
[[nodiscard]] std::vector<MarkedOp> marked_ops(const Cell& marks);

// Returns whether an addition is in the sum of a tally: no reset that saw it has been applied.
[[nodiscard]] bool counts(const Tally& tally, core::Dot addition);

// Returns what is to be added to the sum of a row, so that the request counts once, or not at all
// if an execution has been taken back. Marks of puts, and of other rows, count nothing.
[[nodiscard]] core::Int128 correction(const std::vector<MarkedOp>& marked, const core::Path& row,
                                      const Tally& tally);

// Returns the executions of a put whose value is still in the cell of the row, if the value of
// another one is gone: these are to be removed as well.
[[nodiscard]] std::vector<core::Dot> values_left(const std::vector<MarkedOp>& marked,
                                                 const core::Path& row, const Cell& cell);

}  // namespace anabranch::crdt
