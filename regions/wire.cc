#include "regions/wire.h"

#include <algorithm>

#include "transport/keys.h"

namespace anabranch::regions {

void write_vector(core::Writer& out, const core::VersionVector& vector) {
  out.array(vector.size() * 2);
  for (const auto& [origin, seq] : vector) out.uint64(origin).uint64(seq);
}

core::VersionVector read_vector(core::Reader& in) {
  const std::size_t size = in.array();
  if (size % 2 != 0) in.fail("a version vector has an odd number of elements");
  if (size / 2 > core::VersionVector::kEntriesMax) in.fail("a version vector has too many origins");
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

void write_chains(core::Writer& out, std::span<const core::ChainHash> hashes) {
  std::string bytes;
  for (const core::ChainHash& hash : hashes) bytes.append(hash.begin(), hash.end());
  out.bin(bytes);
}

std::vector<core::ChainHash> read_chains(core::Reader& in, std::size_t count) {
  constexpr std::size_t kSize = std::tuple_size_v<core::ChainHash>;
  const std::string_view bytes = in.bin();
  if (!bytes.empty() && bytes.size() != count * kSize) {
    in.fail("there are not as many chain hashes as origins");
    return {};
  }
  std::vector<core::ChainHash> hashes(bytes.size() / kSize);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::ranges::copy(bytes.substr(i * kSize, kSize), hashes[i].begin());
  }
  return hashes;
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

void write_hash(core::Writer& out, const core::Hash128& hash) {
  out.array(2).uint64(hash.high).uint64(hash.low);
}

core::Hash128 read_hash(core::Reader& in) {
  if (in.array_of(2) != 0) in.fail("a hash has more than two numbers");
  const std::uint64_t high = in.uint64();
  return {high, in.uint64()};
}

void write_hash_or_nil(core::Writer& out, const std::optional<core::Hash128>& hash) {
  hash ? write_hash(out, *hash) : void(out.nil());
}

std::optional<core::Hash128> read_hash_or_nil(core::Reader& in) {
  return in.take_nil() ? std::nullopt : std::optional(read_hash(in));
}

void write_origins(core::Writer& out, std::span<const core::Origin> origins) {
  out.array(origins.size());
  for (const core::Origin origin : origins) out.uint64(origin);
}

std::vector<core::Origin> read_origins(core::Reader& in) {
  std::vector<core::Origin> origins;
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    const core::Origin origin = in.uint64();
    if (!origins.empty() && origin <= origins.back()) in.fail("origins are not in order");
    origins.push_back(origin);
  }
  return origins;
}

}  // namespace anabranch::regions
