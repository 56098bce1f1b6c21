// The checksum of a batch: a further element of its head, of all its other bytes. It is made with
// the batch and looked at before the batch is stored, sent or applied, so that a byte that changed
// on a disk or in memory goes no further. Batches of versions before this one have none; those
// versions skip it, and the hash chain covers it like everything else.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace anabranch::core {

inline constexpr std::size_t kChecksumSize = 8;

enum class Checksum : std::uint8_t {
  kNone,   // The batch carries none.
  kRight,  // All its bytes are as they were made.
  kWrong,  // Some are not, or its head cannot be read.
};
// Costs about as much as copying the batch.
[[nodiscard]] Checksum checksum_of(std::string_view batch);

// Writes the checksum of a batch into the kChecksumSize bytes at `at`, where it belongs.
void write_checksum(std::string& batch, std::size_t at);
// The batch as versions that knew no checksums have written it; unchanged when it carries none.
[[nodiscard]] std::string without_checksum(std::string batch);

}  // namespace anabranch::core
