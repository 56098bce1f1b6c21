#include "tests/sim/request_ledger.h"

#include <algorithm>

#include "crdt/request_mark.h"
#include "rows/corrections.h"
#include "rows/requests/request_rows.h"
#include "rows/row_text.h"
#include "rows/snapshot_reader.h"

namespace anabranch::test {

void RequestLedger::wrote(const core::Batch& batch) {
  for (const core::Transaction& txn : batch.transactions) {
    for (std::size_t k = 1; k < txn.ops.size(); ++k) {
      const auto* const put = std::get_if<core::Put>(&txn.ops[k]);
      const auto* const add = std::get_if<core::Add>(&txn.ops[k - 1]);
      if (put == nullptr || add == nullptr || !rows::is_mark(put->path)) continue;
      const auto mark = crdt::decode_mark(put->value);
      if (!mark || mark->kind != crdt::RequestMark::Kind::kAdd) continue;
      Addition& addition = additions_[add->path];
      addition.request = rows::request_of(put->path);
      addition.amount = mark->amount;
      addition.executions.push_back({batch.origin, txn.first + k - 1});
    }
  }
}

std::set<core::Origin> RequestLedger::authors(const core::Path& request) const {
  std::set<core::Origin> authors;
  for (const auto& [row, addition] : additions_) {
    if (addition.request != request) continue;
    for (const core::Dot dot : addition.executions) authors.insert(dot.origin);
  }
  return authors;
}

std::string RequestLedger::wrong(const Node& node, const Oracle& oracle,
                                 const std::set<core::Path>& left_out) const {
  const auto rows =
      rows::SnapshotReader::newest(node.disk(), node.names(), rows::Tallies::kAsLogged);
  for (const auto& [path, addition] : additions_) {
    if (left_out.contains(addition.request)) continue;
    bool known = false;
    bool undone = false;
    for (const core::Dot dot : addition.executions) {
      if (!node.vector().covers(dot)) continue;
      known = true;
      undone = undone || !oracle.counts(path, dot, node.vector());
    }
    const std::int64_t must = known && !undone ? addition.amount : 0;
    crdt::Tally tally = rows.row(path).tally;
    rows::correct(rows, node.names().requests(), path, tally);
    const auto is = tally.sum().as_int64();
    if (is == must) continue;
    return "shows " + (is ? std::to_string(*is) : "no integer") + " at " + rows::path_text(path) +
           ", where a request counts " + std::to_string(must) + " once";
  }
  return {};
}

}  // namespace anabranch::test
