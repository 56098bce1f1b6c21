// The head of an origin, and the identity of a data directory: the small rows of the table meta.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "core/hash.h"
#include "core/hlc.h"
#include "core/result.h"
#include "core/version_vector.h"
#include "regions/state/role_row.h"
#include "storage/place.h"

namespace anabranch::regions {

// The position of an origin's log in this replica.
struct Head {
  core::Seq seq = 0;         // The newest op applied.
  core::ChainHash chain{};   // The hash chain up to there.
  core::VersionVector deps;  // The vector its leader had applied by then, the own entry included.
  core::Hlc hlc;             // The newest timestamp.
  std::string region;        // As its newest opening named it; empty when none was seen.
};

std::string encode_head(const Head& head);
core::Result<Head> decode_head(std::string_view bytes);

// The identity of this directory.
// How the directory counts deep rows (rows/counts.h).
enum class DeepCounts : std::uint8_t {
  kUnknown,   // As earlier versions do, if there are any.
  kNone,      // There are none.
  kChanging,  // Not whole: the counts are being made anew.
  kKept,      // As this version does.
};

struct Identity {
  static constexpr std::size_t kFormersMax = 16;

  core::Hash128 mesh;
  std::string region;
  core::Origin origin = 0;
  core::Origin previous = 0;  // The incarnation before, 0 for none.
  // Those before that one, the newest first, and 0 behind the first one of all; the newest
  // kFormersMax, or fewer in a directory of an earlier version.
  std::vector<core::Origin> formers = {};
  std::uint64_t opening =
      0;  // Counts the openings of the directory, and incarnations begun in one.
  storage::Place place = {};  // Where it was at its newest opening.
  bool closed = false;        // That opening has ended as it should.
  // That opening's storage synced later than it committed: a process that has died, or a disk that
  // was taken away, may have lost writes that other leaders have.
  bool syncs_later = false;
  std::string why = {};  // Why the origin began; empty when it is the directory's first.
  // Names the directory, as long as it is where it was; 0 in one of an earlier version that was not
  // opened since.
  core::Hash128 node = {};
  // All that it will ever have written under its origin is here, until it leads: a follower that
  // owes no resets of its own clears. False before the first write of an opening that leads.
  bool at_rest = false;
  // The role of its newest opening, where that may lead by itself one day (ReplicaOptions::
  // promote_after_ms), or has had its lead from another member, or given it up; else nothing.
  std::optional<RoleRow> role = {};
  // Earlier versions store no such element, and open no directory with deep rows.
  DeepCounts deep = DeepCounts::kUnknown;
};

std::string encode_identity(const Identity& identity);
core::Result<Identity> decode_identity(std::string_view bytes);

}  // namespace anabranch::regions
