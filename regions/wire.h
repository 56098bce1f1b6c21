// How vectors and hashes are written in messages and in meta.
#pragma once

#include "core/codec.h"
#include "core/hash.h"
#include "core/version_vector.h"

namespace anabranch::regions {

// [origin, seq, origin, seq, ...], sorted by origin.
void write_vector(core::Writer& out, const core::VersionVector& vector);
// Fails on unsorted or repeated origins and on seq 0.
core::VersionVector read_vector(core::Reader& in);

// 32 bytes.
void write_chain(core::Writer& out, const core::ChainHash& hash);
core::ChainHash read_chain(core::Reader& in);

// [high, low]
void write_hash(core::Writer& out, const core::Hash128& hash);
core::Hash128 read_hash(core::Reader& in);

}  // namespace anabranch::regions
