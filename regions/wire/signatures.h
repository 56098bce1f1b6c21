// Signed positions: a region's word that its origin's log reaches a position with this hash. The
// hash chain extends the proof to everything before. So a batch that another peer passes on can be
// checked, and no leader can invent writes of another region.
#pragma once

#include <string>
#include <string_view>

#include "core/codec.h"
#include "core/dot.h"
#include "core/hash.h"

namespace anabranch::regions {

struct SignedPosition {
  static constexpr std::size_t kSignatureSize = 64;

  std::string region;  // The signer, and owner of the origin.
  core::Origin origin = 0;
  core::Seq seq = 0;        // The end of a batch...
  core::ChainHash chain{};  // ...and the hash there.
  std::string signature;    // Ed25519, over signed_bytes().
  bool operator==(const SignedPosition&) const = default;
};

// The bytes to be signed. They name the mesh too: a position is valid in one mesh only.
std::string signed_bytes(const core::Hash128& mesh, const SignedPosition& position);

// [region, origin, seq, chain, signature]; newer versions may append. Fails on seq 0, and on a name
// or a signature that cannot be one.
void write_position(core::Writer& out, const SignedPosition& position);
SignedPosition read_position(core::Reader& in);

// Signs as this region and checks signatures of others. Neither reads a clock: a signature stays
// valid as long as its key is known.
class Signatures {
 public:
  virtual ~Signatures() = default;
  [[nodiscard]] virtual std::string sign(std::string_view bytes) const = 0;
  // Returns whether some known key of the region has signed the bytes.
  [[nodiscard]] virtual bool verify(std::string_view region, std::string_view bytes,
                                    std::string_view signature) const = 0;
};

}  // namespace anabranch::regions
