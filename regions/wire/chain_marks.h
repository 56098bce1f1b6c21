// What one leader shows another of its chains before a snapshot is merged: the hash at some
// positions. Whichever side is further in an origin compares.
#pragma once

#include <optional>
#include <vector>

#include "core/codec.h"
#include "core/hash.h"
#include "core/version_vector.h"

namespace anabranch::regions {

class Applied;
class ChainHashes;

struct ChainMarks {
  core::VersionVector at;
  std::vector<core::ChainHash> hashes;  // At the entries of `at`, in their order.
  bool operator==(const ChainMarks&) const = default;
};

// The newest position of every origin.
ChainMarks newest_marks(const Applied& applied);
// The newest checkpoint of every origin that has one.
ChainMarks checkpoint_marks(const Applied& applied, const ChainHashes& chains);

// An origin whose history here is another one than that of the leader that shows the marks; nothing
// when all marks that can be compared agree.
std::optional<core::Origin> fork_at(const ChainMarks& marks, const ChainHashes& chains);

void write_marks(core::Writer& out, const ChainMarks& marks);
ChainMarks read_marks(core::Reader& in);

}  // namespace anabranch::regions
