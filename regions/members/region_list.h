// The list of regions: every region that was ever known, the origins of its leaders, and whether it
// is retired or lost. The list is ordinary rows of the mesh's own space: they are written by an
// ordinary transaction, travel and merge like all other rows, and are in digest and snapshot.
//
//   [0, "region", NAME, "o", ORIGIN]   a leader of NAME has opened this origin, after another one
//   [0, "region", NAME, "r"]           no region waits for NAME any more, or it is lost for good
//   [0, "region", NAME, "g", ORIGIN]   the reign under which that origin was written last
//
// The rows of reigns are beside the list, and in no hash: leaders change, and nobody is to close
// ended origins anew for that.
//
// A retirement that meets a concurrent one of the other kind counts as loss; one that meets a
// concurrent restoration stays. Invariant: the list follows from the rows alone, so that regions
// with the same applied vector have the same list. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/dot.h"
#include "core/hash.h"
#include "core/op.h"
#include "core/path.h"
#include "regions/state/origin_rewrites.h"
#include "rows/row_reader.h"

namespace anabranch::regions {

enum class Retirement : std::uint8_t {
  kNone,
  kRetired,  // No region waits for it; it may return at any time, with all its data.
  // It never comes back: writes that only it had are given up. Of the origins named alone.
  kLost,
};

// The content of one origin row.
struct KnownOrigin {
  core::Origin previous = 0;  // The incarnation before; 0 for none.
  core::Dot dot;              // Of the op that wrote the row.
  core::Hash128 node = {};    // The directory that writes under it; 0: the row does not say.
};

struct KnownRegion {
  std::map<core::Origin, KnownOrigin> origins;
  Retirement retirement = Retirement::kNone;
  std::vector<core::Dot> retired_by;  // The ops that retired it.
  std::vector<core::Origin> lost;     // Sorted. With kLost: its origins when it was declared lost.
};

class Applied;

// A row of a reign; 0 for none.
struct ReignRow {
  std::uint64_t reign = 0;
  core::Origin origin = 0;
  bool operator==(const ReignRow&) const = default;
};

class RegionList {
 public:
  // Replaces the list by that of the rows. Rows that make no sense are left out.
  void load(const rows::RowReader& rows);

  // The path above all rows of the list.
  [[nodiscard]] static const core::Path& prefix();
  // The row with which a leader says that it has opened an origin, and its value; `node` names the
  // directory, 0 for none. It is written once: the hash of the list has the dot of its write.
  [[nodiscard]] static core::Path origin_row(std::string_view region, core::Origin origin);
  [[nodiscard]] static std::string origin_value(core::Origin previous, core::Hash128 node = {});
  // The row with which a leader says that it leads under a reign, as the first write of that; and
  // its value.
  [[nodiscard]] static core::Path reign_row(std::string_view region, core::Origin origin);
  [[nodiscard]] static std::string reign_value(std::uint64_t reign);
  // The write of a row that names an origin by a leader whose origins have new names; what
  // newer versions append to it stays.
  [[nodiscard]] static core::Put renamed(core::Put put, const OriginRewrites& names);
  // The row that retires a region, and its value for `retirement`, which is not kNone.
  [[nodiscard]] static core::Path retirement_row(std::string_view region);
  // `origins` are all known origins of the region.
  [[nodiscard]] static std::string retirement_value(Retirement retirement,
                                                    const std::vector<core::Origin>& origins);

  [[nodiscard]] const std::map<std::string, KnownRegion, std::less<>>& all() const { return all_; }
  [[nodiscard]] bool knows(std::string_view region, core::Origin origin) const;
  // Returns whether an origin of a region is in the list, and has neither ended nor is lost.
  [[nodiscard]] bool counts(std::string_view region, core::Origin origin) const {
    return knows(region, origin) && !succeeded(origin) && !lost(region, origin);
  }
  // Returns the line of a leader of a region, by its origin; if the list does not contain that, by
  // the previous one. 0 if it contains neither.
  [[nodiscard]] core::Origin line(std::string_view region, core::Origin origin,
                                  core::Origin previous) const;
  // The retirement of a region; kNone for one that is not in the list. A lost region that has
  // joined again with a new origin is not retired.
  [[nodiscard]] Retirement retirement(std::string_view region) const;
  // Returns whether this origin was declared lost with its region: it must not come back.
  [[nodiscard]] bool lost(std::string_view region, core::Origin origin) const;
  // The region that opened an origin; empty when the list does not say.
  [[nodiscard]] std::string region_of(core::Origin origin) const;

  // The row of the greatest reign of a region, of two the one with the smaller origin: the same for
  // all that have applied the same.
  [[nodiscard]] ReignRow newest_reign(std::string_view region) const;
  // The reign whose row is in an origin; 0 for none.
  [[nodiscard]] std::uint64_t reign_in(std::string_view region, core::Origin origin) const;
  // The origins of a region that have neither ended nor are lost.
  [[nodiscard]] std::size_t waited_for(std::string_view region) const;

  // All origins that have ended: a later incarnation names them as the one before, or their region
  // is retired.
  [[nodiscard]] const std::set<core::Origin>& ended() const { return ended_; }
  // Returns whether a later incarnation has ended an origin.
  [[nodiscard]] bool succeeded(core::Origin origin) const { return succeeded_.contains(origin); }
  // Over the whole list: equal where the rows are.
  [[nodiscard]] const core::Hash128& hash() const { return hash_; }
  // The incarnation before an origin; 0 for none.
  [[nodiscard]] core::Origin previous(core::Origin origin) const;
  // The line of an origin: the first known one of the incarnations that lead to it. All
  // incarnations of one data directory have it in common, so it tells two leaders of a region
  // apart.
  [[nodiscard]] core::Origin line(core::Origin origin) const;

 private:
  void read(const core::Path& path, const crdt::Row& row);
  void read_reign(const core::Components& parts, const crdt::Row& row);
  void find_ended();
  void find_lines();
  [[nodiscard]] core::Hash128 make_hash() const;

  std::map<std::string, KnownRegion, std::less<>> all_;
  std::map<std::string, std::map<core::Origin, std::uint64_t>, std::less<>> reigns_;
  std::map<core::Origin, std::string> region_of_;
  std::map<core::Origin, core::Origin> lines_;  // Also of origins that only a listed one names.
  std::set<core::Origin> succeeded_;
  std::set<core::Origin> ended_;
  core::Hash128 hash_;
};

// Returns the names of all regions that are in the list, or have written anything.
std::set<std::string> regions_known(const RegionList& list, const Applied& applied);

}  // namespace anabranch::regions
