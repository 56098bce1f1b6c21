// A position of an origin's hash chain.
#pragma once

#include "core/dot.h"
#include "core/hash.h"

namespace anabranch::regions {

// The end of a batch, and the chain hash there.
struct ChainLink {
  core::Seq seq = 0;
  core::ChainHash hash{};
  bool operator==(const ChainLink&) const = default;
};

}  // namespace anabranch::regions
