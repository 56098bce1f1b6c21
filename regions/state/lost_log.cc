#include "regions/state/lost_log.h"

#include <algorithm>
#include <utility>

#include "core/codec.h"
#include "core/mark.h"
#include "storage/layout.h"

namespace anabranch::regions {

using storage::LogLoss;

namespace {

std::string encode(const LostLog::Loss& loss) {
  std::string bytes;
  core::Writer out(bytes);
  out.array(4).int64(loss.found_ms).bin(storage::encode_losses({loss.found}));
  out.boolean(loss.ends_known).array(loss.ends.size());
  for (const auto& [origin, end] : loss.ends) {
    out.array(3).uint64(origin).uint64(end.had).boolean(end.back);
  }
  return bytes;
}

const LogLoss::Found* find(const LogLoss& loss, core::Origin origin) {
  const auto found = std::ranges::find(loss.found, origin, &LogLoss::Found::origin);
  return found == loss.found.end() ? nullptr : &*found;
}

core::Result<LostLog::Loss> decode(std::string_view bytes) {
  core::Reader in(bytes);
  LostLog::Loss loss;
  const std::size_t newer = in.array_of(4);
  loss.found_ms = in.int64();
  auto losses = storage::decode_losses(in.bin());
  if (!losses.ok()) return losses.failure();
  if (losses.value().size() != 1) return core::corrupt("a row of a lost log has not one loss");
  loss.found = std::move(losses.value().front());
  loss.ends_known = in.boolean();
  for (std::size_t left = in.array(); left > 0 && in.ok(); --left) {
    const std::size_t more = in.array_of(3);
    const core::Origin origin = in.uint64();
    LostLog::End& end = loss.ends[origin];
    end.had = in.uint64();
    end.back = in.boolean();
    in.skip(more);
    if (const LogLoss::Found* const found = find(loss.found, origin)) {
      end.last = found->last;
      end.chain = found->chain;
    }
  }
  in.skip(newer);
  if (!in.done()) return in.failure();
  return loss;
}

std::string sentence(const LostLog::Loss& loss, const Applied& applied) {
  std::string text;
  for (const auto& [origin, end] : loss.ends) {
    if (end.back) continue;
    text += text.empty() ? "" : "; ";
    text += "ops " + std::to_string(end.had + 1) + " to " + std::to_string(end.last) +
            " of origin " + core::to_string(origin);
    const std::string& region = applied.head(origin).region;
    if (!region.empty()) text += " of region " + region;
  }
  if (!loss.ends_known) {
    text += text.empty() ? "writes that were on the disk, it cannot be told how many"
                         : "; perhaps more, it cannot be told how much";
  }
  return "its write-ahead log has lost " + text;
}

}  // namespace

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
  std::uint64_t ops = 0;
  for (const LogLoss::Found& found : loss.found) {
    const core::Seq had = applied_.vector().at(found.origin);
    if (found.first > had + 1) {
      ++gaps;
      ops += found.first - had - 1;
    }
    gaps += found.gaps;
    ops += found.gap_ops;
  }
  // Each gap has a batch at least, and each op one at most.
  return loss.unknown == 0 || loss.unknown == gaps || loss.unknown == ops;
}

void LostLog::take_over(const std::vector<LogLoss>& losses, core::Millis wall_ms) {
  for (const LogLoss& found : losses) {
    const auto is_same = [&](const auto& each) { return each.second.found == found; };
    if (!found.misses_batches() || std::ranges::any_of(losses_, is_same)) continue;
    const std::uint64_t number = losses_.empty() ? 1 : losses_.rbegin()->first + 1;
    Loss& loss = losses_[number];
    loss.found_ms = wall_ms;
    loss.found = found;
    loss.ends_known = accounts_for_all(found);
    for (const LogLoss::Found& each : found.found) {
      loss.ends[each.origin] = {applied_.vector().at(each.origin), each.last, each.chain};
    }
    changed_.push_back(number);
  }
}

void LostLog::forget() {
  for (const auto& [number, loss] : std::exchange(losses_, {})) changed_.push_back(number);
}

std::vector<std::string> LostLog::sentences() const {
  std::vector<std::string> all;
  for (const auto& [number, loss] : losses_) all.push_back(sentence(loss, applied_));
  return all;
}

std::vector<std::string> LostLog::take_news() { return std::exchange(news_, {}); }

bool LostLog::is_back(core::Origin origin, const End& end) const {
  const Head& head = applied_.head(origin);
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

void LostLog::settle() {
  for (auto at = losses_.begin(); at != losses_.end();) {
    const Loss& loss = at->second;
    const bool all_back =
        std::ranges::all_of(loss.ends, [](const auto& each) { return each.second.back; });
    if (!loss.ends_known || !all_back) {
      ++at;
      continue;
    }
    news_.emplace_back("all that its write-ahead log had lost has come back from other leaders");
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
