#include "storage/engine/reach.h"

#include <array>
#include <optional>

#include "storage/layout.h"

namespace anabranch::storage {

namespace {

constexpr std::size_t kNumberSize = 8;
constexpr std::size_t kNumbers = 6;
constexpr std::size_t kNumbersBegun = 8;  // While a flush is under way.

// Returns nullopt for numbers that are no generations.
std::optional<Generations> generations_of(std::uint64_t current, std::uint64_t next) {
  if (current >= kGenerationCount || next > kGenerationCount || current == next) {
    return std::nullopt;
  }
  Generations found{.current = static_cast<Generation>(current)};
  if (next < kGenerationCount) found.next = static_cast<Generation>(next);
  return found;
}

}  // namespace

std::string encode_reach(const Reach& reach) {
  std::string bytes = big_endian(reach.ticket.end) + big_endian(reach.position) +
                      big_endian(reach.opening) + big_endian(reach.trimmed) +
                      big_endian(reach.generations.current) +
                      big_endian(reach.generations.next.value_or(kGenerationCount));
  if (reach.begun.to <= reach.ticket) return bytes;
  return bytes + big_endian(reach.begun.to.end) + big_endian(reach.begun.opening);
}

core::Result<Reach> decode_reach(std::string_view bytes) {
  const std::size_t count = bytes.size() / kNumberSize;
  if (bytes.size() % kNumberSize != 0 || (count != kNumbers && count != kNumbersBegun)) {
    return core::corrupt("how far the log is in the tables has " + std::to_string(bytes.size()) +
                         " bytes");
  }
  std::array<std::uint64_t, kNumbersBegun> numbers{};
  for (std::size_t i = 0; i < count; ++i) {
    numbers[i] = from_big_endian(bytes.substr(i * kNumberSize, kNumberSize));
  }
  const auto generations = generations_of(numbers[4], numbers[5]);
  if (!generations) return core::corrupt("the tables note generations that cannot be");
  return Reach{Ticket{numbers[0]}, numbers[1],   numbers[2],
               numbers[3],         *generations, {Ticket{numbers[6]}, numbers[7]}};
}

}  // namespace anabranch::storage
