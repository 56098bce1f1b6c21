// What a leader knows of itself and of its peers, as `anabranch status` shows it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace anabranch {

// How far an origin, one incarnation of one leader, has been applied.
struct AppliedStatus {
  std::string origin;  // 16 hexadecimal digits.
  std::string region;  // Empty when it is not known yet.
  std::uint64_t seq = 0;
};

// Another leader.
struct PeerStatus {
  std::string region;   // Empty when it has never been connected.
  std::string address;  // The address that is dialled; empty when it dials us.
  std::string origin;   // Empty when it has never been connected.
  bool connected = false;
  bool paused = false;
  std::uint64_t lag_ops = 0;     // Ops applied here that it has not shown to have applied.
  std::int64_t lag_ms = 0;       // For how long it has not had everything; 0 when it has.
  std::uint64_t behind_ops = 0;  // Ops it has shown that are not applied here.
  std::string note;  // Why the exchange stands still, for people; empty when it does not.
};

struct StoreStatus {
  std::string region;
  std::string origin;
  std::string mesh;
  std::string endpoint;                // Where it listens; empty when it does not.
  std::vector<AppliedStatus> applied;  // The version vector, in the order of origins.
  std::vector<PeerStatus> peers;       // In the order of regions, then addresses.
  std::uint64_t log_records = 0;
  std::uint64_t held_batches = 0;       // Received, waiting for others that they depend on.
  std::uint64_t resolver_failures = 0;  // Resolvers that threw and were overruled.
  bool writable = true;                 // False after a failed commit: reads only, until reopened.
};

}  // namespace anabranch
