// How a store is opened. Every field has a default that works; only `path` and `region` are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <anabranch/conflict.h>

namespace anabranch {

// The resolver for all keys that start with a prefix. Of several, the longest prefix counts; one
// for each prefix.
struct PrefixResolver {
  std::string prefix;
  Resolver resolver;
};

// Which links to other leaders compress what they send: those that leave this machine, or all, or
// none. It costs a third of a core for each 150 MB/s and pays on all but the fastest networks.
enum class CompressLinks { kNever, kRemote, kAlways };

struct Options {
  // Where the data is. A directory, made when absent; its parent must exist. One process at a time.
  std::string path = {};

  // The region that this store leads: a short name such as "eu-west", the same at every opening.
  std::string region = {};

  // Copies a leader of its region and serves reads, but takes no writes (Error{kReadOnly}) until
  // Store::promote, or an opening without this, makes it a leader. It needs a directory of its own
  // and links to leaders; sessions and watches work here, too. Nobody waits for a follower: one
  // that was away for long gets a snapshot.
  bool follower = false;

  // Where other leaders connect: "tcp://127.0.0.1:7400", with port 0 for any free one. Empty: this
  // leader only dials. Without keys only addresses of this machine (127.0.0.1, [::1]) are allowed.
  std::string listen = {};

  // Begins a new incarnation, as is needed after the data were put back from a backup in a way that
  // the leader cannot notice. What the former one had written comes back from the other leaders.
  // It also ends that a region whose clock was ahead goes on from the time that it showed then.
  bool new_origin = false;

  // Addresses of other leaders to connect to, for ever: "tcp://HOST:PORT", or
  // "REGION@tcp://HOST:PORT" when that region must be there, which keys make a must. Either side
  // may dial; any connected graph will do, writes are passed on.
  std::vector<std::string> peers = {};

  // ---- Keys. With them links are encrypted, only with regions that prove their key, and no leader
  // can pass off writes as those of another region. `anabranch keys new` makes them.

  // The file with this region's secret keys, readable by its owner only; empty: no keys.
  std::string keys_file = {};
  // The file with the public keys of all regions, a line each. Both files or none must be given.
  std::string peers_keys_file = {};
  // Without keys, listen on and dial addresses of other machines too. Whoever reaches the port then
  // is a leader: only for networks where everybody may be one.
  bool insecure = false;

  CompressLinks compress = CompressLinks::kRemote;

  // The mesh: leaders of another one are refused, so that two deployments never merge by mistake.
  std::string mesh = "anabranch";

  // What is shown when concurrent values meet, by key prefix. `lww` where nothing is said. All
  // regions should have the same.
  std::vector<PrefixResolver> resolvers = {};

  // ---- Limits. Over them: Error{kTooLarge} that names the limit.

  // Bytes of one value.
  std::size_t value_bytes_max = std::size_t{32} << 20U;
  // Bytes of one transaction.
  std::size_t transaction_bytes_max = std::size_t{64} << 20U;

  // ---- Storage.

  // Address space for the data, not disk: the most that it can ever hold. At least 64 MiB, and at
  // least what the directory holds and the reserve (below) when it is opened.
  std::size_t map_bytes = std::size_t{1} << 40U;

  // Writes are kept in a log until every known region has them, and at least the newest
  // `log_bytes_min` of them, so that a short cut of a link costs little. A region that is away
  // longer than `log_age_ms_max` (time that this leader ran), or for more than `log_bytes_max` of
  // writes, gets a snapshot when it returns: a dead region never fills this one's disk.
  std::uint64_t log_bytes_min = std::uint64_t{64} << 20U;
  std::uint64_t log_bytes_max = std::uint64_t{1} << 30U;
  std::int64_t log_age_ms_max = std::int64_t{7} * 24 * 3600 * 1000;

  // When less than this is free on the disk (or of the address space above), writes that add are
  // refused with Error{kIo} and those of other leaders wait; removing works, and so does all else
  // as soon as there is room again. At most an eighth of the address space; 0: no reserve, a full
  // disk closes the store for writes.
  std::size_t reserve_bytes = std::size_t{64} << 20U;

  // ---- Time.

  // How far, in milliseconds, this clock follows another leader's clock that is ahead.
  std::int64_t clock_drift_ms_max = 60'000;

  // A key that has expired is hidden at once, and cleared when its deadline has passed everywhere
  // (expiry.h). A region that is cut off is waited for no longer than this, in milliseconds that
  // this store is open, unless its clock was wrong when it was heard of last. A store whose own
  // clock has jumped by more than the drift above clears nothing for as long.
  std::int64_t expiry_wait_ms_max = std::int64_t{24} * 3600 * 1000;
  // The region that has set a deadline clears; others take over so many milliseconds later.
  std::int64_t expiry_grace_ms = 60'000;
};

}  // namespace anabranch
