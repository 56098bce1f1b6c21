// The requests of a simulated mesh, and the demand that each counts once: judged from the ops that
// were written, without any knowledge of corrections. A request of the workload adds to a row of
// its own, so that the sum there is its amount, once, or nothing, if an op that has seen one of its
// executions has taken it back. Not thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/batch.h"
#include "core/path.h"
#include "tests/node.h"
#include "tests/oracle.h"

namespace anabranch::test {

class RequestLedger {
 public:
  // Notes the executions in a batch.
  void wrote(const core::Batch& batch);
  // Returns the origins of the executions of a request, by its path.
  [[nodiscard]] std::set<core::Origin> authors(const core::Path& request) const;
  // Compares the sums that a replica shows with the demands. Leaves out the requests, by their
  // paths, of which nothing was promised.
  [[nodiscard]] std::string wrong(const Node& node, const Oracle& oracle,
                                  const std::set<core::Path>& left_out) const;

 private:
  struct Addition {
    core::Path request;
    std::int64_t amount = 0;
    std::vector<core::Dot> executions;
  };
  std::map<core::Path, Addition> additions_;  // By their rows.
};

}  // namespace anabranch::test
