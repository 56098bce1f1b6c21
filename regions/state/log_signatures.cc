#include "regions/state/log_signatures.h"

#include <iterator>
#include <utility>

#include "core/path.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Origin;
using core::Seq;
using storage::Table;

namespace {

constexpr std::size_t kNumber = sizeof(std::uint64_t);

}  // namespace

void LogSignatures::load(const storage::Snapshot& snapshot) {
  origins_.clear();
  const std::string_view prefix = storage::kProofPrefix;
  const std::string end = core::prefix_end(prefix);
  for (std::string from(prefix);;) {
    const auto cursor = snapshot.scan(Table::kMeta, {.from = from, .to = end});
    if (!cursor->valid() || cursor->key().size() < prefix.size() + kNumber) return;
    const Origin origin = storage::from_big_endian(cursor->key().substr(prefix.size(), kNumber));
    origins_.insert(origin);
    from = storage::proof_key(origin, UINT64_MAX);
  }
}

std::string LogSignatures::before(Origin origin, Seq first) const {
  if (!origins_.contains(origin)) return {};
  const auto snapshot = storage_.snapshot();
  const auto row = snapshot->get(Table::kMeta, storage::proof_key(origin, first));
  return std::string(row.value_or(std::string_view()));
}

void LogSignatures::keep(Origin origin, Seq first, const std::string& signature) {
  origins_.insert(origin);
  changes_.set(Table::kMeta, storage::proof_key(origin, first), signature);
}

bool LogSignatures::trim() {
  if (!changes_.empty()) return true;
  if (origins_.empty()) return false;
  const auto snapshot = storage_.snapshot();
  std::size_t left = kTrimmedAtOnce;
  for (auto at = origins_.begin(); at != origins_.end() && left > 0;) {
    const auto position = storage_.find(*at, 1);
    const auto record = position ? storage_.read_log(*position) : std::nullopt;
    const Seq logged = record && record->origin == *at ? record->first : UINT64_MAX;
    const std::string end = storage::proof_key(*at, logged);
    const auto cursor =
        snapshot->scan(Table::kMeta, {.from = storage::proof_key(*at, 0), .to = end});
    for (; cursor->valid() && left > 0; cursor->next(), --left) {
      changes_.remove(Table::kMeta, std::string(cursor->key()));
    }
    at = logged == UINT64_MAX && !cursor->valid() ? origins_.erase(at) : std::next(at);
  }
  return !changes_.empty();
}

storage::Changes LogSignatures::take_changes() { return std::exchange(changes_, {}); }

}  // namespace anabranch::regions
