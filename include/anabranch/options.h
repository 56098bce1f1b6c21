// How a store is opened. Every field has a default that works; only `path` and `region` are needed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <anabranch/conflict.h>

namespace anabranch {

// The resolver for all keys that start with a prefix. Of several, the longest prefix counts.
struct PrefixResolver {
  std::string prefix;
  Resolver resolver;
};

struct Options {
  // Where the data is. A directory, made when absent; its parent must exist. One process at a time.
  std::string path = {};

  // The region that this store leads: a short name such as "eu-west", the same at every opening.
  std::string region = {};

  // Where other leaders connect: "tcp://127.0.0.1:7400", with port 0 for any free one. Empty: this
  // leader only dials. Only addresses of this machine (127.0.0.1, [::1]) are allowed: the link has
  // no authentication yet.
  std::string listen = {};

  // Addresses of other leaders to connect to, for ever. Either side may dial; any connected graph
  // will do, writes are passed on.
  std::vector<std::string> peers = {};

  // The mesh: leaders of another one are refused, so that two deployments never merge by mistake.
  std::string mesh = "anabranch";

  // What is shown when concurrent values meet, by key prefix. `lww` where nothing is said. All
  // regions should have the same.
  std::vector<PrefixResolver> resolvers = {};

  // ---- Limits. Over them: Error{kTooLarge} that names the limit.

  // Bytes of one value.
  std::size_t value_bytes_max = std::size_t{32} << 20U;
  // Rows that one clear may remove.
  std::size_t clear_rows_max = 100'000;
  // Bytes of one transaction.
  std::size_t transaction_bytes_max = std::size_t{64} << 20U;

  // ---- Storage.

  // Address space for the data, not disk: the most that it can ever hold.
  std::size_t map_bytes = std::size_t{1} << 40U;

  // ---- Time.

  // How far, in milliseconds, this clock follows another leader's clock that is ahead.
  std::int64_t clock_drift_ms_max = 60'000;
};

}  // namespace anabranch
