#include "leader/backup/verify.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "crdt/canonical.h"
#include "leader/backup/entries.h"
#include "leader/backup/folder.h"
#include "leader/backup/log_check.h"
#include "regions/state/applied.h"
#include "regions/state/head.h"
#include "rows/digests.h"
#include "rows/row_text.h"
#include "rows/row_walk.h"
#include "storage/layout.h"
#include "storage/memory_storage.h"

namespace anabranch::leader {

using core::Result;
using storage::Table;

namespace {

constexpr std::uint64_t kWatchBytes = std::uint64_t{1} << 20U;

class BackupCheck {
 public:
  BackupCheck(std::string folder, const Manifest& manifest, const regions::Signatures* signatures,
              const BackupWatch& watch)
      : folder_(std::move(folder)), signatures_(signatures), watch_(watch) {
    report_.manifest = manifest;
    for (const BackupFile& file : manifest.files) progress_.total += file.entries;
  }

  Result<BackupReport> run();

 private:
  // Walks over a part; its contents are looked at until something of it cannot be read.
  Result<void> check_part(const Part& part);
  Result<void> check_file(const Part& part, const BackupFile& file);
  void look_at(const Part& part, std::string_view key, std::string_view value);
  void keep_meta(std::string_view key, std::string_view value);
  void load_meta();
  void load_signed(const storage::Snapshot& meta);
  void look_at_row(std::string_view key, std::string_view value);
  void check_dot(core::Dot dot);
  void check_digest();
  void note_other_files();

  const std::string folder_;
  const regions::Signatures* const signatures_;
  const BackupWatch& watch_;
  BackupReport report_;
  BackupProgress progress_{.stage = "verifying"};
  std::uint64_t told_ = 0;

  std::string last_key_;
  bool readable_ = true;  // All of the part, so far.
  storage::MemoryStorage meta_;
  storage::Changes meta_changes_;
  std::optional<regions::Applied> applied_;  // None if meta cannot be read.
  std::optional<rows::Digests> kept_;        // As the leader kept them.
  bool rejoins_ = false;
  rows::Digests digests_;
  rows::RowDecoder decoder_;
  std::uint64_t rows_ = 0;
  std::optional<LogCheck> log_;
};

Result<void> BackupCheck::check_file(const Part& part, const BackupFile& file) {
  FileEntries entries(folder_, file);
  const std::uint64_t before = progress_.bytes;
  for (;;) {
    const Result<bool> more = entries.next();
    if (!more.ok()) {
      readable_ = false;
      report_.damage(more.failure().message);
      break;
    }
    if (!more.value()) break;
    ++progress_.done;
    if (!last_key_.empty() && entries.key() <= last_key_ && readable_) {
      readable_ = false;
      report_.damage(file.name() + ": its keys are not in order");
    }
    last_key_ = entries.key();
    if (readable_) look_at(part, entries.key(), entries.value());
    progress_.bytes = before + entries.bytes();
    if (progress_.bytes - told_ < kWatchBytes) continue;
    told_ = progress_.bytes;
    if (auto told = watch_(progress_); !told.ok()) return told;
  }
  progress_.bytes = before + file.bytes;
  return {};
}

Result<void> BackupCheck::check_part(const Part& part) {
  last_key_.clear();
  readable_ = true;
  for (const BackupFile& file : report_.manifest.files) {
    if (file.part != part.name) continue;
    if (auto checked = check_file(part, file); !checked.ok()) return checked;
  }
  if (part.table == Table::kMeta && readable_) load_meta();
  if (part.table == Table::kRows && readable_ && applied_) check_digest();
  if (!part.table && readable_ && log_ && !rejoins_) log_->finish();
  return {};
}

void BackupCheck::look_at(const Part& part, std::string_view key, std::string_view value) {
  if (part.table == Table::kMeta) return keep_meta(key, value);
  if (part.table == Table::kRows && applied_) return look_at_row(key, value);
  if (part.table) return;
  const auto record = record_of(key, value);
  if (!record.ok()) return report_.fault(record.failure().message);
  if (log_ && !rejoins_) log_->add(record.value());
}

// Keeps the rows of meta that are needed, in memory: not those that grow with the log.
void BackupCheck::keep_meta(std::string_view key, std::string_view value) {
  const bool is_checkpoint =
      key.size() == storage::chain_key(0, 0).size() && key.starts_with(storage::kChainPrefix);
  if (is_checkpoint || key.starts_with(storage::kUnloggedPrefix)) return;
  meta_changes_.put(Table::kMeta, key, value);
}

void BackupCheck::load_meta() {
  if (!meta_.open().ok() || !meta_.commit({}, meta_changes_).ok()) return;
  meta_changes_ = {};
  const auto meta = meta_.snapshot();
  const auto stored = meta->get(Table::kMeta, storage::kIdentityKey);
  const auto identity = stored ? regions::decode_identity(*stored) : core::corrupt("there is none");
  if (!identity.ok()) return report_.fault("the identity: " + identity.failure().message);
  const Manifest& manifest = report_.manifest;
  if (identity.value().region != manifest.region || identity.value().origin != manifest.origin ||
      identity.value().mesh != manifest.mesh) {
    report_.damage("the manifest names another region, origin or mesh than the data");
  }
  auto applied = regions::Applied::load(*meta);
  if (!applied.ok()) return report_.fault("heads and origins: " + applied.failure().message);
  applied_.emplace(std::move(applied).value());
  if (applied_->vector() != manifest.applied) {
    report_.damage("the manifest names another vector than the heads");
  }
  if (meta->get(Table::kMeta, storage::kDigestsKey)) {
    auto kept = rows::Digests::load(*meta, applied_->names().origins());
    if (!kept.ok()) return report_.fault("the digests: " + kept.failure().message);
    kept_.emplace(std::move(kept).value());
  }
  rejoins_ = meta->get(Table::kMeta, storage::kRejoinKey).has_value();
  if (rejoins_) report_.notes.emplace_back("this leader was giving way: its log is not checked");
  log_.emplace(*applied_, report_);
  load_signed(*meta);
}

void BackupCheck::load_signed(const storage::Snapshot& meta) {
  const auto cursor = meta.scan(Table::kMeta, {.from = storage::kSignedPrefix});
  const std::size_t size = storage::signed_key(0).size();
  for (; cursor->valid() && cursor->key().starts_with(storage::kSignedPrefix); cursor->next()) {
    if (cursor->key().size() != size) continue;
    log_->add_signed(report_.manifest.mesh, cursor->value(), signatures_);
  }
}

void BackupCheck::check_dot(core::Dot dot) {
  if (applied_->vector().covers(dot)) return;
  report_.fault("the row " + rows::path_text(decoder_.path()) + " names op " +
                std::to_string(dot.seq) + " of origin " + core::to_string(dot.origin) +
                ", which was not applied");
}

void BackupCheck::look_at_row(std::string_view key, std::string_view value) {
  ++rows_;
  const auto decoded = decoder_.decode(key, value, applied_->names().origins());
  if (!decoded.ok()) {
    return report_.fault("the row at key " + rows::quoted(key) + ": " + decoded.failure().message);
  }
  const crdt::Row& row = decoder_.row();
  for (const crdt::Sibling& sibling : row.cell.siblings) check_dot(sibling.dot);
  for (const crdt::Slot& slot : row.tally.slots) {
    check_dot({slot.origin, slot.seq});
    if (slot.base_seq != 0) check_dot(slot.reset);
  }
  digests_.replace(key, {}, crdt::row_digest(decoder_.path(), row));
}

void BackupCheck::check_digest() {
  const Manifest& manifest = report_.manifest;
  if (rows_ != manifest.rows || digests_.total() != manifest.digest) {
    report_.damage("the rows are " + std::to_string(rows_) + " with digest " +
                   core::to_string(digests_.total()) + ", the manifest has " +
                   std::to_string(manifest.rows) + " with " + core::to_string(manifest.digest));
  }
  if (kept_ && kept_->total() != manifest.digest) {
    report_.fault("the leader kept digest " + core::to_string(kept_->total()) +
                  " for rows with digest " + core::to_string(manifest.digest) +
                  ": see anabranch check");
  }
}

void BackupCheck::note_other_files() {
  std::error_code error;
  const auto is_named = [&](const std::string& name) {
    for (const BackupFile& file : report_.manifest.files) {
      if (file.name() == name) return true;
    }
    return name == kManifestFile || name == kUnfinishedFile;
  };
  for (std::filesystem::directory_iterator entry(folder_, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (!is_named(name)) report_.notes.push_back("the file " + name + " is not of this backup");
  }
}

Result<BackupReport> BackupCheck::run() {
  for (const Part& part : kParts) {
    if (auto checked = check_part(part); !checked.ok()) return checked.failure();
  }
  if (!applied_ && report_.damaged + report_.faults == 0) {
    report_.damage("it has no identity, heads and origins");
  }
  note_other_files();
  return std::move(report_);
}

}  // namespace

Result<BackupReport> verify_files(const std::string& folder, const Manifest& manifest,
                                  const regions::Signatures* signatures, const BackupWatch& watch) {
  return BackupCheck(folder, manifest, signatures, watch).run();
}

Result<BackupReport> verify_backup(const std::string& folder, const regions::Signatures* signatures,
                                   const BackupWatch& watch) {
  const auto manifest = read_manifest(folder);
  if (!manifest.ok()) return manifest.failure();
  return verify_files(folder, manifest.value(), signatures, watch);
}

}  // namespace anabranch::leader
