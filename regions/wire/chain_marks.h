// The chain hashes that one leader shows another before a snapshot is merged: the hashes at some
// positions. The side that is further in an origin compares them.
#pragma once

#include <map>
#include <optional>
#include <string>
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
  // {origin: end of the common history}: the sender has given way there (ChainHashes::parted).
  // With checkpoints only.
  std::map<core::Origin, core::Seq> parted = {};
  bool operator==(const ChainMarks&) const = default;
};

// The newest position of every origin.
ChainMarks newest_marks(const Applied& applied);
// The newest checkpoint of every origin that has one, and where this leader has given way.
ChainMarks checkpoint_marks(const Applied& applied, const ChainHashes& chains);

// Returns an origin with another history here than at the leader that shows the marks; nullopt when
// all marks that can be compared agree.
std::optional<core::Origin> fork_at(const ChainMarks& marks, const ChainHashes& chains);

// Returns an origin in which either side has given way, if the position that the other leader shows
// of it cannot be compared with the history here; nullopt when there is none. `shown` has the other
// leader's newest positions, `parted` the places where that leader has given way.
std::optional<core::Origin> unclear_at(const ChainMarks& shown,
                                       const std::map<core::Origin, core::Seq>& parted,
                                       const ChainHashes& chains);

// The sentence for an operator about such an origin.
std::string unclear_text(core::Origin origin);

void write_marks(core::Writer& out, const ChainMarks& marks);
ChainMarks read_marks(core::Reader& in);

}  // namespace anabranch::regions
