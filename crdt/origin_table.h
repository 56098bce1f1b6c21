// Small local numbers for origins, so that a stored row does not spend 8 bytes on each. Append-only;
// numbers are local to one directory and never travel. Not thread-safe for changes; `origin()` and
// `number()` may be called by readers while nobody adds.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/dot.h"

namespace anabranch::crdt {

class OriginTable {
 public:
  // The number of `origin`, given anew when it has none.
  std::uint32_t add(core::Origin origin);
  [[nodiscard]] std::optional<std::uint32_t> number(core::Origin origin) const;
  // Nothing for a number that was never given.
  [[nodiscard]] std::optional<core::Origin> origin(std::uint32_t number) const;
  [[nodiscard]] std::size_t size() const { return origins_.size(); }

 private:
  std::vector<core::Origin> origins_;
  std::unordered_map<core::Origin, std::uint32_t> numbers_;
};

}  // namespace anabranch::crdt
