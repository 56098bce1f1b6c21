// Every stored table and every form of key, in one place. docs/formats.md describes the values. Any
// change here changes the format number, unless older and newer versions can open one directory in
// turns.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "core/dot.h"

namespace anabranch::storage {

// The format of keys and values, and of a data directory from before the engine, which has all of
// it in LMDB. An engine goes on with those; a directory of an unknown format is refused.
inline constexpr std::uint64_t kFormat = 2;
// The same with deep rows, which earlier versions count in another way (rows/counts.h).
inline constexpr std::uint64_t kDeepFormat = 5;
// The format of a directory with an engine: its newest changes are in the engine's log, and values
// in the tables have checksums (value_sum.h). Format 3 is the same without them, of an earlier
// engine.
inline constexpr std::uint64_t kEngineFormat = 4;

enum class Table : std::uint8_t {
  kRows,    // row_key(path) -> row
  kCounts,  // row_key(collection or space) -> number of its shown entries, stamp (derived)
  kMeta,    // see the keys below
  // The next rows and the tables derived from them: filled beside the current ones, then made
  // current at once (Storage::swap).
  kNextRows,
  kNextCounts,
  kExpiries,  // <deadline><row_key of an expiry> -> empty (derived)
  kNextExpiries,
  kScores,  // The order of scores in sorted sets (derived); see the keys below.
  kNextScores,
  kConflicts,  // <number, big-endian> -> entry of the conflict log
  // Names of stored tables alone, below an engine (generations.h): no commit has them.
  kThirdRows,
  kThirdCounts,
  kThirdExpiries,
  kThirdScores,
};
inline constexpr std::size_t kTableCount = 10;  // Without those of stored tables alone.
inline constexpr std::size_t kStoredTableCount = 14;

// The table of rows, or one derived from it, and the table that will replace it.
struct TablePair {
  Table current;
  Table next;
};
inline constexpr std::array<TablePair, 4> kSwappedTables{{{Table::kRows, Table::kNextRows},
                                                          {Table::kCounts, Table::kNextCounts},
                                                          {Table::kExpiries, Table::kNextExpiries},
                                                          {Table::kScores, Table::kNextScores}}};
// Returns the name of a table as it is stored.
const char* table_name(Table table);
// Returns the replacement of a current table; for rows and the tables derived from them.
Table next_table(Table current);

// Keys have 1 to this many bytes, the limit of LMDB as compiled everywhere.
inline constexpr std::size_t kKeySizeMax = 511;

// Numbers in keys are big-endian, so that they sort as bytes.
std::string big_endian(std::uint64_t number);
std::uint64_t from_big_endian(std::string_view bytes);  // Exactly 8 bytes.

// Keys of the table meta: a name, or a letter and an origin.
inline constexpr std::string_view kIdentityKey =
    "identity";  // format, mesh, region, origin, previous, opening
inline constexpr std::string_view kOriginPrefix = "o";  // o<number> -> origin
inline constexpr std::string_view kHeadPrefix = "h";   // h<origin> -> seq, chain, deps, hlc, region
inline constexpr std::string_view kChainPrefix = "c";  // c<origin><seq> -> chain hash
inline constexpr std::string_view kDigestsKey = "digests";  // -> format of the digests below
inline constexpr std::string_view kDigestPrefix = "D";      // D<group, 1 byte> -> sums, rows
inline constexpr std::string_view kDigestPrefixOne = "d";   // In format 1: d<bucket> -> sum, rows
inline constexpr std::string_view kSegmentPrefix =
    "segment/";  // segment/<position> -> bytes before, begun
inline constexpr std::string_view kReportPrefix =
    "standing/";  // standing/<origin> -> its newest report
inline constexpr std::string_view kSettledKey = "settled";    // origins, with their positions
inline constexpr std::string_view kRunningKey = "running";    // milliseconds, big-endian
inline constexpr std::string_view kClockKey = "clock";        // hlc, big-endian
inline constexpr std::string_view kExpiriesKey = "expiries";  // -> format of the table expiries
inline constexpr std::string_view kJumpKey = "jump";  // time and size of the wall clock's jump
inline constexpr std::string_view kHeardPrefix =
    "heard/";  // heard/<origin> -> the last news of a leader's clock
std::string heard_key(core::Origin origin);
std::string segment_key(std::uint64_t position);
std::string report_key(core::Origin origin);
inline constexpr std::string_view kForkPrefix =
    "fork/";  // fork/<origin of a leader><forked origin> -> end of the common history
std::string fork_key(core::Origin leader, core::Origin origin);
inline constexpr std::string_view kMasksKey = "masks";    // version, last id, large clears to sweep
inline constexpr std::string_view kSignedPrefix = "s";    // s<origin> -> signed position
inline constexpr std::string_view kRejoinKey = "rejoin";  // the progress of this leader's rejoin
inline constexpr std::string_view kUnloggedPrefix =
    "unlogged/";  // unlogged/<number> -> origin, first, last, batch
inline constexpr std::string_view kPartedPrefix =
    "parted/";  // parted/<origin> -> where this leader left its history of the origin for another
                // one
std::string parted_key(core::Origin origin);
std::string unlogged_key(std::uint64_t number);
inline constexpr std::string_view kLostPrefix =
    "lost/";  // lost/<number> -> a loss of the log that others have not given back
std::string lost_key(std::uint64_t number);
inline constexpr std::string_view kMetPrefix = "met/";  // met/<dialled address> -> region met there
std::string met_key(std::string_view address);
inline constexpr std::string_view kFollowerPrefix =
    "follower/";  // follower/<origin> -> empty: a follower of the own region that was seen
std::string follower_key(core::Origin origin);
std::string origin_key(std::uint64_t number);
std::string head_key(core::Origin origin);
std::string chain_key(core::Origin origin, core::Seq seq);
std::string signed_key(core::Origin origin);
inline constexpr std::string_view kProofPrefix =
    "proof/";  // proof/<origin><first> -> signature of the position before a batch of the log
std::string proof_key(core::Origin origin, core::Seq first);
// `number`: of a bucket in format 1, then of a group of buckets.
std::string digest_key(std::uint64_t format, std::size_t number);
inline constexpr std::string_view kScoresKey =
    "scores";  // -> format, resolvers, seed and opening of the table below
inline constexpr std::string_view kRowsAgainKey =
    "rows again";  // Why the rows are to be taken again from another leader.
inline constexpr std::string_view kReorderKey = "reorder";  // Scopes whose orders may be stale.
inline constexpr std::string_view kConflictsKey =
    "conflicts";  // next number, entries, bytes and drops of the conflict log

// Keys of the table of scores: a letter and its argument.
inline constexpr std::string_view kScoreOrderPrefix = "c";  // c<row_key(sorted set)> -> its order
inline constexpr std::string_view kScorePrefix = "e";     // e<order><level><score><member> -> entry
inline constexpr std::string_view kOldOrderPrefix = "g";  // g<order>: remove its entries
inline constexpr std::string_view kOrderCounterKey = "n";  // -> the newest order, big-endian
inline constexpr std::string_view kUnorderedPrefix = "u";  // u<row_key(sorted set)>, to be ordered

}  // namespace anabranch::storage
