#include "regions/verify/verification.h"

#include <algorithm>
#include <utility>

#include "rows/row_text.h"

namespace anabranch::regions {

using core::Hash128;
using core::Millis;
using Detail = RowSnapshot::Detail;
using Part = RowSnapshot::Part;
using State = regions::Verdict::State;

namespace {

Part part_of(const DigestResponse& response) {
  return {response.digest, response.rows, response.next, response.list};
}

// Whether a part ends before another one; an empty end is that of the table.
bool ends_before(const Part& one, const Part& other) {
  return !one.next.empty() && (other.next.empty() || one.next < other.next);
}

// Drops the rows at and behind `end` from a list.
void cut(Part& part, const std::string& end) {
  std::erase_if(part.list, [&](const RowShare& row) { return row.key >= end; });
  part.digest = {};
  for (const RowShare& row : part.list) part.digest += row.digest;
  part.rows = part.list.size();
  part.next = end;
}

}  // namespace

Verification::Verification(std::string region, std::uint64_t moment, Open rows, Ask peer,
                           Millis now)
    : open_(std::move(rows)),
      ask_(std::move(peer)),
      deadline_ms_(now + kTimeoutMs),
      moment_(moment) {
  verdict_.region = std::move(region);
  open(now);
}

// ---- Questions and answers.

void Verification::ask(DigestRequest request, Step step, Millis now) {
  request.moment = moment_;
  request.number = request_.number + 1;
  request_ = std::move(request);
  step_ = step;
  asked_ms_ = first_asked_ms_ = now;
  ask_(request_);
}

void Verification::ask_anew(Millis now) {
  asked_ms_ = now;
  ask_(request_);
}

void Verification::on(const DigestResponse& response, Millis now) {
  const bool expected = response.moment == moment_ && response.number == request_.number;
  if (!running() || step_ == nullptr || !expected) return;
  const Step step = std::exchange(step_, nullptr);
  if (!response.kept) {  // The peer was restarted, or this leader stood still for long.
    mismatches_.clear();
    if (++lost_moments_ == kLostMomentsMax) return finish(State::kSilent);
    open_later(now);
  } else {
    (this->*step)(response, now);
  }
}

void Verification::tick(Millis now) {
  if (!running()) return;
  if (open_ms_ && now >= *open_ms_) {
    open_ms_.reset();
    open(now);
  }
  if (step_ == nullptr || now - asked_ms_ < kAskAgainMs) return;
  if (now - first_asked_ms_ >= kSilentMs) {
    finish(State::kSilent);
  } else {
    ask_anew(now);
  }
}

void Verification::lose() {
  if (running()) finish(State::kUnreachable);
}

void Verification::finish(State state) {
  verdict_.state = state;
  own_.reset();
  step_ = nullptr;
}

// ---- Moments.

void Verification::open(Millis now) {
  own_.reset();
  ++moment_;
  ask({.kind = DigestRequest::Kind::kOpen}, &Verification::opened, now);
}

void Verification::open_later(Millis now) {
  own_.reset();
  open_ms_ = now + kRetryMs;
}

void Verification::opened(const DigestResponse& response, Millis now) {
  own_.emplace(open_());
  const bool late = now >= deadline_ms_;
  if (!response.comparable || !own_->moment().comparable) {
    if (late) return finish(State::kSweeping);
    return open_later(now);
  }
  const core::VersionVector& applied = own_->moment().applied;
  exact_ = applied == response.applied;
  // Mismatches need each side to have applied all that the other had before.
  const bool caught_up =
      applied.includes(before_.second) && response.applied.includes(before_.first);
  if (!exact_ && !late && (mismatches_.empty() || !caught_up)) return open_later(now);
  if (!exact_ && !caught_up) return finish(State::kBehind);
  compare(response, now);
}

void Verification::compare(const DigestResponse& response, Millis now) {
  verdict_.applied = own_->moment().applied;
  before_ = {own_->moment().applied, response.applied};
  if (!exact_ && !mismatches_.empty()) return look(now);
  mismatches_.clear();
  kept_there_ = response.digest;
  digest_there_ = {};
  verdict_.digest = {};
  verdict_.rows = verdict_.differing = 0;
  from_.clear();
  ask_sum(now);
}

// ---- All rows, part by part.

void Verification::ask_sum(Millis now) {
  const Part here = own_->part(from_, {}, Detail::kSum);
  ask({.kind = DigestRequest::Kind::kSum, .from = from_, .until = here.next}, &Verification::summed,
      now);
}

void Verification::summed(const DigestResponse& response, Millis now) {
  const Part there = part_of(response);
  if (!there.next.empty() && there.next <= from_) return finish(State::kSilent);
  const Part here = own_->part(from_, there.next, Detail::kSum);
  if (here.digest == there.digest && here.rows == there.rows && here.next == there.next) {
    return went_on(here, there, now);
  }
  ask({.kind = DigestRequest::Kind::kList, .from = from_, .until = there.next},
      &Verification::listed, now);
}

void Verification::listed(const DigestResponse& response, Millis now) {
  Part there = part_of(response);
  if (!there.next.empty() && there.next <= from_) return finish(State::kSilent);
  Part here = own_->part(from_, there.next, Detail::kList);
  if (ends_before(here, there)) cut(there, here.next);
  suspect(here, there);
  went_on(here, there, now);
}

void Verification::suspect(const Part& here, const Part& there) {
  auto mine = here.list.begin();
  auto other = there.list.begin();
  const auto note = [&](const std::string& key, const Pair& pair) {
    ++verdict_.differing;
    if (mismatches_.size() < kSuspectsMax) mismatches_.emplace(key, pair);
  };
  while (mine != here.list.end() || other != there.list.end()) {
    if (other == there.list.end() || (mine != here.list.end() && mine->key < other->key)) {
      note(mine->key, {mine->digest, {}});
      ++mine;
    } else if (mine == here.list.end() || other->key < mine->key) {
      note(other->key, {{}, other->digest});
      ++other;
    } else {
      if (mine->digest != other->digest) note(mine->key, {mine->digest, other->digest});
      ++mine;
      ++other;
    }
  }
}

void Verification::went_on(const Part& here, const Part& there, Millis now) {
  verdict_.rows += here.rows;
  verdict_.digest += here.digest;
  digest_there_ += there.digest;
  from_ = here.next;
  if (from_.empty()) {
    walked(now);
  } else {
    ask_sum(now);
  }
}

void Verification::walked(Millis now) {
  verdict_.digest_wrong_here = verdict_.digest != own_->moment().digest;
  verdict_.digest_wrong_there = digest_there_ != kept_there_;
  if (mismatches_.empty()) return finish(exact_ ? State::kEqual : State::kSame);
  if (exact_) return look(now);
  deadline_ms_ = now + kTimeoutMs;
  open_later(now);
}

// ---- Mismatches.

void Verification::look(Millis now) {
  still_.clear();
  verdict_.differences.clear();
  next_shown_ = mismatches_.begin();
  ask_shown(now);
}

void Verification::ask_shown(Millis now) {
  DigestRequest request{.kind = DigestRequest::Kind::kShow};
  for (auto at = next_shown_; at != mismatches_.end(); ++at) {
    if (request.keys.size() == DigestRequest::kKeysMax) break;
    request.keys.push_back(at->first);
  }
  ask(std::move(request), &Verification::shown, now);
}

void Verification::shown(const DigestResponse& response, Millis now) {
  const std::size_t count = std::min(response.list.size(), response.texts.size());
  if (count == 0 || count > request_.keys.size()) return finish(State::kSilent);
  for (std::size_t i = 0; i < count; ++i, ++next_shown_) {
    const auto& [key, before] = *next_shown_;
    const RowSnapshot::Shown here = own_->show(key);
    const Pair pair{here.digest, response.list[i].digest};
    if (pair.first == pair.second || (!exact_ && pair != before)) continue;
    still_.emplace(key, pair);
    if (still_.size() <= kListedMax) describe(key, here, response.texts[i]);
  }
  const bool enough = exact_ && still_.size() >= kListedMax;
  if (next_shown_ == mismatches_.end() || enough) {
    looked(now);
  } else {
    ask_shown(now);
  }
}

void Verification::describe(const std::string& key, const RowSnapshot::Shown& here,
                            const std::string& there) {
  std::string row = here.row;
  if (row.empty()) {  // The row is not here: the key is its path unless that is very long.
    const auto path = core::Path::from_encoded(key);
    row = path.ok() ? rows::path_text(path.value()) : rows::quoted(key);
  }
  verdict_.differences.push_back({rows::Digests::bucket_of(key), std::move(row), here.text, there});
}

void Verification::looked(Millis now) {
  if (!exact_) verdict_.differing = still_.size();
  if (still_.empty()) return finish(exact_ ? State::kEqual : State::kSame);
  if (exact_ || ++rounds_ == kRounds) return finish(State::kDifferent);
  mismatches_ = std::exchange(still_, {});
  deadline_ms_ = now + kTimeoutMs;
  open_later(now);
}

}  // namespace anabranch::regions
