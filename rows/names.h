// What readers need besides rows: the origins behind small numbers, the regions behind origins,
// whether masks are pending, which keys may expire, and how far the rows have come.
#pragma once

#include <map>
#include <mutex>
#include <string>

#include "core/origin_table.h"
#include "rows/expiry_board.h"
#include "rows/masks/mask_board.h"
#include "rows/vector_board.h"

namespace anabranch::rows {

// Grows only. The writer adds, always before the commit of the rows that need it; any thread reads
// meanwhile, so whoever takes a snapshot of rows first finds all that is in it.
class Names {
 public:
  [[nodiscard]] core::OriginTable& origins() { return origins_; }
  [[nodiscard]] const core::OriginTable& origins() const { return origins_; }

  [[nodiscard]] MaskBoard& masks() { return masks_; }
  [[nodiscard]] const MaskBoard& masks() const { return masks_; }

  [[nodiscard]] VectorBoard& vectors() { return vectors_; }
  [[nodiscard]] const VectorBoard& vectors() const { return vectors_; }

  [[nodiscard]] ExpiryBoard& expiries() { return expiries_; }
  [[nodiscard]] const ExpiryBoard& expiries() const { return expiries_; }

  // The region that an origin was written in; empty when that is not known.
  [[nodiscard]] std::string region(core::Origin origin) const;
  void set_region(core::Origin origin, const std::string& region);

 private:
  core::OriginTable origins_;
  MaskBoard masks_;
  VectorBoard vectors_;
  ExpiryBoard expiries_;
  mutable std::mutex mutex_;  // Of the regions, which only conflicts ask for.
  std::map<core::Origin, std::string> regions_;
};

}  // namespace anabranch::rows
