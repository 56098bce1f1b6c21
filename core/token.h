// A token: the writes that a client has seen, in printable form, for use in another region.
//
//   "1" and the base64 form, for URLs and without padding, of
//   {the first 8 bytes of the mesh id, varint entries, entries * (8 bytes origin, varint seq),
//    4 bytes XXH3 of all that}
//
// The first character is the version of the format. Without entries it has 19 characters; each
// incarnation of each region takes 12 to 18.
#pragma once

#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/result.h"
#include "core/version_vector.h"

namespace anabranch::core {

// Encodes the writes that a client has seen.
std::string encode_token(const Hash128& mesh, const VersionVector& seen);

// Decodes a token. Fails with kInvalid, and advice, when the text is no token, is damaged, of a
// newer version or of another mesh. An empty text is the token of a client that has seen no writes.
Result<VersionVector> decode_token(const Hash128& mesh, std::string_view text);

}  // namespace anabranch::core
