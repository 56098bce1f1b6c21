// A token: what a client has seen, in printable form, so that it can show it in another region.
//
//   "1" and the base64 form, for URLs and without padding, of
//   {the first 8 bytes of the mesh id, varint entries, entries * (8 bytes origin, varint seq),
//    4 bytes XXH3 of all that}
//
// The first character is the version of the format. Each incarnation of each region takes 14 to 18
// characters.
#pragma once

#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/result.h"
#include "core/version_vector.h"

namespace anabranch::core {

std::string encode_token(const Hash128& mesh, const VersionVector& seen);

// Fails with kInvalid, saying what to do, when the text is none, is damaged, of a newer version or
// of another mesh. An empty text is the token of who has seen nothing.
Result<VersionVector> decode_token(const Hash128& mesh, std::string_view text);

}  // namespace anabranch::core
