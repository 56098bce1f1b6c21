#include "leader/salvage/salvage.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "core/mark.h"
#include "core/planted_bug.h"
#include "crdt/expiry.h"
#include "rows/requests/request_rows.h"
#include "storage/wal/loss_note.h"

namespace anabranch::leader {

using core::Bug;
using core::Origin;
using core::Path;
using core::planted;
using core::Result;

namespace {

std::string joined(const std::set<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

// Whether a clear is of the keys below a prefix.
const core::Clear* clears_many(const core::Op& op) {
  const auto* const clear = std::get_if<core::Clear>(&op);
  const bool many = clear != nullptr && clear->prefix.components().size() < 2;
  return many ? clear : nullptr;
}

const Path& path_of(const core::Op& op) {
  static const auto* const none = new Path;  // It may be asked for behind the end of main().
  if (const auto* put = std::get_if<core::Put>(&op)) return put->path;
  if (const auto* remove = std::get_if<core::Remove>(&op)) return remove->path;
  if (const auto* add = std::get_if<core::Add>(&op)) return add->path;
  if (const auto* reset = std::get_if<core::Reset>(&op)) return reset->path;
  if (const auto* clear = std::get_if<core::Clear>(&op)) return clear->prefix;
  return *none;
}

// The marks of a request name the op before them.
bool is_mark(const core::Op& op) {
  const auto* const put = std::get_if<core::Put>(&op);
  return put != nullptr && rows::is_mark(put->path);
}

}  // namespace

// ---- When it may be done.

// An origin that is lost as a whole may be known nowhere here.
bool Salvage::is_own(Origin origin) const {
  const regions::Identity& self = owner_.replica.identity();
  if (origin == self.origin || origin == self.previous) return true;
  if (std::ranges::count(self.formers, origin) > 0) return true;
  const std::string listed = owner_.replica.members().list().region_of(origin);
  const std::string& named = owner_.replica.applied().head(origin).region;
  return (listed.empty() || listed == self.region) && (named.empty() || named == self.region);
}

bool Salvage::may_be_written(const LostLog::Loss& loss) { return !loss.found.half_flushed; }

std::set<Origin> Salvage::own_origins(const LostLog::Loss& loss) const {
  std::set<Origin> own;
  for (const auto& [origin, end] : loss.ends) {
    if (is_own(origin)) own.insert(origin);
  }
  return own;
}

void Salvage::wait_for_others(const LostLog::Loss& loss, std::set<std::string>& names) const {
  if (planted(Bug::kSalvageUnsettled)) return;
  const regions::Replica& replica = owner_.replica;
  const regions::RegionList& list = replica.members().list();
  const bool alone = list.all().size() < 2;
  for (const auto& [origin, end] : loss.ends) {
    if (is_own(origin)) {
      if (alone) continue;
      const auto waited =
          replica.members().settled().waits_for(origin, list, replica.keeper().reports());
      for (const std::string& name : waited) names.insert("region " + name);
    } else if (alone) {
      names.insert("another region, of which a lost batch is");
    }
  }
  if (!alone) return;
  for (const auto& [origin, peer] : replica.exchange().peers()) {
    if (peer.region != replica.identity().region) names.insert("region " + peer.region);
  }
  if (owner_.has_addresses) names.insert("the addresses in its peers: no region was met yet");
}

std::set<std::string> Salvage::waits() const {
  std::set<std::string> names;
  const regions::Replica& replica = owner_.replica;
  for (const auto& [number, loss] : replica.lost().all()) {
    if (!may_be_written(loss) || (loss.salvage.done && loss.salvage.left.empty())) continue;
    wait_for_others(loss, names);
    if (past_followers_) continue;
    if (replica.followers().may_lack_some()) {
      names.insert("followers that it does not know any more: it has seen too many");
    }
    for (const Origin origin : own_origins(loss)) {
      const core::Seq here = replica.applied().vector().at(origin);
      const auto may = replica.followers().may_have(origin, here, replica.exchange().peers());
      for (const Origin follower : may) names.insert("follower " + core::to_string(follower));
    }
  }
  return names;
}

std::optional<core::Failure> Salvage::hindrance() const {
  const regions::Replica& replica = owner_.replica;
  if (replica.broken()) return *replica.broken();
  const auto& lost = replica.lost().all();
  if (lost.empty()) return core::invalid("its log has lost nothing");
  if (std::ranges::none_of(lost, [](const auto& each) { return may_be_written(each.second); })) {
    return core::invalid(
        "its tables may have a part of what its log has lost, which would count twice when it is "
        "written again: salvage --out lists it");
  }
  if (replica.exchange().follows()) {
    return core::Failure{ErrorCode::kReadOnly, "a follower writes nothing: promote it first"};
  }
  if (replica.background().replaces_rows()) {
    return core::Failure{ErrorCode::kBusy,
                         "it takes its rows again from another region just now: wait for that"};
  }
  if (replica.writer().reserve().full()) {
    return core::Failure{ErrorCode::kIo, replica.writer().reserve().text()};
  }
  const std::set<std::string> names = waits();
  if (names.empty()) return std::nullopt;
  return core::Failure{
      ErrorCode::kBusy,
      "it cannot be written again yet, since the same writes may still come back from others: "
      "waits for " +
          joined(names)};
}

Result<void> Salvage::start(bool past_followers) {
  past_followers_ = past_followers;
  if (auto hindered = hindrance()) return *std::move(hindered);
  if (runs()) return {};
  state_ = State::kReading;
  text_.clear();
  loss_ = 0;
  unread_ = 0;
  return {};
}

void Salvage::stop(State state, std::string text) {
  state_ = state;
  text_ = std::move(text);
  loss_ = 0;
  left_.reset();
  batches_.reset();
  changed_.reset();
  record_.reset();
  ops_.clear();
}

// ---- The work.

Result<bool> Salvage::slice() {
  if (!runs()) return false;
  if (owner_.replica.lost().all().empty()) {
    stop(State::kDone, "");
    return false;
  }
  if (const auto hindered = hindrance()) {
    stop(State::kWaits, hindered->message);
    return false;
  }
  auto more = left_                       ? take_slice()
              : loss_ == 0                ? choose()
              : state_ == State::kReading ? read()
                                          : write();
  if (!more.ok() && !more.failure().passes) {
    const bool waits = more.failure().code == ErrorCode::kBusy;
    stop(waits ? State::kWaits : State::kFailed, more.failure().message);
    if (waits) return false;
  }
  return more;
}

Result<bool> Salvage::choose() {
  for (const auto& [number, loss] : owner_.replica.lost().all()) {
    if (!may_be_written(loss) || (loss.salvage.done && !ends(loss))) continue;
    if (loss.salvage.done) {
      loss_ = number;
      auto ended = end();
      return ended.ok() ? Result<bool>(true) : ended.failure();
    }
    auto batches = LostBatches::open(owner_.files, loss.found);
    if (!batches.ok()) return batches.failure();
    batches_ = std::move(batches).value();
    changed_.emplace(owner_.replica.state().log(), owner_.replica.lost(), loss.found.first,
                     loss.left);
    record_.reset();
    ops_.clear();
    loss_ = number;
    state_ = State::kReading;
    return true;
  }
  stop(State::kDone, std::exchange(untold_, false)
                         ? "its log does not reach back to the loss: all keys count as changed"
                         : "");
  return false;
}

Result<bool> Salvage::read() {
  for (std::size_t i = 0; i < limits_.records; ++i) {
    auto more = batches_->search();
    if (!more.ok()) return more;
    if (more.value()) continue;
    const auto loss = owner_.replica.lost().all().find(loss_);
    if (loss != owner_.replica.lost().all().end()) batches_->seek(loss->second.salvage.next);
    state_ = State::kWriting;
    return true;
  }
  return true;
}

// All that another run has written meanwhile is noted in the loss: each
// slice begins there.
Result<bool> Salvage::write() {
  const auto found = owner_.replica.lost().all().find(loss_);
  if (found == owner_.replica.lost().all().end() || found->second.salvage.done) {
    loss_ = 0;
    return true;
  }
  if (changed_->read(limits_.log)) return true;
  complete_ = found->second.left_known && changed_->complete(owner_.replica.applied().vector());
  untold_ = untold_ || !complete_;
  if (record_ && !record_->at.is_in_record_of(found->second.salvage.next)) {
    record_.reset();
    batches_->seek(found->second.salvage.next);
  }
  if (auto ready = owner_.replica.make_ready(); !ready.ok()) return ready.failure();
  Result<LostLog::Salvage> progress = LostLog::Salvage();
  try {
    regions::OpenTransaction txn = owner_.replica.begin();
    progress = stage(txn);
    if (!progress.ok()) return progress.failure();
    txn.keep();
  } catch (const Error& error) {
    return core::Failure{error.code(), error.what(), error.code() == ErrorCode::kIo};
  }
  auto done = commit(progress.value());
  if (done.ok()) return true;
  record_.reset();
  batches_->seek(owner_.replica.lost().all().at(loss_).salvage.next);
  return done.failure();
}

// A commit that is refused has changed nothing, and the note of it neither.
Result<void> Salvage::commit(const LostLog::Salvage& progress) {
  LostLog& lost = owner_.replica.lost();
  const LostLog::Salvage before = lost.all().at(loss_).salvage;
  if (!planted(Bug::kNoteSalvageLater)) lost.note(loss_, progress);
  Result<void> made;
  if (owner_.replica.writer().dirty()) {
    const auto committed = owner_.replica.commit();
    if (!committed.ok()) made = committed.failure();
  } else {
    made = owner_.replica.store();
  }
  if (!made.ok()) {
    lost.note(loss_, before);
    return made;
  }
  if (planted(Bug::kNoteSalvageLater)) lost.note(loss_, progress);
  core::mark<"lost writes are written again">();
  return progress.done ? end() : made;
}

// In a commit of its own: one that has written ops always notes them, too.
Result<void> Salvage::end() {
  LostLog& lost = owner_.replica.lost();
  const std::uint64_t number = std::exchange(loss_, 0);
  if (!ends(lost.all().at(number))) return {};
  const std::uint64_t unread = lost.unread(lost.all().at(number));
  lost.salvaged(number, own_origins(lost.all().at(number)));
  auto stored = owner_.replica.store();
  if (stored.ok()) unread_ += unread;  // Else the end is tried again.
  return stored;
}

bool Salvage::ends(const LostLog::Loss& loss) {
  return loss.salvage.done && loss.salvage.left_ops == 0 && loss.salvage.batches > 0;
}

// ---- A key that was left alone.

Result<bool> Salvage::find_left(const std::string& key) {
  for (const auto& [number, loss] : owner_.replica.lost().all()) {
    const auto left = std::ranges::find(loss.salvage.left, key, &LostLog::Left::key);
    if (left == loss.salvage.left.end() || !loss.salvage.done) continue;
    auto batches = LostBatches::open(owner_.files, loss.found);
    if (!batches.ok()) return batches.failure();
    left_.emplace(number, key, left->from, std::move(batches).value());
    return true;
  }
  return false;
}

Result<void> Salvage::take(const std::string& key, bool past_followers) {
  past_followers_ = past_followers;
  if (auto hindered = hindrance()) return *std::move(hindered);
  if (runs()) return core::Failure{ErrorCode::kBusy, "it is written again just now: wait for that"};
  const auto found = find_left(key);
  if (!found.ok()) return found.failure();
  if (!found.value() || crdt::key_part(Path::trusted(key)).empty()) {
    left_.reset();
    return core::invalid("no such key was left alone: salvage --apply names those that were");
  }
  state_ = State::kReading;
  text_.clear();
  return {};
}

Result<bool> Salvage::take_slice() {
  if (!owner_.replica.lost().all().contains(left_->loss())) {  // It was forgotten.
    stop(State::kDone, "");
    return false;
  }
  auto more = left_->read(limits_.records, owner_.replica,
                          [this](Origin origin) { return is_own(origin); });
  if (!more.ok() || more.value()) return more;
  if (auto ready = owner_.replica.make_ready(); !ready.ok()) return ready.failure();
  LostLog::Salvage progress = owner_.replica.lost().all().at(left_->loss()).salvage;
  // Another run may have taken it meanwhile.
  const auto erased = std::erase_if(
      progress.left, [this](const LostLog::Left& each) { return each.key == left_->key(); });
  if (erased > 0) {
    try {
      regions::OpenTransaction txn = owner_.replica.begin();
      left_->write(owner_.replica, owner_.resolvers, txn, progress.written);
      txn.keep();
    } catch (const Error& error) {
      return core::Failure{error.code(), error.what(), error.code() == ErrorCode::kIo};
    }
    progress.ops += left_->ops();
    progress.left_ops -= std::min(progress.left_ops, left_->ops());
    loss_ = left_->loss();
    auto done = commit(progress);
    loss_ = 0;
    if (!done.ok()) return done.failure();
  }
  const std::string key = left_->key();
  left_.reset();
  auto another = find_left(key);
  if (!another.ok() || another.value()) return another;
  stop(State::kDone, "");
  return false;
}

// ---- The ops.

void Salvage::collect() {
  ops_.clear();
  const auto own =
      own_batches(*record_, owner_.replica.applied().vector(), owner_.replica.identity().region,
                  [this](Origin origin) { return is_own(origin); });
  for (const core::Batch& batch : own) {
    for (const core::Transaction& txn : batch.transactions) {
      core::Seq seq = txn.first;
      for (const core::Op& op : txn.ops) ops_.push_back({{batch.origin, seq++}, op});
    }
  }
}

Result<bool> Salvage::next_record() {
  auto record = batches_->next();
  if (!record.ok()) return record.failure();
  record_ = std::move(record).value();
  return record_.has_value();
}

// Also one that is here again, or need not be written again.
bool Salvage::has_own_batch(const LostBatches::Record& record) const {
  return record.proven && std::ranges::any_of(record.batches, [&](const core::Batch& batch) {
           return is_of_region(record, batch.origin, owner_.replica.identity().region,
                               [this](Origin origin) { return is_own(origin); });
         });
}

// All that the author of a batch had seen of others must be here, or never come: a lost remove
// could not take it away when it comes later.
std::set<std::string> Salvage::unseen(const LostBatches::Record& record) const {
  std::set<std::string> names;
  const regions::Replica& replica = owner_.replica;
  const std::string& self = replica.identity().region;
  const auto comes = [&](Origin origin, core::Seq seq) {
    return seq > replica.applied().vector().at(origin) &&
           !replica.members().settled().contains(origin);
  };
  const IsOwn own = [this](Origin origin) { return is_own(origin); };
  for (const core::Batch& batch : record.batches) {
    if (!record.proven) continue;
    if (!is_of_region(record, batch.origin, self, own)) {
      const auto region = record.regions.find(batch.origin);
      if (comes(batch.origin, batch.last())) {
        names.insert("writes of region " + (region == record.regions.end() ? "?" : region->second));
      }
      continue;
    }
    for (const auto& [origin, seq] : batch.deps_changed) {
      const std::string& region = replica.applied().head(origin).region;
      if (is_own(origin) || !comes(origin, seq)) continue;
      names.insert("writes of region " + (region.empty() ? "?" : region));
    }
  }
  return names;
}

Result<regions::LostLog::Salvage> Salvage::stage(regions::OpenTransaction& txn) {
  LostLog::Salvage progress = owner_.replica.lost().all().at(loss_).salvage;
  LostOps ops(owner_.replica, owner_.resolvers, txn, progress.written);
  std::size_t staged = 0;
  for (std::size_t records = 0; records < limits_.records; ++records) {
    if (!record_) {
      const auto more = next_record();
      if (!more.ok()) return more.failure();
      if (!more.value()) {
        progress.done = true;
        return progress;
      }
      if (const auto names = unseen(*record_); !names.empty()) {
        record_.reset();
        batches_->seek(progress.next);
        return core::Failure{ErrorCode::kBusy, "waits for " + joined(names)};
      }
      if (!record_->at.is_in_record_of(progress.next)) progress.next = record_->at;
      progress.unproven += record_->proven || progress.next.op > 0 ? 0 : 1;
      collect();
      if (has_own_batch(*record_) && progress.next.op == 0) ++progress.batches;
    }
    while (progress.next.op < ops_.size()) {
      const Next& next = ops_[progress.next.op];
      if (staged >= limits_.ops && !is_mark(next.op)) return progress;
      if (!stage(ops, next, progress, staged)) return progress;
      ++progress.next.op;
    }
    progress.next = {record_->at.segment, record_->end, 0};
    record_.reset();
    if (staged >= limits_.ops) return progress;
  }
  return progress;
}

bool Salvage::has_changed(const Path& path) const {
  return (!complete_ || changed_->contain(path)) && !planted(Bug::kWriteOverNewer);
}

void Salvage::leave(std::string_view key, LostLog::Salvage& progress) const {
  ++progress.left_ops;
  const auto is_key = [&](const LostLog::Left& each) { return each.key == key; };
  if (progress.left.size() >= LostLog::Salvage::kLeftMax) return;
  if (std::ranges::any_of(progress.left, is_key)) return;
  progress.left.push_back({std::string(key), progress.next});
}

bool Salvage::stage(LostOps& ops, const Next& next, LostLog::Salvage& progress,
                    std::size_t& staged) {
  if (clears_many(next.op) != nullptr) return clear_many(ops, next, progress, staged);
  const Path& path = path_of(next.op);
  ++staged;
  if (has_changed(path)) {
    ops.pass();
    leave(ChangedKeys::unit_of(path), progress);
  } else if (ops.write(next.was, next.op)) {
    ++progress.ops;
  } else {
    ++progress.other_ops;
  }
  return true;
}

// Key by key: a clear of all of them would take later writes.
bool Salvage::clear_many(LostOps& ops, const Next& next, LostLog::Salvage& progress,
                         std::size_t& staged) {
  const Path& prefix = clears_many(next.op)->prefix;
  if (prefix.empty() || prefix.encoded().starts_with('\0')) {
    ++progress.other_ops;
    return true;
  }
  core::PathRange range = core::PathRange::below(prefix);
  for (;;) {
    if (!progress.after.empty()) range.from = core::prefix_end(progress.after);
    std::string key;
    owner_.replica.group().stage().scan(range, [&](const Path& path, const crdt::Row& /*row*/) {
      key = crdt::key_part(path);
      return key.empty();
    });
    if (key.empty()) break;
    if (staged >= limits_.ops) return false;
    ++staged;
    progress.after = key;
    if (has_changed(Path::trusted(key))) {
      leave(key, progress);
    } else {
      ops.clear(next.was, Path::trusted(key));
    }
  }
  progress.after.clear();
  ++progress.ops;
  return true;
}

std::uint64_t Salvage::bytes() const {
  if (!bytes_) {
    const auto counted = storage::bytes_set_aside(owner_.files);
    if (counted.ok()) bytes_ = counted.value();  // Else the next status asks again.
  }
  return bytes_.value_or(0);
}

Salvage::Report Salvage::report() const {
  Report report;
  report.state = state_;
  report.text = text_;
  const regions::Identity& self = owner_.replica.identity();
  report.own.insert({self.origin, self.previous});
  report.own.insert(self.formers.begin(), self.formers.end());
  for (const auto& [origin, head] : owner_.replica.applied().heads()) {
    if (is_own(origin)) report.own.insert(origin);
  }
  report.own.erase(0);
  report.losses = owner_.replica.lost().all().size();
  report.unread = unread_;
  for (const auto& [number, loss] : owner_.replica.lost().all()) {
    report.ops += loss.salvage.ops;
    report.left_ops += loss.salvage.left_ops;
    report.other_ops += loss.salvage.other_ops;
    report.unproven += loss.salvage.unproven;
    for (const LostLog::Left& each : loss.salvage.left) report.left.push_back(each.key);
  }
  return report;
}

}  // namespace anabranch::leader
