// The checksum of a batch: one more element of its head, computed over all its other bytes. The
// origin writes the checksum when it makes the batch, and every leader checks it before storing,
// sending or applying the batch, so that a byte that changed on a disk or in memory spreads no
// further. Batches of older versions carry no checksum; those versions skip the element, and the
// hash chain covers it like all other bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace anabranch::core {

inline constexpr std::size_t kChecksumSize = 8;

enum class Checksum : std::uint8_t {
  kNone,   // The batch carries none.
  kRight,  // All its bytes are unchanged.
  kWrong,  // Some bytes changed, or the head cannot be read.
};
// Checks the checksum of a batch. Costs about as much as copying the batch.
[[nodiscard]] Checksum checksum_of(std::string_view batch);

// Writes the checksum of a batch into its place, the kChecksumSize bytes at `at`.
void write_checksum(std::string& batch, std::size_t at);
// Returns the batch as versions without checksums wrote it, without all later elements of the head;
// unchanged when it carries no checksum.
[[nodiscard]] std::string without_checksum(std::string batch);

}  // namespace anabranch::core
