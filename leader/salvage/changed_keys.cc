#include "leader/salvage/changed_keys.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/batch.h"
#include "core/hash.h"
#include "core/overloaded.h"
#include "crdt/expiry.h"
#include "rows/requests/request_rows.h"

namespace anabranch::leader {

using core::Path;
using regions::LostLog;

ChangedKeys::ChangedKeys(const regions::LogReader& log, const LostLog& lost, storage::Position from,
                         core::VersionVector left)
    : log_(log), lost_(lost), next_(from), told_(std::move(left)) {}

std::string_view ChangedKeys::unit_of(const Path& path) {
  const std::string_view key = crdt::key_part(path);
  if (!key.empty()) return key;
  if (!rows::is_of_request(path)) return path.encoded();
  const std::size_t size = rows::request_of(path).encoded().size();
  return path.encoded().substr(0, size);
}

bool ChangedKeys::read(std::size_t records) {
  for (std::size_t i = 0; i < records; ++i) {
    const auto record = log_.read_log(next_);
    if (!record) return false;
    next_ = record->position + 1;
    take(*record);
  }
  return next_ <= log_.last_position();
}

bool ChangedKeys::is_salvage(const storage::StoredRecord& record) const {
  return std::ranges::any_of(lost_.all(), [&](const auto& each) {
    return std::ranges::any_of(each.second.salvage.written, [&](const LostLog::Written& written) {
      return written.has(record.origin, record.first, record.last);
    });
  });
}

void ChangedKeys::take(const storage::StoredRecord& record) {
  const core::Seq told = told_.at(record.origin);
  if (record.last <= told) return;
  if (record.first > told + 1) gap_ = true;
  told_.set(record.origin, record.last);
  if (is_salvage(record)) return;
  const auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) {
    gap_ = true;
    return;
  }
  for (const core::Transaction& txn : batch.value().transactions) {
    for (const core::Op& op : txn.ops) take(op);
  }
}

void ChangedKeys::take(const core::Op& op) {
  const auto note = [&](const Path& path) { units_.insert(core::checksum64(unit_of(path))); };
  std::visit(core::Overloaded{[&](const core::Clear& clear) {
                                if (clear.prefix.components().size() >= 2)
                                  return note(clear.prefix);
                                if (std::ranges::count(above_, clear.prefix) == 0) {
                                  above_.push_back(clear.prefix);
                                }
                              },
                              [&](const core::UnknownOp&) { gap_ = true; },
                              [&](const auto& each) { note(each.path); }},
             op);
}

bool ChangedKeys::complete(const core::VersionVector& now) const {
  return !gap_ && told_.includes(now);
}

bool ChangedKeys::contain(const Path& path) const {
  if (units_.contains(core::checksum64(unit_of(path)))) return true;
  return std::ranges::any_of(above_, [&](const Path& prefix) { return prefix.is_prefix_of(path); });
}

}  // namespace anabranch::leader
