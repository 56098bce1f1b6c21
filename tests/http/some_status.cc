#include "tests/http/some_status.h"

#include "control/verbs/status_json.h"

namespace anabranch::test {

StoreStatus some_status() {
  StoreStatus status;
  status.region = "eu";
  status.origin = "00000000000000aa";
  status.mesh = "m";
  status.applied = {{"00000000000000aa", "eu", 10, ""}, {"00000000000000bb", "us", 20, ""}};
  PeerStatus peer;
  peer.region = "us";
  peer.address = "tcp://us:7400";
  peer.origin = "00000000000000bb";
  peer.connected = true;
  peer.lag_ms = 1500;
  peer.behind_ms = 1500;
  peer.behind_ops = 0;
  status.peers = {peer};
  status.regions = {{"eu", true, "", 0, 0}, {"us", true, "", 4096, 60'000}};
  status.forks.emplace_back();
  status.snapshots.emplace_back();
  status.snapshots.back().region = "us";
  status.snapshots.back().stage = "sending";
  status.clocks = {"a sentence"};
  status.conflicts.rules = {{"max", "bids/", 3, 0, 0, 0}};
  status.statistics.commits = 7;
  status.statistics.commit_us_p50 = 250;
  return status;
}

nlohmann::ordered_json some_status_json() { return control::to_json(some_status()); }

}  // namespace anabranch::test
