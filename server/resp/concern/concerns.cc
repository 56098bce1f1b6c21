#include "server/resp/concern/concerns.h"

#include <algorithm>

#include <anabranch/error.h>

#include "core/log.h"

namespace anabranch::server {

SharedConcern Concerns::take(ConcernTerms terms) {
  if (const std::string why = refusal(terms, holders()); !why.empty()) {
    throw Error(ErrorCode::kInvalid, why);
  }
  std::erase_if(all_, [](const auto& each) { return each.second.expired(); });
  std::weak_ptr<Concern>& known = all_[terms.words()];
  SharedConcern concern = known.lock();
  if (!concern) known = concern = std::make_shared<Concern>(std::move(terms));
  return concern;
}

const leader::Holders& Concerns::holders() {
  if (holders_ == nullptr || looked_round_ != round_) holders_ = &leader_.look_at_holders();
  looked_round_ = round_;
  return *holders_;
}

core::Seq Concerns::reach_of(Concern& concern) {
  if (concern.round_ != round_) concern.reach_ = reach(concern.terms(), holders());
  concern.round_ = round_;
  return concern.reach_;
}

// Where the leader has begun a new origin, nobody tells how far the one before came: it is not met.
bool Concerns::met(Concern& concern, const WritePlace& write) {
  return reach_of(concern) >= write.seq && holders().origin() == write.origin;
}

Holding Concerns::holding_of(const Concern& concern, const WritePlace& write) {
  const bool is_of_now = holders().origin() == write.origin;
  constexpr core::Seq kNobodyHas = ~core::Seq{0};
  return holding(concern.terms(), holders(), is_of_now ? write.seq : kNobodyHas);
}

void Concerns::degrade(Concern& concern, const WritePlace& write) {
  ++counts_.degraded;
  ++concern.degraded_;
  if (concern.latched()) return;
  concern.probe_ = Concern::Probe{.write = concern.newest_, .since = steady_now()};
  concern.degraded_ = 1;
  ++counts_.latched;
  const auto self = all_.find(concern.words());
  if (self != all_.end()) latched_.push_back(self->second.lock());
  forget_some();
  core::log_warning(leader_.region(), "The concern " + concern.words() +
                                          " is not met: writes are answered at once, until it is "
                                          "met again. Lacking: " +
                                          lacking(holding_of(concern, write)));
}

// Of those that connections have there are no more than connections.
void Concerns::forget_some() {
  std::size_t unused = 0;
  for (auto each = latched_.rbegin(); each != latched_.rend(); ++each) {
    if (each->use_count() == 1 && ++unused > kKeptMax) each->reset();
  }
  std::erase(latched_, nullptr);
}

// A write that was held too late does not end it: under load there would always be one that others
// already have.
bool Concerns::is_over(Concern& concern, SteadyTime now) {
  const WritePlace& write = concern.probe_->write;
  if (write.origin != holders().origin()) return true;  // Nothing is told of it any more.
  if (!met(concern, write)) return false;
  const bool in_time = now - concern.probe_->since <= concern.terms().patience;
  if (in_time || met(concern, concern.newest_)) return true;
  concern.probe_ = Concern::Probe{.write = concern.newest_, .since = now};
  return false;
}

void Concerns::look() {
  renew();
  if (latched_.empty()) return;
  const SteadyTime now = steady_now();
  for (SharedConcern& each : latched_) {
    if (!is_over(*each, now)) continue;
    core::log_info(leader_.region(), "The concern " + each->words() + " is met again, after " +
                                         std::to_string(each->degraded_) +
                                         " writes that were answered before");
    each->probe_.reset();
    each.reset();
  }
  std::erase(latched_, nullptr);
}

std::vector<std::string> Concerns::latched() const {
  std::vector<std::string> words;
  for (const SharedConcern& each : latched_) words.push_back(each->words());
  std::ranges::sort(words);
  return words;
}

}  // namespace anabranch::server
