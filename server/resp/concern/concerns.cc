#include "server/resp/concern/concerns.h"

#include <algorithm>
#include <utility>

#include <anabranch/error.h>

#include "core/log.h"
#include "core/space.h"
#include "server/resp/access/users.h"

namespace anabranch::server {

SharedConcern Concerns::intern(ConcernTerms terms) {
  std::weak_ptr<Concern>& known = all_[terms.text()];
  SharedConcern concern = known.lock();
  if (!concern) known = concern = std::make_shared<Concern>(std::move(terms));
  return concern;
}

SharedConcern Concerns::take(ConcernTerms terms) {
  if (const std::string why = refusal(terms); !why.empty()) throw Error(ErrorCode::kInvalid, why);
  return intern(std::move(terms));
}

std::string Concerns::refusal(const ConcernTerms& terms) {
  renew();
  return server::refusal(terms, holders());
}

const leader::Holders& Concerns::holders() {
  if (holders_ == nullptr || looked_round_ != round_) holders_ = &leader_.look_at_holders();
  looked_round_ = round_;
  return *holders_;
}

// ---- Rules.

void Concerns::follow(const Users& users) {
  std::map<const User*, SharedConcern> all;
  for (const auto& [name, user] : users.all()) {
    if (user->concern()) all.emplace(user.get(), intern(*user->concern()));
  }
  rules_.use(std::move(all));
}

ConcernRules::Rule Concerns::rule_of(const regions::ConcernRow& row) {
  ConcernRules::Rule rule{.mesh = !row.keys};
  if (row.keys) {
    rule.database = core::database_of(row.keys->space).value_or(0);
    rule.prefix = row.keys->prefix;
  }
  try {
    if (row.readable) rule.concern = intern(control::parse_concern(row.words));
  } catch (const Error&) {  // Words of a newer version; look_for_troubles() tells of them.
  }
  return rule;
}

void Concerns::read_rules() {
  rules_expected_ = false;
  rules_read_ = leader_.committed();
  rules_read_at_ = steady_now();
  troubles_at_ = {};
  std::vector<ConcernRules::Rule> rules;
  try {
    for (const regions::ConcernRow& row : leader_.concerns()) {
      if (!row.readable || !row.words.empty()) rules.push_back(rule_of(row));
    }
  } catch (const Error& error) {
    const std::string why = std::string("the concerns of keys cannot be read: ") + error.what();
    if (std::exchange(damage_, why) != why) core::log_error(leader_.region(), why);
    return;
  }
  damage_.clear();
  rules_.use(std::move(rules));
}

void Concerns::committed() {
  renew();
  if (rules_expected_) read_rules();
}

void Concerns::look_at(const std::string& whose, const SharedConcern& concern) {
  if (concern == nullptr) {
    troubles_.push_back("the concern of " + whose + " is of a newer version: it holds no answer");
    return;
  }
  const std::string why = server::refusal(concern->terms(), holders());
  if (!why.empty()) {
    troubles_.push_back("the concern of " + whose + ", " + concern->text() +
                        ", cannot be met: " + why);
  }
}

void Concerns::look_for_troubles() {
  troubles_.clear();
  if (!damage_.empty()) troubles_.push_back(damage_);
  for (const ConcernRules::Rule& rule : rules_.all()) look_at(rule.place(), rule.concern);
  for (const auto& [user, concern] : rules_.users()) look_at("user " + user->name(), concern);
}

// ---- How far they are met.

core::Seq Concerns::reach_of(Concern& concern) {
  if (concern.round_ != round_) {
    concern.reach_ = reach(conditions_of(concern.terms(), holders()));
  }
  concern.round_ = round_;
  return concern.reach_;
}

// Where the leader has begun a new origin, nobody tells how far the one before came: it is not met.
bool Concerns::met(Concern& concern, const WritePlace& write) {
  return reach_of(concern) >= write.seq && holders().origin() == write.origin;
}

Holding Concerns::holding_of(const std::vector<SharedConcern>& concerns, const WritePlace& write) {
  const bool is_of_now = holders().origin() == write.origin;
  constexpr core::Seq kNobodyHas = ~core::Seq{0};
  std::vector<Condition> all;
  for (const SharedConcern& each : concerns) {
    std::ranges::move(conditions_of(each->terms(), holders()), std::back_inserter(all));
  }
  return holding(all, is_of_now ? write.seq : kNobodyHas);
}

// ---- Latches.

void Concerns::degrade(const SharedConcern& shared, const WritePlace& write) {
  Concern& concern = *shared;
  ++concern.degraded_;
  if (concern.latched()) return;
  concern.probe_ = Concern::Probe{.write = concern.newest_, .since = steady_now()};
  concern.degraded_ = 1;
  ++counts_.latched;
  latched_.push_back(shared);
  forget_some();
  core::log_warning(leader_.region(), "The concern " + concern.text() +
                                          " is not met: writes are answered at once, until it is "
                                          "met again. Lacking: " +
                                          lacking(holding_of({shared}, write)));
}

// Of those that somebody has there are no more than connections and rules.
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

void Concerns::end_latches(SteadyTime now) {
  for (SharedConcern& each : latched_) {
    if (!is_over(*each, now)) continue;
    core::log_info(leader_.region(), "The concern " + each->text() + " is met again, after " +
                                         std::to_string(each->degraded_) +
                                         " writes that were answered before");
    each->probe_.reset();
    each.reset();
  }
  std::erase(latched_, nullptr);
}

void Concerns::look() {
  renew();
  const SteadyTime now = steady_now();
  if (now - rules_read_at_ >= kReadRules && leader_.committed() != rules_read_) read_rules();
  if (!latched_.empty()) end_latches(now);
  if (now - troubles_at_ < kLookForTroubles) return;
  troubles_at_ = now;
  std::erase_if(all_, [](const auto& each) { return each.second.expired(); });
  look_for_troubles();
}

std::vector<std::string> Concerns::latched() const {
  std::vector<std::string> words;
  for (const SharedConcern& each : latched_) words.push_back(each->text());
  std::ranges::sort(words);
  return words;
}

}  // namespace anabranch::server
