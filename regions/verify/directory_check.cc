#include "regions/verify/directory_check.h"

#include <map>
#include <memory>
#include <optional>
#include <utility>

#include "core/batch.h"
#include "crdt/canonical.h"
#include "crdt/expiry.h"
#include "crdt/type_table.h"
#include "regions/conflicts/conflict_check.h"
#include "regions/state/applied.h"
#include "regions/state/head.h"
#include "rows/digests.h"
#include "rows/expiry_index.h"
#include "rows/recount.h"
#include "rows/row_text.h"
#include "rows/row_walk.h"
#include "rows/scores/score_check.h"
#include "rows/snapshot_reader.h"
#include "rows/stage/score_upkeep.h"
#include "storage/engine/open_storage.h"
#include "storage/layout.h"
#include "storage/log_hole.h"

namespace anabranch::regions {

using rows::Digests;
using rows::path_text;
using rows::PathRow;
using rows::RowReader;
using rows::SnapshotReader;

namespace {

using core::Path;
using storage::Table;

constexpr std::uint64_t kProgressEvery = 10'000;

class DirectoryCheck {
 public:
  DirectoryCheck(const storage::Storage& storage, const CheckProgress& progress)
      : storage_(storage), progress_(progress), snapshot_(storage.snapshot()) {}

  CheckReport run() {
    if (!check_meta()) return std::move(report_);
    check_rows();
    check_digests();
    if (rows_readable_) guard("expiries", [this] { check_expiries(); });
    if (rows_readable_) guard("counts", [this] { check_counts(); });
    if (rows_readable_) check_orders();
    check_log();
    check_heads();
    guard("the conflict log", [this] {
      check_conflicts(*snapshot_, [this](std::string text) { wrong(std::move(text)); });
    });
    return std::move(report_);
  }

 private:
  // The end of an origin's log, as far as it has been read.
  struct End {
    core::Seq last = 0;
    core::ChainHash chain{};
  };

  // Runs a check of which the rest is left out when a value cannot be read.
  template <typename Check>
  void guard(std::string_view what, const Check& check) {
    try {
      check();
    } catch (const Error& error) {
      wrong(std::string(what) + ": " + error.what());
    }
  }
  void wrong(std::string what) {
    ++report_.wrong;
    if (report_.findings.size() < CheckReport::kListedMax) {
      report_.findings.push_back(std::move(what));
    }
  }
  void went_on(std::string_view what, std::uint64_t done) const {
    if (done % kProgressEvery == 0) progress_(what, done);
  }

  bool check_meta();
  void check_rows();
  void check_row(const PathRow& row);
  void note_expiry(const PathRow& row);
  void check_dot(const PathRow& row, core::Dot dot);
  void check_digests();
  void check_expiries();
  void check_counts();
  [[nodiscard]] std::uint64_t stored_counts(const RowReader& rows) const;
  void check_count(const RowReader& rows, const Path& collection, std::uint64_t count);
  void check_orders();
  void check_log();
  void note_hole(const std::optional<storage::LogHole>& hole);
  void check_record(const storage::StoredRecord& record);
  void check_chain(const storage::StoredRecord& record, const core::Batch& batch);
  void check_heads();

  const storage::Storage& storage_;
  const CheckProgress& progress_;
  std::unique_ptr<storage::Snapshot> snapshot_;
  Applied applied_;
  Digests digests_;             // Of the rows.
  std::uint64_t expiries_ = 0;  // In the rows.
  bool rows_readable_ = true;
  std::uint64_t opening_ = 0;
  DeepCounts deep_ = DeepCounts::kUnknown;
  std::map<core::Origin, End> ends_;
  CheckReport report_;
};

// Without identity and heads no other check is possible.
bool DirectoryCheck::check_meta() {
  const auto stored = snapshot_->get(Table::kMeta, storage::kIdentityKey);
  if (!stored) {
    report_.notes.emplace_back("nothing was ever written here");
    return false;
  }
  const auto identity = decode_identity(*stored);
  if (!identity.ok()) {
    wrong("the identity: " + identity.failure().message);
    return false;
  }
  report_.region = identity.value().region;
  opening_ = identity.value().opening;
  deep_ = identity.value().deep;
  auto applied = Applied::load(*snapshot_);
  if (!applied.ok()) {
    wrong("heads and origins: " + applied.failure().message);
    return false;
  }
  applied_ = std::move(applied).value();
  auto masks = rows::load_masks(*snapshot_);
  if (!masks.ok()) {
    wrong("the large clears that are to be swept: " + masks.failure().message);
    return false;
  }
  applied_.published_masks().publish(std::move(masks).value());
  return true;
}

// ---- Rows.

void DirectoryCheck::check_rows() {
  rows::RowWalk walk(*snapshot_, {}, applied_.names().origins());
  for (; walk.valid(); walk.next()) {
    went_on("rows", ++report_.rows);
    const auto row = walk.row();
    if (!row.ok()) {
      rows_readable_ = false;
      wrong("the row at key " + rows::quoted(walk.key()) + ": " + row.failure().message);
      continue;
    }
    check_row(row.value());
    digests_.replace(walk.key(), {}, crdt::row_digest(row.value().path, row.value().row));
    guard("expiries", [&] { note_expiry(row.value()); });
  }
  report_.digest = digests_.total();
}

void DirectoryCheck::check_row(const PathRow& row) {
  if (row.row.empty()) wrong("the row " + path_text(row.path) + " is stored but empty");
  for (const crdt::Sibling& sibling : row.row.cell.siblings) check_dot(row, sibling.dot);
  for (const crdt::Slot& slot : row.row.tally.slots) {
    check_dot(row, {slot.origin, slot.seq});
    if (slot.base_seq != 0) check_dot(row, slot.reset);
  }
}

void DirectoryCheck::check_dot(const PathRow& row, core::Dot dot) {
  if (applied_.vector().covers(dot)) return;
  wrong("the row " + path_text(row.path) + " names op " + std::to_string(dot.seq) + " of origin " +
        core::to_string(dot.origin) + ", which was not applied");
}

void DirectoryCheck::check_digests() {
  if (!snapshot_->get(Table::kMeta, storage::kDigestsKey)) {
    report_.notes.emplace_back("there are no digests yet: the next opening computes them");
    return;
  }
  const auto stored = Digests::load(*snapshot_, applied_.names().origins());
  if (!stored.ok()) return wrong("the digests: " + stored.failure().message);
  for (std::size_t i = 0; i < Digests::kBuckets; ++i) {
    const Digests::Bucket& kept = stored.value().buckets()[i];
    const Digests::Bucket& truth = digests_.buckets()[i];
    if (kept == truth) continue;
    wrong("digest bucket " + std::to_string(i) + " has " + core::to_string(kept.sum) + " of " +
          std::to_string(kept.rows) + " rows, its rows have " + core::to_string(truth.sum) +
          " of " + std::to_string(truth.rows));
  }
}

// Checks that each expiry stands in the order of deadlines.
void DirectoryCheck::note_expiry(const PathRow& row) {
  if (!crdt::is_expiry(row.path)) return;
  for (const core::Millis deadline : crdt::deadlines(row.row.cell)) {
    ++expiries_;
    const bool kept =
        snapshot_->get(Table::kExpiries, rows::due_key(deadline) + core::row_key(row.path))
            .has_value();
    if (!kept && snapshot_->get(Table::kMeta, storage::kExpiriesKey)) {
      wrong("the expiry " + path_text(row.path) + " is not in the order of expiries");
    }
  }
}

void DirectoryCheck::check_expiries() {
  std::uint64_t kept = 0;
  const auto cursor = snapshot_->scan(Table::kExpiries, {});
  for (; cursor->valid(); cursor->next()) {
    (void)cursor->value();  // Is damaged, or empty.
    ++kept;
  }
  if (kept <= expiries_) return;
  wrong(std::to_string(kept - expiries_) + " entries in the order of expiries are of no row");
}

// ---- Counts.

void DirectoryCheck::check_counts() {
  const SnapshotReader rows = SnapshotReader::newest(storage_, applied_.names());
  if (rows.masks() && !rows.masks()->empty()) {
    report_.notes.emplace_back("a large clear is still being swept");
  }
  if (deep_ == DeepCounts::kChanging) {
    report_.notes.emplace_back(
        "paths of more than 64 components are being counted anew: the next "
        "opening ends that, and counts are not checked");
    return;
  }
  rows::Recount recount(
      [&](const Path& collection, std::uint64_t count) { check_count(rows, collection, count); },
      deep_ == DeepCounts::kUnknown ? rows::kAllLevels : rows::kCountedDepth);
  std::uint64_t done = 0;
  rows.scan(core::Path(), [&](const Path& path, const crdt::Row& row) {
    if (crdt::shows(path, row)) recount.add(path);
    went_on("counted rows", ++done);
    return true;
  });
  recount.finish();
  const std::uint64_t stored = stored_counts(rows);
  if (stored > report_.counts) {
    wrong(std::to_string(stored - report_.counts) + " counts are of collections that show nothing");
  }
}

// Returns nullopt for a count that cannot be read.
std::optional<std::uint64_t> count_at(const RowReader& rows, const Path& collection) {
  try {
    return rows.kept_count(collection);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// Returns the number of collections with a count above zero, as far as the counts can be read.
std::uint64_t DirectoryCheck::stored_counts(const RowReader& rows) const {
  std::uint64_t stored = 0;
  const auto cursor = snapshot_->scan(Table::kCounts, {});
  for (; cursor->valid(); cursor->next()) {
    try {
      if (rows.kept_count(rows::counted_at(cursor->key(), cursor->value())) > 0) ++stored;
    } catch (const Error&) {  // Found when its collection was counted.
      continue;
    }
  }
  return stored;
}

void DirectoryCheck::check_count(const RowReader& rows, const Path& collection,
                                 std::uint64_t count) {
  const std::optional<std::uint64_t> kept = count_at(rows, collection);
  if (kept && *kept > 0) ++report_.counts;
  if (kept == count) return;
  wrong("the count of " + path_text(collection) + " is " +
        (kept ? std::to_string(*kept) : "unreadable") + ", but it shows " + std::to_string(count));
}

// ---- The order of scores.

void DirectoryCheck::check_orders() {
  const auto note = rows::load_score_note(*snapshot_);
  if (!note.ok()) return wrong("the note on the order of scores: " + note.failure().message);
  if (note.value().format != rows::ScoreNote::kFormat || note.value().opening != opening_) {
    report_.notes.emplace_back("scores are not in order yet: the next opening orders them");
    return;
  }
  const bool plain = note.value().policies == rows::Scores::plain().policies();
  if (!plain) {
    report_.notes.emplace_back(
        "the order of concurrent scores follows from policies that are not "
        "known here; it is not checked");
  }
  const auto reorder = rows::ScoreReorder::load(*snapshot_);
  if (!reorder.ok()) return wrong("the orders to be made anew: " + reorder.failure().message);
  std::uint64_t done = 0;
  const rows::ScoreCheck check{.wrong = [this](std::string what) { wrong(std::move(what)); },
                               .went_on = [&] { went_on("scores", ++done); },
                               .scores = plain ? &rows::Scores::plain() : nullptr,
                               .seed = note.value().seed,
                               .reordering = !reorder.value().empty()};
  try {
    report_.scores = rows::check_scores(SnapshotReader::newest(storage_, applied_.names()), check);
  } catch (const Error& error) {
    wrong(std::string("the order of scores: ") + error.what());
  }
}

// ---- The log.

void DirectoryCheck::check_log() {
  if (snapshot_->get(Table::kMeta, storage::kRejoinKey)) {
    report_.notes.emplace_back("this leader is giving way: its log is about to be replaced");
    return;
  }
  storage::HoleFinder holes;
  for (auto record = storage_.read_log(1); record;
       record = storage_.read_log(record->position + 1)) {
    went_on("log records", ++report_.records);
    note_hole(holes.next(record->position));
    check_record(*record);
  }
  note_hole(holes.end(storage_.last_position()));
}

// No damage: a damaged record is shown as one, and the bytes of the log have no gap.
void DirectoryCheck::note_hole(const std::optional<storage::LogHole>& hole) {
  if (hole) report_.notes.push_back("the log has " + storage::to_string(*hole));
}

void DirectoryCheck::check_record(const storage::StoredRecord& record) {
  const std::string which = "the log record at position " + std::to_string(record.position);
  for (const core::Seq seq : {record.first, record.last}) {
    if (storage_.find(record.origin, seq) != record.position) {
      wrong(which + " is not found by op " + std::to_string(seq) + " of origin " +
            core::to_string(record.origin));
    }
  }
  const auto batch = core::decode_batch(record.bytes);
  if (!batch.ok()) {
    return wrong(which + ": " + batch.failure().message +
                 "; its leader never sends it, and whoever lacks it gets a snapshot");
  }
  if (batch.value().origin != record.origin || batch.value().first() != record.first ||
      batch.value().last() != record.last) {
    return wrong(which + " says that it is another batch than it holds");
  }
  check_chain(record, batch.value());
}

void DirectoryCheck::check_chain(const storage::StoredRecord& record, const core::Batch& batch) {
  const auto [end, first] = ends_.try_emplace(record.origin);
  const std::string which = "the log record at position " + std::to_string(record.position);
  if (!first && record.first <= end->second.last) {
    wrong(which + " repeats ops of origin " + core::to_string(record.origin));
  } else if (!first && record.first > end->second.last + 1) {
    report_.notes.push_back("the log lacks ops " + std::to_string(end->second.last + 1) + " to " +
                            std::to_string(record.first - 1) + " of origin " +
                            core::to_string(record.origin) + ": they came with a snapshot");
  } else if (!first && batch.previous != end->second.chain) {
    wrong(which + " does not continue the chain of origin " + core::to_string(record.origin));
  }
  end->second = {record.last, core::chain_hash(record.bytes)};
}

void DirectoryCheck::check_heads() {
  for (const auto& [origin, head] : applied_.heads()) {
    if (!head.deps.includes(core::VersionVector{{origin, head.seq}}) ||
        !applied_.vector().includes(head.deps)) {
      wrong("the head of origin " + core::to_string(origin) +
            " depends on what was not applied, or not on itself");
    }
  }
  for (const auto& [origin, end] : ends_) {
    const Head& head = applied_.head(origin);
    const std::string which = "the head of origin " + core::to_string(origin);
    if (head.seq < end.last) {
      wrong(which + " is at op " + std::to_string(head.seq) + ", its log goes to " +
            std::to_string(end.last));
    } else if (head.seq > end.last) {
      report_.notes.push_back(which + " is beyond its log: it came with a snapshot");
    } else if (head.chain != end.chain) {
      wrong(which + " has another chain hash than its log");
    }
  }
}

}  // namespace

CheckReport check_storage(const storage::Storage& storage, const CheckProgress& progress) {
  return DirectoryCheck(storage, progress).run();
}

namespace {

void note_log_damage(const storage::Storage& storage, CheckReport& report) {
  const auto engine = storage.engine();
  if (!engine) return;
  for (const std::string& each : engine->log_damage) {
    ++report.wrong;
    report.findings.push_back(each);
  }
}

// The missing ops, as an opening would note them.
std::string text_of(const storage::LogLoss& loss) {
  std::string text;
  for (const storage::LogLoss::Found& found : loss.found) {
    text += (text.empty() ? "ops " : "; ops ") + std::to_string(found.first) + " to " +
            std::to_string(found.last) + " of origin " + core::to_string(found.origin);
  }
  if (loss.end_known && loss.unknown == 0 && !loss.tables) return text;
  return text + (text.empty() ? "writes, it cannot be told how many" : ", and perhaps more");
}

// The acts of a start, where the log lacks batches.
void note_losses(const storage::Storage& storage, CheckReport& report) {
  const auto snapshot = storage.snapshot();
  const auto stored = snapshot->get(Table::kMeta, storage::kIdentityKey);
  const auto identity = stored ? decode_identity(*stored) : core::Result<Identity>(Identity());
  for (const storage::LogLoss& loss : storage.losses()) {
    if (!loss.misses_ops()) continue;
    if (loss.is_short && identity.ok()) {
      report.notes.push_back("a start is refused, unless --accept-lost-log=" +
                             core::to_string(identity.value().origin) +
                             " goes on without what is missing");
      continue;
    }
    report.notes.push_back(
        "a start would begin a new origin, and note as lost what others do not give back: " +
        text_of(loss));
    if (!loss.found.empty()) {
      report.notes.emplace_back(
          "what can be read of that would be set aside, for anabranch salvage; a copy of the "
          "directory keeps it, too");
    }
  }
  const std::string_view prefix = storage::kLostPrefix;
  const auto cursor = snapshot->scan(Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) ++report.losses;
  if (report.losses == 0) return;
  const bool one = report.losses == 1;
  report.notes.push_back(std::to_string(report.losses) +
                         (one ? " loss of its log stands" : " losses of its log stand") +
                         ": see anabranch salvage");
}

}  // namespace

CheckReport check_log(const storage::Storage& storage) {
  CheckReport report;
  if (std::string lost = storage.place().lost; !lost.empty()) {
    ++report.wrong;
    report.findings.push_back(std::move(lost));
  }
  note_log_damage(storage, report);
  note_losses(storage, report);
  return report;
}

core::Result<CheckReport> check_directory(const std::string& directory,
                                          const CheckProgress& progress) {
  auto opened =
      storage::open_storage({.tables = {.directory = directory}, .engine = {.look = true}});
  if (!opened.ok()) return opened.failure();
  storage::Storage& storage = *opened.value();
  if (auto ready = storage.open(); !ready.ok()) return ready.failure();
  CheckReport report = check_storage(storage, progress);
  const CheckReport log = check_log(storage);
  report.wrong += log.wrong;
  report.losses = log.losses;
  report.findings.insert(report.findings.begin(), log.findings.begin(), log.findings.end());
  report.notes.insert(report.notes.end(), log.notes.begin(), log.notes.end());
  return report;
}

}  // namespace anabranch::regions
