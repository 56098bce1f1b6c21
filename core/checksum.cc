#include "core/checksum.h"

#include <optional>

#include "core/codec.h"
#include "core/hash.h"

namespace anabranch::core {
namespace {

constexpr std::size_t kBefore = 5;  // Elements of the head before the checksum.
constexpr std::size_t kHeadTokensMax = 256;

struct Place {
  std::size_t at = 0;        // The offset of the checksum's bytes.
  std::size_t head_end = 0;  // That of the first byte behind the head.
};

// Returns the place of the checksum in a batch; nullopt when the batch carries none.
Result<std::optional<Place>> place_of(std::string_view batch) {
  std::string_view rest = batch;
  Reader in = Reader::first_of(rest, kHeadTokensMax);
  const std::size_t size = in.array();
  in.skip(kBefore);
  if (!in.ok()) return in.failure();
  if (size <= kBefore || in.take_nil()) return std::optional<Place>();
  const std::string_view sum = in.bin();
  if (sum.size() != kChecksumSize) in.fail("a checksum has another size");
  if (!in.ok()) return in.failure();
  return std::optional(
      Place{static_cast<std::size_t>(sum.data() - batch.data()), batch.size() - rest.size()});
}

// Hashes the bytes behind the checksum, with the hash of the bytes before it as the seed.
std::string sum_of(std::string_view batch, std::size_t at) {
  const std::uint64_t sum =
      seeded64(batch.substr(at + kChecksumSize), checksum64(batch.substr(0, at)));
  std::string bytes;
  for (unsigned shift = 64; shift > 0; shift -= 8) {
    bytes.push_back(static_cast<char>(static_cast<unsigned char>(sum >> (shift - 8))));
  }
  return bytes;
}

}  // namespace

Checksum checksum_of(std::string_view batch) {
  const auto place = place_of(batch);
  if (!place.ok()) return Checksum::kWrong;
  if (!place.value()) return Checksum::kNone;
  const std::size_t at = place.value()->at;
  return batch.substr(at, kChecksumSize) == sum_of(batch, at) ? Checksum::kRight : Checksum::kWrong;
}

void write_checksum(std::string& batch, std::size_t at) {
  batch.replace(at, kChecksumSize, sum_of(batch, at));
}

std::string without_checksum(std::string batch) {
  constexpr char kArrayOf5 = '\x95';
  constexpr std::size_t kBinHead = 2;
  const auto place = place_of(batch);
  if (!place.ok() || !place.value()) return batch;
  const std::size_t from = place.value()->at - kBinHead;
  batch.erase(from, place.value()->head_end - from);
  batch.front() = kArrayOf5;
  return batch;
}

}  // namespace anabranch::core
