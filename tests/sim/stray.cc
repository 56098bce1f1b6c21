#include "tests/sim/stray.h"

#include <algorithm>

#include "core/batch.h"
#include "crdt/expiry.h"
#include "regions/members/region_list.h"

namespace anabranch::test {

namespace {

std::string shown(const core::Path& path) {
  std::string text;
  for (const std::string& component : path.components()) text += "/" + component;
  return text;
}

// Describes an op, without the names of dots.
struct Describe {
  std::string operator()(const core::Put& op) const {
    const auto expiry = crdt::is_expiry(op.path) ? crdt::decode_expiry(op.value) : std::nullopt;
    const std::string value = expiry ? std::to_string(expiry->deadline) + " of " +
                                           std::to_string(expiry->values.size()) + " values"
                                     : op.value;
    return "put " + shown(op.path) + value;
  }
  std::string operator()(const core::Remove& op) const { return "remove " + shown(op.path); }
  std::string operator()(const core::Add& op) const {
    return "add " + shown(op.path) + " " + std::to_string(op.amount.as_real());
  }
  std::string operator()(const core::Reset& op) const { return "reset " + shown(op.path); }
  std::string operator()(const core::Clear& op) const { return "clear " + shown(op.prefix); }
  std::string operator()(const core::UnknownOp& /*op*/) const { return "unknown"; }
};

// A leader has written itself into the list of regions: no client was told so.
bool announces(const core::Transaction& txn) {
  const auto* put = std::get_if<core::Put>(&txn.ops.front());
  return put != nullptr && regions::RegionList::prefix().is_prefix_of(put->path);
}

void describe(const storage::StoredRecord& record, std::vector<std::string>& acts) {
  const core::Batch batch = core::decode_batch(record.bytes).value();
  for (const core::Transaction& txn : batch.transactions) {
    if (announces(txn)) continue;
    for (const core::Op& op : txn.ops) {
      acts.push_back(std::to_string(txn.hlc.bits) + " " + std::visit(Describe{}, op));
    }
    acts.emplace_back("end of the transaction");
  }
}

}  // namespace

Stray::Stray(Node& node, core::Origin forked)
    : forked_(forked), own_{forked}, from_(node.vector()), position_(node.disk().last_position()) {}

void Stray::stray_again(const Node& node) {
  again_ = true;
  acts_.clear();
  position_ = node.disk().last_position();
}

void Stray::follow(Node& node, const Ledger& ledger) {
  own_.insert(node.origin());
  const regions::Rejoin* const rejoin = node.replica().background().repair().rejoin();
  if (rejoin != nullptr && rejoin->logging()) return;  // That is written again.
  while (const auto record = node.disk().read_log(position_ + 1)) {
    position_ = record->position;
    const bool own = own_.contains(record->origin) && !ledger.knows(*record);
    if (own) describe(*record, acts_);
  }
}

std::string Stray::settle(Node& node, Ledger& ledger) const {
  std::vector<std::string> again;
  for (storage::Position at = 0;;) {
    const auto record = node.disk().read_log(at);
    if (!record) break;
    at = record->position + 1;
    if (ledger.knows(*record)) continue;
    describe(*record, again);
    const regions::Replica& replica = node.replica();
    const bool own = replica.applied().head(record->origin).region == replica.identity().region;
    if (std::string wrong = ledger.rewrote(*record, own); !wrong.empty()) return wrong;
  }
  if (again == acts_) return {};
  const auto [one, other] = std::ranges::mismatch(acts_, again);
  return "gave way, and has written again " + (other == again.end() ? "nothing" : *other) +
         " instead of " + (one == acts_.end() ? "nothing" : *one);
}

}  // namespace anabranch::test
