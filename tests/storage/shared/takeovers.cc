#include "tests/storage/shared/takeovers.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "storage/shared/shared_files.h"
#include "tests/storage/wal/log_model.h"

namespace anabranch::storage::test {

using core::Result;

namespace {

constexpr const char* kLog = "0.1";
constexpr const char* kId = "0123456789abcdef0123456789abcdef";
constexpr WalOptions kOptions{.segment_bytes = 1024, .first_bytes = 512, .spares = 1};
constexpr std::size_t kSmall = 20;
constexpr std::size_t kLarge = 600;  // Does not fit behind anything else.

}  // namespace

Fate Takeovers::turn(bool changes) {
  ++operations_;
  for (;;) {
    const auto others = changes_ < bounds_.changes ? actors_.others() : std::vector<std::size_t>();
    const std::size_t chosen = choices_.pick(1 + others.size() + (objects_.has_late() ? 1 : 0));
    if (chosen == 0) break;
    if (chosen > others.size()) {
      objects_.apply_late();
      continue;
    }
    ++changes_;
    actors_.hand_over_to(others[chosen - 1]);
  }
  if (!changes || faults_ == bounds_.faults) return Fate::kAnswered;
  const Fate fate{static_cast<std::uint8_t>(choices_.pick(6))};
  if (fate != Fate::kAnswered) ++faults_;
  return fate;
}

Result<void> Takeovers::commit(Leader& leader, std::size_t size) {
  const core::Seq seq = ++seqs_[leader.number];
  std::string bytes = "holder " + std::to_string(leader.number);
  bytes += " commit " + std::to_string(seq) + ' ';
  bytes.resize(bytes.size() + size, '.');
  const LogRecord batch{leader.number + 1, seq, seq, bytes};
  const auto ticket = leader.wal->append({&batch, 1}, bytes);
  if (!ticket.ok()) return ticket.failure();
  if (const auto synced = leader.wal->sync(); !synced.ok()) return synced.failure();
  acknowledged_.push_back({ticket.value(), bytes});
  leader.tables.push_back(acknowledged_.back());
  return {};
}

// A checkpoint of the tables is stored, and the log loses its begin.
Result<void> Takeovers::flush_and_trim(const Leader& leader) {
  const Wal::Reach reach = leader.wal->durable();
  if (reach.ticket > base_.ticket) {
    base_ = {.ticket = reach.ticket, .position = reach.position, .opening = leader.wal->opening()};
    checkpoint_ = leader.tables;
  }
  return leader.wal->trim(reach.position, base_.ticket);
}

Result<void> Takeovers::work(Leader& leader) {
  for (std::size_t i = 0; i < bounds_.rounds; ++i) {
    for (const std::size_t size : {kSmall, kLarge}) {
      if (auto done = commit(leader, size); !done.ok()) return done;
    }
    if (auto trimmed = flush_and_trim(leader); !trimmed.ok()) return trimmed;
    if (auto done = commit(leader, kSmall); !done.ok()) return done;
  }
  return {};
}

Result<void> Takeovers::lead(std::size_t holder, Files& files) {
  const WalBase base = base_;
  Leader leader{.number = holder, .wal = nullptr, .tables = checkpoint_};
  Opening opening(files, kOptions, base);
  if (!opening.opened.ok()) return opening.opened.failure();
  leader.wal = opening.opened.value().wal.get();
  leader.tables.insert(leader.tables.end(), opening.redone.begin(), opening.redone.end());
  auto done = work(leader);
  // Clients try again. Whatever is acknowledged then counts.
  if (!done.ok()) (void)commit(leader, kSmall);
  return done;
}

void Takeovers::hold(std::size_t holder) {
  HolderStore store(objects_, [this](bool changes) { return turn(changes); });
  const auto files = SharedFiles::take(store, kLog, kId);
  const std::uint64_t epoch = files.ok() ? files.value()->epoch() : 0;
  newest_ = std::max(newest_, epoch);
  const auto done = files.ok() ? lead(holder, *files.value()) : Result<void>(files.failure());
  if (!done.ok() && done.failure().message.ends_with("has taken the log over")) ++fenced_;
  if (epoch == newest_) newest_went_well_ = done.ok();
}

std::string Takeovers::run() {
  seqs_.resize(bounds_.holders);
  for (std::size_t i = 0; i < bounds_.holders; ++i) {
    actors_.add([this, i] { hold(i); });
  }
  actors_.run([this](const auto& left) { return left[choices_.pick(left.size())]; });
  while (objects_.has_late() && choices_.pick(2) == 0) objects_.apply_late();
  objects_.drop_late();
  if (faults_ == 0 && !newest_went_well_) wrong("the newest holder had to stop");
  if (wrong_.empty()) judge();
  return wrong_;
}

void Takeovers::judge() {
  HolderStore store(objects_);
  auto files = SharedFiles::take(store, kLog, kId);
  if (!files.ok()) return wrong("taking: " + files.failure().message);
  Opening opening(*files.value(), kOptions, base_);
  if (!opening.opened.ok()) return wrong("opening: " + opening.opened.failure().message);
  const OpenedWal& opened = opening.opened.value();
  if (opened.verdict == WalVerdict::kDamaged) return wrong("the log is damaged");
  if (opened.verdict == WalVerdict::kShort) return wrong("the log is short");
  std::vector<Redone> found = checkpoint_;
  found.insert(found.end(), opening.redone.begin(), opening.redone.end());
  for (const Redone& commit : acknowledged_) {
    if (std::ranges::count(found, commit) == 1) continue;
    return wrong("lost, or there twice: " + commit.changes.substr(0, kSmall));
  }
  const auto read = batches_of(*opened.wal);
  if (!read.ok()) return wrong("reading: " + read.failure().message);
  for (std::size_t i = 1; i < read.value().size(); ++i) {
    if (read.value()[i].position != read.value()[i - 1].position + 1) return wrong("a hole");
  }
}

}  // namespace anabranch::storage::test
