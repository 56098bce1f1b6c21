// The encodings of vectors and hashes in batches, in messages and in meta.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "core/codec.h"
#include "core/hash.h"
#include "core/version_vector.h"

namespace anabranch::core {

// [origin, seq, origin, seq, ...], sorted by origin.
void write_vector(Writer& out, const VersionVector& vector);
// Fails on unsorted or repeated origins and on seq 0.
VersionVector read_vector(Reader& in);

// 32 bytes.
void write_chain(Writer& out, const ChainHash& hash);
ChainHash read_chain(Reader& in);

// Writes the hashes one after the other, as one string of bytes.
void write_chains(Writer& out, std::span<const ChainHash> hashes);
// Fails unless there are `count` of them, or none.
std::vector<ChainHash> read_chains(Reader& in, std::size_t count);

// [high, low]
void write_hash(Writer& out, const Hash128& hash);
Hash128 read_hash(Reader& in);

// [high, low], or nil.
void write_hash_or_nil(Writer& out, const std::optional<Hash128>& hash);
std::optional<Hash128> read_hash_or_nil(Reader& in);

// [origin, ...], sorted.
void write_origins(Writer& out, std::span<const Origin> origins);
// Fails on unsorted or repeated origins.
std::vector<Origin> read_origins(Reader& in);

}  // namespace anabranch::core
