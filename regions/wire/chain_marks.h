// The chain hashes that one leader shows another before a snapshot is merged: the hashes at some
// positions. The side that is further in an origin compares them.
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

// Returns an origin whose history here differs from that of the leader that shows the marks;
// nullopt when all marks that can be compared agree.
std::optional<core::Origin> fork_at(const ChainMarks& marks, const ChainHashes& chains);

void write_marks(core::Writer& out, const ChainMarks& marks);
ChainMarks read_marks(core::Reader& in);

}  // namespace anabranch::regions
