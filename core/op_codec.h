// Ops as msgpack: the part of a batch that grows with every new kind of op. core/batch.h draws it.
#pragma once

#include "core/codec.h"
#include "core/op.h"

namespace anabranch::core {

// Appends `op`. Of an UnknownOp only the kind is left, so that one is for tests.
void encode_op(Writer& out, const Op& op);
// About how many bytes encode_op will append.
[[nodiscard]] std::size_t encoded_size(const Op& op);
// Reads the op named `dot`; `in` fails on anything that a leader never writes. Kinds that are not
// known become an UnknownOp.
void decode_op(Reader& in, Dot dot, Op& op);

}  // namespace anabranch::core
