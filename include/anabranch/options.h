// Options: how a store is opened. Every field has a working default except `path` and `region`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/conflict.h>
#include <anabranch/policy.h>

namespace anabranch {

// The resolver for all keys that start with a prefix. The longest matching prefix counts; at most
// one resolver for each prefix.
struct PrefixResolver {
  std::string prefix;
  Resolver resolver;
};

// The links to other leaders that are compressed: none, those that leave this machine, or all.
// Compression takes a third of a core for each 150 MB/s and pays on all but the fastest networks.
enum class CompressLinks { kNever, kRemote, kAlways };
// Returns the word: "never", "remote", "always".
[[nodiscard]] std::string_view to_string(CompressLinks compress);

// When a write is on the disk. Each group of writes is one append to a write-ahead log (the folder
// `wal` of the data directory), and this says when that is synced. Whatever is chosen, a process
// that is killed loses no write that was acknowledged, and after a loss of power, or of the disk,
// the data are those of one moment, and of no half transaction.
//
// kSync: before it is acknowledged. Nothing is lost.
// kInterval: within a second. A loss of power takes at most the writes of the last second or so,
// unless another region has them already: they come back from there.
// kNone: within half a minute, or when memory is written to the tables.
//
// With the last two a store that was not closed goes on under a new origin when it is opened again:
// other regions may have writes that it has lost.
enum class Durability { kSync, kInterval, kNone };
// Returns the word, as settings and the status have it: "sync", "interval", "none".
[[nodiscard]] std::string_view to_string(Durability durability);

struct Options {
  // The data directory; created when absent, in an existing parent. Used by one process at a time.
  std::string path = {};

  // The region that this store leads: a short name such as "eu-west", the same at every opening.
  std::string region = {};

  // True: the store copies a leader of its region and serves reads, but refuses writes
  // (Error{kReadOnly}) until Store::promote, or an opening without this option, makes it a leader.
  // A directory that has handed its lead over (`anabranch handover`) follows without it, until
  // Store::promote. A follower needs a directory of its own and links to leaders; sessions and
  // watches work on it, too. No log is kept for a follower: after a long absence it gets a
  // snapshot.
  bool follower = false;

  // Milliseconds. Above 0: when no leader of the region has been heard for so long, a follower of
  // it that is not far behind leads, without being told; and of two leaders one gives way. The
  // greatest that any member of the region has counts for all; at least 1000, 2000 is a good
  // choice. Elections do not exist: while members cannot hear each other two of them may lead, and
  // what both write converges. A member with 0 does not lead by itself. From the second start of a
  // directory on its last role counts, and `follower` does not. A Store waits at its opening until
  // it is decided whether it leads, for so long at most. A transaction that holds the store longer
  // than this may lose the lead to another member.
  std::int64_t promote_after_ms = 0;

  // ---- This member among those of its region. Members tell each other all this several times a
  // minute, also through others, and Store::status shows it.

  // Its name, 1 to 64 letters, digits, '-', '_', '.' or ':', which no other member of the region
  // has. Empty: the name of the host, and the port of `listen`.
  std::string node_name = {};
  // Where it runs, as a name of your choice: members that may fail together have one zone. May be
  // empty.
  std::string zone = {};
  // The order of the members of a region, 0 to 255: the least comes first.
  std::uint64_t rank = 100;
  // Where others reach it: its clients, if it has a port for them, as HOST:PORT, and its peers, as
  // "tcp://HOST:PORT". They are told so and nothing else follows from it; empty ones are not told.
  std::string announce_redis = {};
  std::string announce_redis_tls = {};
  std::string announce_sentinel = {};
  std::string announce_peer = {};

  // Where other leaders connect: "tcp://127.0.0.1:7400", with port 0 for any free one. Empty: this
  // leader only dials. Without keys only addresses of this machine (127.0.0.1, [::1]) are allowed.
  std::string listen = {};

  // Begins a new incarnation, as is needed after a restore from a backup that the leader cannot
  // notice. The writes of the former incarnation come back from the other leaders. Also resets the
  // clock of a region that was ahead: it no longer continues from the time it showed then.
  bool new_origin = false;

  // An origin, as 16 hexadecimal digits, whose lost write-ahead log is accepted. A directory whose
  // log is gone, or ends before its tables, is refused with a sentence that names the origin:
  // writes that were on the disk are missing. With it the leader goes on without them, under a new
  // origin, once: the next loss names another one.
  std::string accept_lost_log = {};

  // Addresses of other leaders to connect to, for ever: "tcp://HOST:PORT", or
  // "REGION@tcp://HOST:PORT" when that region must be there, which keys make a must. Either side
  // may dial; any connected graph will do, writes are passed on.
  std::vector<std::string> peers = {};

  // ---- Keys. With keys links are encrypted and accept only regions that prove their key, and no
  // leader can pass off writes as those of another region. `anabranch keys new` creates keys.

  // The file with this region's secret keys, readable by its owner only; empty: no keys.
  std::string keys_file = {};
  // The file with the public keys of all regions, one per line. Set both files or none.
  std::string peers_keys_file = {};
  // Allows, without keys, listening on and dialling addresses of other machines. Every process that
  // reaches the port can then act as a leader: only for networks where every process may.
  bool insecure = false;

  CompressLinks compress = CompressLinks::kRemote;

  // The mesh: leaders of other meshes are refused, so that two deployments never merge by mistake.
  std::string mesh = "anabranch";

  // Takes the verbs of the command line (`anabranch status --data DIR`) on the socket DIR/control,
  // which only this user can open, DIR being `path`. The path of the socket may have 107 bytes. It
  // costs a thread that sleeps. False: no socket.
  bool control = true;

  // ---- Concurrent values.

  // The policies that this region proposes, at most 1000, one for each database and prefix. A
  // proposal counts where no policy was ever set (Store::set_policy); of the proposals of several
  // regions for one prefix, that of the region with the least name, by bytes. The leader makes its
  // proposals equal to these when it opens, in all regions: what it no longer names is withdrawn.
  std::vector<PrefixPolicy> policies = {};
  // The functions of native policies (conflict.h), each with a name of its own: 1 to 64 letters,
  // digits, '-', '_' or '.'. All regions must be given the same functions under the same names; a
  // function that decides differently needs a new name. A function must be pure, and may not use a
  // store: inside it every call of one throws Error{kInvalid}. Its answers are kept in memory.
  std::vector<Resolver> functions = {};
  // The resolvers of concurrent values in database 0, by key prefix, in this process alone. A
  // policy with any prefix of the key goes before them; `lww` for keys without both. All regions
  // must have the same, under the same names: a difference is in the log and the status of each.
  std::vector<PrefixResolver> resolvers = {};

  // Values that lost against concurrent ones are kept in the conflict log of the data directory
  // (Store::losers): at most so many bytes of them, and for 30 days. 0: none.
  std::uint64_t conflicts_bytes_max = std::uint64_t{64} << 20U;

  // ---- Limits. An excess throws Error{kTooLarge} that names the limit.

  // Bytes of one value.
  std::size_t value_bytes_max = std::size_t{32} << 20U;
  // Bytes of one transaction; 128 MiB at most, so that a message has room for it.
  std::size_t transaction_bytes_max = std::size_t{64} << 20U;

  // Requests that are remembered at once (Scope::once). About: they are counted every now and then.
  std::size_t once_max = 1'000'000;

  // ---- Storage.

  // When writes are on the disk; see above.
  Durability durability = Durability::kSync;
  // The engine's writes that are not in its tables yet lie in memory, and are written to the tables
  // when they take this many bytes, or the log since the last time twice as many; meanwhile they
  // may grow to twice that, and writers are slowed. After a kill, opening reads that log again.
  // More saves writing where the same keys change often.
  std::uint64_t flush_bytes_max = std::uint64_t{64} << 20U;

  // Closing the store writes what only the log has to the tables, for this many milliseconds at
  // most, so that a bad place in the log costs nothing while the store is closed. What is left then
  // is read by the next opening. 0: nothing is written, nor is it on a full disk.
  std::int64_t close_flush_ms = 8'000;

  // Address space for the data, not disk: the greatest size the data can ever have. At least 64
  // MiB, and at least the size of the directory's data at opening plus the reserve (below).
  std::size_t map_bytes = std::size_t{1} << 40U;

  // Writes are kept in a log until every known region has them, and at least the newest
  // `log_bytes_min` of them, so that a short cut of a link costs little. A region that is away
  // longer than `log_age_ms_max` (time that this leader ran), or for more than `log_bytes_max` of
  // writes, gets a snapshot when it returns: an absent region never fills this region's disk. Bytes
  // are those on the disk, where a write takes about twice its size.
  std::uint64_t log_bytes_min = std::uint64_t{64} << 20U;
  std::uint64_t log_bytes_max = std::uint64_t{1} << 30U;
  std::int64_t log_age_ms_max = std::int64_t{7} * 24 * 3600 * 1000;

  // While less than this is free on the disk (or of the address space above), writes that add are
  // refused with Error{kIo} and those of other leaders wait; removing works, and everything else
  // works again once there is room. At most an eighth of the address space; 0: no reserve, a full
  // disk closes the store for writes.
  std::size_t reserve_bytes = std::size_t{64} << 20U;

  // ---- Time.

  // How far, in milliseconds, this clock follows another leader's clock that is ahead.
  std::int64_t clock_drift_ms_max = 60'000;

  // An expired key is hidden at once, and cleared when its deadline has passed everywhere
  // (expiry.h). The clear waits for a region that is cut off for at most this long, in milliseconds
  // that this store is open; longer if the region's clock was wrong when last heard of. A store
  // whose own clock has jumped by more than the drift above clears no keys for as long.
  std::int64_t expiry_wait_ms_max = std::int64_t{24} * 3600 * 1000;
  // The region that has set a deadline clears the key; others take over this many milliseconds
  // later.
  std::int64_t expiry_grace_ms = 60'000;

  // A request that was executed (Scope::once) is remembered for this many milliseconds by the
  // clocks of all regions, and longer until every region is known to have seen it. All regions
  // should have the same.
  std::int64_t once_ms = std::int64_t{24} * 3600 * 1000;

  // A region that has not confirmed a write made here for this many milliseconds is behind: the log
  // warns once, and StoreStatus::warnings names it until it has caught up. 0: never.
  std::int64_t lag_alarm_ms = 10'000;
  // While this leader has known for longer than this of writes of a connected peer that are not
  // applied here, applying gets more of its time and local writes less, in proportion: at most nine
  // tenths, from four times this on. All leaders should have the same. 0: never.
  std::int64_t lag_slow_ms = 2'000;

  // When the last verified backup of this directory (`anabranch backup`) is older than so many
  // milliseconds, or there is none, StoreStatus::warnings says so. 0: never.
  std::int64_t backup_alarm_ms = 0;

  // The function of a read (Store::read) may use its state for so many milliseconds; then its calls
  // throw Error{kTimeout}. What is replaced meanwhile stays on the disk. Of any reader of an older
  // state, a backup too, StoreStatus::warnings tells. 0: no limit.
  std::int64_t read_ms_max = std::int64_t{3600} * 1000;

  // In each period of so many milliseconds all that is stored is read once, slowly, so that damage
  // on the disk is noticed and mended early. StoreStatus::scrub has its progress. 0: never.
  std::int64_t scrub_ms = std::int64_t{7} * 24 * 3600 * 1000;
};

}  // namespace anabranch
