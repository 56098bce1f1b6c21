// Rows as bytes in a table: hand-packed, since every write decodes one. docs/formats.md draws it.
//
//   flags      1 byte   1: full path follows, 2: has a cell, 4: has a tally, 8: any base present
//   path       bytes    only for paths that are stored by hash
//   siblings   varint count, then each: origin number, seq, hlc (8 bytes, big-endian), value bytes,
//              [1 byte: has a base, then the base's bytes; only with flag 8]
//   slots      varint count, then each: origin number, seq, kind, birth, total, base_seq,
//              [base, reset origin number, reset seq; only when base_seq != 0]
//
// Numbers are varints, and bytes are a varint length and the bytes. The kind is one byte, 1: the
// total is a double, 2: the base is a double; a double is 8 bytes, big-endian, an integer a zigzag
// varint of up to 128 bits. A row has exactly one encoding: decoded bytes encode to the same bytes.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/origin_table.h"
#include "core/path.h"
#include "core/result.h"
#include "crdt/row.h"

namespace anabranch::crdt {

struct StoredRow {
  std::optional<core::Path> path;  // Only of rows stored by hash.
  Row row;
};

// Encode a row. Every origin in the row must be in `origins`.
std::string encode_row(const core::Path& path, const Row& row, const core::OriginTable& origins);
// The same to memory of exactly its encoded size.
void encode_row(const core::Path& path, const Row& row, const core::OriginTable& origins,
                std::span<char> to);
[[nodiscard]] std::size_t encoded_size(const core::Path& path, const Row& row,
                                       const core::OriginTable& origins);
// Decodes a row. Fails with kCorrupt on bytes that encode_row does not make.
core::Result<StoredRow> decode_row(std::string_view bytes, const core::OriginTable& origins);
// The same into a row whose memory is used again; after a failure that holds anything.
core::Result<void> decode_row(std::string_view bytes, const core::OriginTable& origins,
                              StoredRow& into);

// Returns the value of an encoded row that has one value without a base, and no tally: nearly all
// rows. A view of the bytes. nullopt for other rows, and for bytes that decode_row refuses.
std::optional<std::string_view> plain_value(std::string_view bytes,
                                            const core::OriginTable& origins);

}  // namespace anabranch::crdt
