#include "regions/wire/signatures.h"

#include "core/wire.h"
#include "transport/keys.h"

namespace anabranch::regions {

namespace {

constexpr std::string_view kDomain = "anabranch position 1";

}  // namespace

std::string signed_bytes(const core::Hash128& mesh, const SignedPosition& position) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(6).text(kDomain);
  write_hash(out, mesh);
  out.text(position.region).uint64(position.origin).uint64(position.seq);
  write_chain(out, position.chain);
  return bytes;
}

void write_position(core::Writer& out, const SignedPosition& position) {
  out.array(5).text(position.region).uint64(position.origin).uint64(position.seq);
  write_chain(out, position.chain);
  out.bin(position.signature);
}

SignedPosition read_position(core::Reader& in) {
  SignedPosition position;
  const std::size_t newer = in.array_of(5);
  position.region = in.text();
  position.origin = in.uint64();
  position.seq = in.uint64();
  position.chain = read_chain(in);
  position.signature = in.bin();
  in.skip(newer);
  if (!transport::is_region_name(position.region)) in.fail("a position is signed by nobody");
  if (position.origin == 0 || position.seq == 0) in.fail("a position is nowhere");
  if (position.signature.size() != SignedPosition::kSignatureSize) {
    in.fail("a signature has " + std::to_string(position.signature.size()) + " bytes");
  }
  return position;
}

}  // namespace anabranch::regions
