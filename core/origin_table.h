// Small local numbers for origins, so that a stored row does not spend 8 bytes on each.
//
// Append-only. Numbers are local to one data directory and never travel: batches, digests and
// snapshots use full origins. A value type; the writer publishes copies to readers.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "core/dot.h"

namespace anabranch::core {

class OriginTable {
 public:
  // The number of `origin`, given anew (the next from 0) when it has none.
  std::uint32_t add(Origin origin);
  // Nothing for an origin that was never added.
  [[nodiscard]] std::optional<std::uint32_t> number(Origin origin) const;
  // Nothing for a number that was never given.
  [[nodiscard]] std::optional<Origin> origin(std::uint32_t number) const;
  [[nodiscard]] std::size_t size() const { return origins_.size(); }

 private:
  std::vector<Origin> origins_;
  std::unordered_map<Origin, std::uint32_t> numbers_;
};

}  // namespace anabranch::core
