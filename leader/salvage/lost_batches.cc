#include "leader/salvage/lost_batches.h"

#include <algorithm>
#include <utility>

#include "regions/state/head.h"
#include "storage/layout.h"
#include "storage/wal/logged_changes.h"
#include "storage/wal/wal_record.h"

namespace anabranch::leader {

using core::Result;
using regions::LostLog;

namespace {

// Reads the rows of meta that were stored with the batches.
void read_meta(std::string_view changes, LostBatches::Record& record) {
  storage::LoggedChanges walk(changes);
  while (const auto logged = walk.next()) {
    const storage::ChangeView& change = logged->change;
    if (logged->trimmed || logged->generations || !change.value) continue;
    if (change.table != storage::Table::kMeta) continue;
    for (const core::Batch& batch : record.batches) {
      if (change.key != storage::head_key(batch.origin)) continue;
      const auto head = regions::decode_head(*change.value);
      if (head.ok() && !head.value().region.empty()) {
        record.regions[batch.origin] = head.value().region;
      }
    }
    if (!change.key.starts_with(storage::kLostPrefix)) continue;
    const auto loss = LostLog::decode(*change.value);
    if (!loss.ok()) continue;
    const auto& all = loss.value().salvage.written;
    record.written.insert(record.written.end(), all.begin(), all.end());
  }
}

}  // namespace

Result<std::unique_ptr<LostBatches>> LostBatches::open(storage::Files& files,
                                                       const storage::LogLoss& loss) {
  auto found = storage::SetAside::open(files, loss);
  if (!found.ok()) return found.failure();
  return std::unique_ptr<LostBatches>(new LostBatches(std::move(found).value(), loss));
}

Result<bool> LostBatches::search() {
  auto more = search_.step();
  if (!more.ok() || more.value()) return more;
  if (!reader_) reader_.emplace(found_.segments, search_.stretches());
  return false;
}

void LostBatches::seek(const LostLog::OpPlace& at) {
  std::size_t segment = 0;
  for (std::size_t i = 0; i < found_.segments.size(); ++i) {
    if (found_.segments[i].header.name.text() == at.segment) segment = i;
  }
  reader_->seek(segment, at.place);
}

Result<std::optional<LostBatches::Record>> LostBatches::next() {
  const auto read = reader_->next();
  if (!read.ok()) return read.failure();
  if (!read.value()) return std::optional<Record>();
  const storage::SalvagedRecord& found = *read.value();
  Record record;
  record.at = {found_.segments[found.segment].header.name.text(), found.header.place, 0};
  record.end = found.header.end();
  record.position = found.header.first;
  record.proven = found.proven;
  storage::BatchWalk walk(found.header, found.body);
  while (const auto logged = walk.next()) {
    auto batch = core::decode_batch(logged->bytes);
    if (batch.ok()) record.batches.push_back(std::move(batch).value());
  }
  read_meta(storage::changes_in(found.header, found.body), record);
  return std::optional(std::move(record));
}

bool is_of_region(const LostBatches::Record& record, core::Origin origin, const std::string& region,
                  const IsOwn& is_own) {
  const auto known = record.regions.find(origin);
  return known == record.regions.end() ? is_own(origin) : known->second == region;
}

std::vector<core::Batch> own_batches(const LostBatches::Record& record,
                                     const core::VersionVector& applied, const std::string& region,
                                     const IsOwn& is_own) {
  std::vector<core::Batch> own;
  for (const core::Batch& batch : record.batches) {
    const bool is_salvage = std::ranges::any_of(record.written, [&](const LostLog::Written& each) {
      return each.has(batch.origin, batch.first(), batch.last());
    });
    const bool is_here = batch.last() <= applied.at(batch.origin);
    if (!record.proven || is_here || is_salvage) continue;
    if (is_of_region(record, batch.origin, region, is_own)) own.push_back(batch);
  }
  return own;
}

}  // namespace anabranch::leader
