// Ops as msgpack: the part of a batch that grows with every new kind of op. See core/batch.h.
#pragma once

#include "core/codec.h"
#include "core/op.h"

namespace anabranch::core {

// Appends `op`. Of an UnknownOp only the kind is written, so encoding one is for tests.
void encode_op(Writer& out, const Op& op);
// Returns about how many bytes encode_op will append.
[[nodiscard]] std::size_t encoded_size(const Op& op);
// Reads the op named `dot`; `in` fails on bytes that no leader writes. An unknown kind becomes an
// UnknownOp.
void decode_op(Reader& in, Dot dot, Op& op);

}  // namespace anabranch::core
