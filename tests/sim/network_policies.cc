// Checks of the values that readers see under policies, beside the judge's (ledger.h): equal at
// equal vectors, and unchanged for a reader that keeps an older state.
#include "rows/snapshot_reader.h"
#include "tests/sim/network.h"

namespace anabranch::test {

namespace {

std::unique_ptr<rows::SnapshotReader> newest(const Node& node) {
  return std::unique_ptr<rows::SnapshotReader>(
      new rows::SnapshotReader(rows::SnapshotReader::newest(node.disk(), node.names())));
}

}  // namespace

core::Hash128 Network::shown_digest(Index at) { return digest_of(shown_values(*newest(node(at)))); }

std::string Network::wrong_kept_values(Index at) {
  const Node& here = node(at);
  std::optional<KeptShown>& kept = machines_[at].kept_shown;
  const bool same = !kept || shown_values(*kept->rows) == kept->values;
  // Another reader tells what is shown: one keeps the policies that it has asked for once.
  kept = KeptShown{newest(here), shown_values(*newest(here))};
  return same ? "" : "a reader that keeps an older state sees other values there than before";
}

}  // namespace anabranch::test
