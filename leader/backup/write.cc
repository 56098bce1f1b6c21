#include "leader/backup/write.h"

#include <optional>
#include <utility>

#include "crdt/canonical.h"
#include "leader/backup/entries.h"
#include "regions/state/applied.h"
#include "regions/state/head.h"
#include "rows/digests.h"
#include "rows/row_text.h"
#include "rows/row_walk.h"
#include "storage/layout.h"
#include "storage/log_hole.h"

namespace anabranch::leader {

using core::Result;

namespace {

class BackupWriter {
 public:
  BackupWriter(const storage::WholeSnapshot& snapshot, const BackupFolder& folder,
               const BackupWatch& watch)
      : snapshot_(snapshot), folder_(folder), watch_(watch) {}

  Result<Manifest> run(core::Millis begun_ms);

 private:
  Result<void> begin(core::Millis begun_ms);
  Result<void> write_table(const Part& part);
  Result<void> write_log(const Part& part);
  void list(const std::optional<storage::LogHole>& hole) {
    if (hole) manifest_.holes.push_back(*hole);
  }
  Result<void> add(PartWriter& out, std::string_view key, std::string_view value);
  Result<void> count_row(std::string_view key, std::string_view value);

  const storage::WholeSnapshot& snapshot_;
  const BackupFolder& folder_;
  const BackupWatch& watch_;
  transport::Compressor compressor_;
  regions::Applied applied_;
  rows::Digests digests_;
  rows::RowDecoder decoder_;
  Manifest manifest_;
  BackupProgress progress_{.stage = "writing"};
};

Result<void> BackupWriter::begin(core::Millis begun_ms) {
  const auto stored = snapshot_.get(storage::Table::kMeta, storage::kIdentityKey);
  if (!stored) return core::invalid("there is nothing to back up: nothing was ever written here");
  const auto identity = regions::decode_identity(*stored);
  if (!identity.ok()) return identity.failure();
  auto applied = regions::Applied::load(snapshot_);
  if (!applied.ok()) return applied.failure();
  applied_ = std::move(applied).value();
  manifest_.mesh = identity.value().mesh;
  manifest_.region = identity.value().region;
  manifest_.origin = identity.value().origin;
  manifest_.begun_ms = begun_ms;
  manifest_.applied = applied_.vector();
  manifest_.log_last = snapshot_.last_position();
  for (const Part& part : kParts) {
    if (part.table) progress_.total += snapshot_.size(*part.table);
  }
  if (const auto first = snapshot_.read_log(1)) {
    progress_.total += manifest_.log_last - first->position + 1;
  }
  return {};
}

Result<void> BackupWriter::add(PartWriter& out, std::string_view key, std::string_view value) {
  const Result<bool> written = out.add(key, value);
  if (!written.ok()) return written.failure();
  ++progress_.done;
  if (!written.value()) return {};
  progress_.bytes = manifest_.bytes();
  return watch_(progress_);
}

Result<void> BackupWriter::count_row(std::string_view key, std::string_view value) {
  const auto decoded = decoder_.decode(key, value, applied_.names().origins());
  if (!decoded.ok()) {
    return core::corrupt("the row at key " + rows::quoted(key) + ": " + decoded.failure().message);
  }
  ++manifest_.rows;
  digests_.replace(key, {}, crdt::row_digest(decoder_.path(), decoder_.row()));
  return {};
}

Result<void> BackupWriter::write_table(const Part& part) {
  PartWriter out(folder_.path(), part.name, manifest_, compressor_);
  const auto cursor = snapshot_.scan(*part.table, {});
  for (; cursor->valid(); cursor->next()) {
    if (part.table == storage::Table::kRows) {
      if (auto done = count_row(cursor->key(), cursor->value()); !done.ok()) return done;
    }
    if (auto done = add(out, cursor->key(), cursor->value()); !done.ok()) return done;
  }
  return out.finish();
}

Result<void> BackupWriter::write_log(const Part& part) {
  PartWriter out(folder_.path(), part.name, manifest_, compressor_);
  storage::HoleFinder holes;
  for (auto record = snapshot_.read_log(1); record;
       record = snapshot_.read_log(record->position + 1)) {
    list(holes.next(record->position));
    if (auto done = add(out, log_key(*record), record->bytes); !done.ok()) return done;
  }
  list(holes.end(manifest_.log_last));
  return out.finish();
}

Result<Manifest> BackupWriter::run(core::Millis begun_ms) {
  if (auto begun = begin(begun_ms); !begun.ok()) return begun.failure();
  if (auto told = watch_(progress_); !told.ok()) return told.failure();
  for (const Part& part : kParts) {
    const Result<void> written = part.table ? write_table(part) : write_log(part);
    if (!written.ok()) return written.failure();
  }
  manifest_.digest = digests_.total();
  return std::move(manifest_);
}

}  // namespace

Result<Manifest> write_backup(const storage::WholeSnapshot& snapshot, core::Millis begun_ms,
                              const BackupFolder& folder, const BackupWatch& watch) {
  return BackupWriter(snapshot, folder, watch).run(begun_ms);
}

}  // namespace anabranch::leader
