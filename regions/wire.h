// How vectors and hashes are written in messages and in meta.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/codec.h"
#include "core/hash.h"
#include "core/version_vector.h"
#include "regions/signatures.h"

namespace anabranch::regions {

// [origin, seq, origin, seq, ...], sorted by origin.
void write_vector(core::Writer& out, const core::VersionVector& vector);
// Fails on unsorted or repeated origins and on seq 0.
core::VersionVector read_vector(core::Reader& in);

// 32 bytes.
void write_chain(core::Writer& out, const core::ChainHash& hash);
core::ChainHash read_chain(core::Reader& in);

// The hashes one after the other, as one string of bytes.
void write_chains(core::Writer& out, std::span<const core::ChainHash> hashes);
// Fails unless there are `count` of them, or none.
std::vector<core::ChainHash> read_chains(core::Reader& in, std::size_t count);

// [region, origin, seq, chain, signature]; newer versions may append. Fails on seq 0, and on a name
// or a signature that cannot be one.
void write_position(core::Writer& out, const SignedPosition& position);
SignedPosition read_position(core::Reader& in);

// [high, low]
void write_hash(core::Writer& out, const core::Hash128& hash);
core::Hash128 read_hash(core::Reader& in);

// The same, or nil.
void write_hash_or_nil(core::Writer& out, const std::optional<core::Hash128>& hash);
std::optional<core::Hash128> read_hash_or_nil(core::Reader& in);

// [origin, ...], sorted.
void write_origins(core::Writer& out, std::span<const core::Origin> origins);
// Fails on unsorted or repeated origins.
std::vector<core::Origin> read_origins(core::Reader& in);

}  // namespace anabranch::regions
