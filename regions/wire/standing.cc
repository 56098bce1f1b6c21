#include "regions/wire/standing.h"

#include "core/wire.h"
#include "regions/wire/signatures.h"
#include "transport/keys.h"

namespace anabranch::regions {

namespace {

constexpr std::string_view kDomain = "anabranch standing 1";

void write_content(core::Writer& out, const Standing& standing) {
  out.text(standing.region).uint64(standing.origin).uint64(standing.number);
  write_hash_or_nil(out, standing.list);
  write_origins(out, standing.open);
  write_hash_or_nil(out, standing.settled);
  write_vector(out, standing.durable);
}

}  // namespace

void write_standing(core::Writer& out, const Standing& standing) {
  out.array(9);
  write_content(out, standing);
  out.bin(standing.signature).uint64(standing.previous);
}

Standing read_standing(core::Reader& in) {
  Standing standing;
  std::size_t newer = in.array_of(8);
  standing.region = in.text();
  standing.origin = in.uint64();
  standing.number = in.uint64();
  standing.list = read_hash_or_nil(in);
  standing.open = read_origins(in);
  standing.settled = read_hash_or_nil(in);
  standing.durable = read_vector(in);
  standing.signature = in.bin();
  if (newer > 0) {  // Absent in older versions.
    standing.previous = in.uint64();
    --newer;
  }
  in.skip(newer);
  if (!transport::is_region_name(standing.region) || standing.origin == 0) {
    in.fail("a standing of nobody");
  }
  if (standing.number == 0) in.fail("a standing without a number");
  const std::size_t size = standing.signature.size();
  if (size != 0 && size != SignedPosition::kSignatureSize) {
    in.fail("a signature has " + std::to_string(size) + " bytes");
  }
  return standing;
}

std::string signed_bytes(const core::Hash128& mesh, const Standing& standing) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(standing.previous == 0 ? 9 : 10).text(kDomain);
  write_hash(out, mesh);
  write_content(out, standing);
  if (standing.previous != 0) out.uint64(standing.previous);
  return bytes;
}

}  // namespace anabranch::regions
