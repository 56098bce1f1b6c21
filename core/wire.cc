#include "core/wire.h"

#include <algorithm>
#include <tuple>

namespace anabranch::core {

void write_vector(Writer& out, const VersionVector& vector) {
  out.array(vector.size() * 2);
  for (const auto& [origin, seq] : vector) out.uint64(origin).uint64(seq);
}

VersionVector read_vector(Reader& in) {
  const std::size_t size = in.array();
  if (size % 2 != 0) in.fail("a version vector is incomplete");
  if (size / 2 > VersionVector::kEntriesMax) in.fail("a version vector has too many origins");
  VersionVector vector;
  Origin before = 0;
  for (std::size_t i = 0; i < size / 2 && in.ok(); ++i) {
    const Origin origin = in.uint64();
    const Seq seq = in.uint64();
    if (origin <= before) in.fail("a version vector is not sorted by origin");
    if (seq < 1) in.fail("a version vector has an empty entry");
    before = origin;
    vector.set(origin, seq);
  }
  return vector;
}

void write_chain(Writer& out, const ChainHash& hash) {
  out.bin({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

ChainHash read_chain(Reader& in) {
  ChainHash hash{};
  const std::string_view bytes = in.bin();
  if (bytes.size() != hash.size()) {
    in.fail("a chain hash has not 32 bytes");
    return hash;
  }
  std::ranges::copy(bytes, hash.begin());
  return hash;
}

void write_chains(Writer& out, std::span<const ChainHash> hashes) {
  std::string bytes;
  for (const ChainHash& hash : hashes) bytes.append(hash.begin(), hash.end());
  out.bin(bytes);
}

std::vector<ChainHash> read_chains(Reader& in, std::size_t count) {
  constexpr std::size_t kSize = std::tuple_size_v<ChainHash>;
  const std::string_view bytes = in.bin();
  if (!bytes.empty() && bytes.size() != count * kSize) {
    in.fail("there are not as many chain hashes as origins");
    return {};
  }
  std::vector<ChainHash> hashes(bytes.size() / kSize);
  for (std::size_t i = 0; i < hashes.size(); ++i) {
    std::ranges::copy(bytes.substr(i * kSize, kSize), hashes[i].begin());
  }
  return hashes;
}

void write_hash(Writer& out, const Hash128& hash) {
  out.array(2).uint64(hash.high).uint64(hash.low);
}

Hash128 read_hash(Reader& in) {
  if (in.array_of(2) != 0) in.fail("a hash has more than two numbers");
  const std::uint64_t high = in.uint64();
  return {high, in.uint64()};
}

void write_hash_or_nil(Writer& out, const std::optional<Hash128>& hash) {
  hash ? write_hash(out, *hash) : void(out.nil());
}

std::optional<Hash128> read_hash_or_nil(Reader& in) {
  return in.take_nil() ? std::nullopt : std::optional(read_hash(in));
}

void write_origins(Writer& out, std::span<const Origin> origins) {
  out.array(origins.size());
  for (const Origin origin : origins) out.uint64(origin);
}

std::vector<Origin> read_origins(Reader& in) {
  std::vector<Origin> origins;
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    const Origin origin = in.uint64();
    if (!origins.empty() && origin <= origins.back()) in.fail("origins are not in order");
    origins.push_back(origin);
  }
  return origins;
}

}  // namespace anabranch::core
