#include "regions/state/lost_log.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "core/mark.h"
#include "core/planted_bug.h"
#include "core/wire.h"
#include "regions/state/time_text.h"
#include "storage/layout.h"

namespace anabranch::regions {

using core::Bug;
using core::planted;
using storage::LogLoss;

namespace {

void write_place(core::Writer& out, const LostLog::OpPlace& place) {
  out.array(3).text(place.segment).uint64(place.place).uint64(place.op);
}

LostLog::OpPlace read_place(core::Reader& in) {
  LostLog::OpPlace place;
  const std::size_t newer = in.array_of(3);
  place.segment = in.text();
  place.place = in.uint64();
  place.op = in.uint64();
  in.skip(newer);
  return place;
}

void write_salvage(core::Writer& out, const LostLog::Salvage& salvage) {
  out.array(10);
  write_place(out, salvage.next);
  out.bin(salvage.after).boolean(salvage.done).uint64(salvage.ops);
  out.array(salvage.written.size());
  for (const LostLog::Written& each : salvage.written) {
    out.array(6).uint64(each.lost).uint64(each.first).uint64(each.last);
    out.uint64(each.now).uint64(each.now_first).uint64(each.now_last);
  }
  out.array(salvage.left.size());
  for (const LostLog::Left& each : salvage.left) {
    out.array(2).bin(each.key);
    write_place(out, each.from);
  }
  out.uint64(salvage.left_ops).uint64(salvage.unproven);
  out.uint64(salvage.other_ops).uint64(salvage.batches);
}

LostLog::Salvage read_salvage(core::Reader& in) {
  LostLog::Salvage salvage;
  const std::size_t newer = in.array_of(10);
  salvage.next = read_place(in);
  salvage.after = in.bin();
  salvage.done = in.boolean();
  salvage.ops = in.uint64();
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    LostLog::Written& each = salvage.written.emplace_back();
    const std::size_t more = in.array_of(6);
    each.lost = in.uint64();
    each.first = in.uint64();
    each.last = in.uint64();
    each.now = in.uint64();
    each.now_first = in.uint64();
    each.now_last = in.uint64();
    in.skip(more);
  }
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    LostLog::Left& each = salvage.left.emplace_back();
    const std::size_t more = in.array_of(2);
    each.key = in.bin();
    each.from = read_place(in);
    in.skip(more);
  }
  salvage.left_ops = in.uint64();
  salvage.unproven = in.uint64();
  salvage.other_ops = in.uint64();
  salvage.batches = in.uint64();
  in.skip(newer);
  return salvage;
}

std::string encode(const LostLog::Loss& loss) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(6).int64(loss.found_ms).bin(storage::encode_losses({loss.found}));
  out.boolean(loss.ends_known).array(loss.ends.size());
  for (const auto& [origin, end] : loss.ends) {
    out.array(3).uint64(origin).uint64(end.had).boolean(end.back);
  }
  write_vector(out, loss.left);
  write_salvage(out, loss.salvage);
  return bytes;
}

const LogLoss::Found* find(const LogLoss& loss, core::Origin origin) {
  const auto found = std::ranges::find(loss.found, origin, &LogLoss::Found::origin);
  return found == loss.found.end() ? nullptr : &*found;
}

std::string lost_ops(core::Origin origin, const LostLog::End& end, const Applied& applied) {
  const std::string& region = applied.head(origin).region;
  const bool knows_begin = end.had < end.last;
  return "ops " + (knows_begin ? std::to_string(end.had + 1) + " to " : "up to ") +
         std::to_string(end.last) + " of origin " + core::to_string(origin) +
         (region.empty() ? "" : " of region " + region);
}

std::string sentence(const LostLog::Loss& loss, const Applied& applied) {
  std::string text;
  std::size_t more = 0;
  std::size_t named = 0;
  for (const auto& [origin, end] : loss.ends) {
    if (end.back) continue;
    if (named == LostLog::kNamedMax) {
      ++more;
      continue;
    }
    ++named;
    text += (text.empty() ? "" : "; ") + lost_ops(origin, end, applied);
  }
  if (more > 0) text += "; and of " + std::to_string(more) + " more origins";
  if (!loss.ends_known) {
    text += text.empty() ? "writes that were on the disk, it cannot be told how many"
                         : "; perhaps more, it cannot be told how much";
  }
  if (loss.found.half_flushed) text += "; its tables may have a part of that";
  return "its write-ahead log has lost " + text + " (found " + moment_text(loss.found_ms) + ")";
}

}  // namespace

core::Result<LostLog::Loss> LostLog::decode(std::string_view bytes) {
  core::Reader in(bytes);
  Loss loss;
  std::size_t newer = in.array_of(4);
  loss.found_ms = in.int64();
  auto losses = storage::decode_losses(in.bin());
  if (!losses.ok()) return losses.failure();
  if (losses.value().size() != 1) return core::corrupt("a row of a lost log has not one loss");
  loss.found = std::move(losses.value().front());
  loss.ends_known = in.boolean();
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    const std::size_t more = in.array_of(3);
    const core::Origin origin = in.uint64();
    End& end = loss.ends[origin];
    end.had = in.uint64();
    end.back = in.boolean();
    in.skip(more);
    if (const LogLoss::Found* const found = find(loss.found, origin)) {
      end.last = found->last;
      end.chain = found->chain;
    }
  }
  if (newer >= 2) {  // Earlier versions noted nothing more.
    loss.left_known = !loss.found.half_flushed;
    loss.left = read_vector(in);
    loss.salvage = read_salvage(in);
    newer -= 2;
  }
  in.skip(newer);
  if (!in.done()) return in.failure();
  return loss;
}

core::Result<void> LostLog::load(const storage::Snapshot& snapshot) {
  const std::string_view prefix = storage::kLostPrefix;
  const auto cursor = snapshot.scan(storage::Table::kMeta, {.from = prefix});
  for (; cursor->valid() && cursor->key().starts_with(prefix); cursor->next()) {
    const std::string_view number = cursor->key().substr(prefix.size());
    if (number.size() != sizeof(std::uint64_t)) return core::corrupt("the number of a lost log");
    auto loss = decode(cursor->value());
    if (!loss.ok()) return loss.failure();
    losses_[storage::from_big_endian(number)] = std::move(loss).value();
  }
  return {};
}

bool LostLog::accounts_for_all(const LogLoss& loss) const {
  if (!loss.end_known) return false;
  std::uint64_t gaps = 0;
  for (const LogLoss::Found& found : loss.found) {
    if (found.first > applied_.vector().at(found.origin) + 1) ++gaps;
    gaps += found.gaps;
  }
  // Each gap has a batch at least: where there are no more than gaps, none is of an origin without
  // a batch behind them.
  return loss.unknown <= gaps;
}

void LostLog::take_over(const std::vector<LogLoss>& losses, core::Millis wall_ms) {
  if (planted(Bug::kForgetLosses)) return;
  for (const LogLoss& found : losses) {
    const auto is_same = [&](const auto& each) { return each.second.found == found; };
    if (!found.misses_ops() || std::ranges::any_of(losses_, is_same)) continue;
    const std::uint64_t number = losses_.empty() ? 1 : losses_.rbegin()->first + 1;
    Loss& loss = losses_[number];
    loss.found_ms = wall_ms;
    loss.found = found;
    // Of tables with a part of it, the heads may be among that part.
    loss.ends_known = !found.half_flushed && !found.tables && accounts_for_all(found);
    loss.left_known = !found.half_flushed;
    loss.left = applied_.vector();
    for (const LogLoss::Found& each : found.found) {
      End& end = loss.ends[each.origin];
      end = {applied_.vector().at(each.origin), each.last, each.chain};
      // A note that a loss of power has brought again may be of what came back since.
      end.back = !found.half_flushed && is_back(each.origin, end);
    }
    changed_.push_back(number);
  }
}

void LostLog::forget() {
  for (const auto& [number, loss] : std::exchange(losses_, {})) changed_.push_back(number);
}

void LostLog::note(std::uint64_t number, Salvage salvage) {
  const auto found = losses_.find(number);
  if (found == losses_.end()) return;
  found->second.salvage = std::move(salvage);
  changed_.push_back(number);
}

void LostLog::salvaged(std::uint64_t number, const std::set<core::Origin>& own) {
  const auto found = losses_.find(number);
  if (found == losses_.end()) return;
  Loss& loss = found->second;
  loss.ends_known = !loss.found.tables;  // Merged ops are in no record that is set aside.
  for (auto& [origin, end] : loss.ends) end.back = end.back || own.contains(origin);
  changed_.push_back(number);
}

std::vector<std::string> LostLog::sentences() const {
  std::vector<std::string> all;
  for (const auto& [number, loss] : losses_) all.push_back(sentence(loss, applied_));
  return all;
}

std::vector<std::string> LostLog::take_news() { return std::exchange(news_, {}); }

bool LostLog::is_back(core::Origin origin, const End& end) const {
  const Head& head = applied_.head(origin);
  if (planted(Bug::kEndLossesEarly)) return head.seq > end.had;
  if (head.seq < end.last) return false;
  if (head.seq == end.last) return head.chain == end.chain;
  const auto chain = chains_.at(origin, end.last);
  return chain && *chain == end.chain;
}

void LostLog::look(core::Origin origin) {
  for (auto& [number, loss] : losses_) {
    const auto found = loss.ends.find(origin);
    if (found == loss.ends.end() || found->second.back) continue;
    if (!is_back(origin, found->second)) continue;
    core::mark<"the lost batches of an origin are back">();
    found->second.back = true;
    changed_.push_back(number);
  }
}

void LostLog::applied(core::Origin origin, core::Seq /*first*/) {
  if (!losses_.empty()) look(origin);
}

std::uint64_t LostLog::unread(const Loss& loss) const {
  std::uint64_t missing = 0;
  for (const auto& [origin, end] : loss.ends) {
    const core::Seq here = std::max(end.had, applied_.vector().at(origin));
    if (here < end.last) missing += end.last - here;
  }
  return missing - std::min(missing, loss.salvage.ops + loss.salvage.other_ops);
}

std::string LostLog::ended(const Loss& loss) const {
  if (!loss.salvage.done) {
    return "all that its write-ahead log had lost has come back from other leaders";
  }
  const std::uint64_t ops = unread(loss);
  return "all that could be read of what its write-ahead log had lost is written again" +
         (ops == 0 ? ""
                   : "; " + std::to_string(ops) + (ops == 1 ? " op" : " ops") +
                         " could not be read, and stay lost");
}

void LostLog::settle() {
  for (auto at = losses_.begin(); at != losses_.end();) {
    const Loss& loss = at->second;
    const bool all_back =
        std::ranges::all_of(loss.ends, [](const auto& each) { return each.second.back; });
    if (!loss.ends_known || !all_back) {
      ++at;
      continue;
    }
    news_.push_back(ended(loss));
    changed_.push_back(at->first);
    at = losses_.erase(at);
  }
}

void LostLog::record(Commit& commit) {
  if (losses_.empty() && changed_.empty()) return;
  if (commit.swap) {
    for (const auto& [origin, seq] : applied_.vector()) look(origin);
  }
  settle();
  for (const std::uint64_t number : std::exchange(changed_, {})) {
    const auto found = losses_.find(number);
    std::optional<std::string> value;
    if (found != losses_.end()) value = encode(found->second);
    commit.changes.set(storage::Table::kMeta, storage::lost_key(number), value);
  }
}

}  // namespace anabranch::regions
