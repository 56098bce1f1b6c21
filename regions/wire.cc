#include "regions/wire.h"

#include <algorithm>

namespace anabranch::regions {

void write_vector(core::Writer& out, const core::VersionVector& vector) {
  out.array(vector.size() * 2);
  for (const auto& [origin, seq] : vector) out.uint64(origin).uint64(seq);
}

core::VersionVector read_vector(core::Reader& in) {
  const std::size_t size = in.array();
  if (size % 2 != 0) in.fail("a version vector has an odd number of elements");
  core::VersionVector vector;
  core::Origin before = 0;
  for (std::size_t i = 0; i < size && in.ok(); i += 2) {
    const core::Origin origin = in.uint64();
    const core::Seq seq = in.uint64();
    if (origin <= before || seq == 0) in.fail("a version vector is not canonical");
    if (in.ok()) vector.set(origin, seq);
    before = origin;
  }
  return vector;
}

void write_chain(core::Writer& out, const core::ChainHash& hash) {
  out.bin({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

core::ChainHash read_chain(core::Reader& in) {
  core::ChainHash hash{};
  const std::string_view bytes = in.bin();
  if (bytes.size() != hash.size()) {
    in.fail("a chain hash has " + std::to_string(bytes.size()) + " bytes");
    return hash;
  }
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

void write_hash(core::Writer& out, const core::Hash128& hash) {
  out.array(2).uint64(hash.high).uint64(hash.low);
}

core::Hash128 read_hash(core::Reader& in) {
  if (in.array_of(2) != 0) in.fail("a hash has more than two numbers");
  const std::uint64_t high = in.uint64();
  return {high, in.uint64()};
}

}  // namespace anabranch::regions
