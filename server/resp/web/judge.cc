#include "server/resp/web/judge.h"

#include <algorithm>
#include <string_view>

#include "core/wall_clock.h"
#include "server/resp/access/password.h"

namespace anabranch::server {
namespace {

using http::Gate;
using Verb = std::vector<std::string>;

constexpr std::string_view kContainer = "ANABRANCH";

// The HTTP port gives the address of a client without its port, or a word for one at a path.
bool is_here(std::string_view from) {
  return from.find_first_of(".:") == from.npos || from.starts_with("127.") || from == "::1";
}

std::vector<std::string_view> words_of(const Verb& verb) {
  std::vector<std::string_view> words{kContainer};
  words.insert(words.end(), verb.begin(), verb.end());
  return words;
}

}  // namespace

Judge::Judge(const World& world)
    : world_(world),
      has_users_(world.always_asks || !world.users.default_user().is_open()),
      version_(world.users.version()) {}

const Command* Judge::row_of(const Verb& verb) const {
  std::string name(kContainer);
  const Command* row = world_.catalogue.find(name);
  for (const std::string& word : verb) {
    name.append("|").append(word);
    const Command* const inner = world_.catalogue.find(name);
    if (inner == nullptr) break;
    row = inner;
  }
  return row != nullptr && row->takes(verb.size() + 1) ? row : nullptr;
}

Denial Judge::denial_of(const User& user, const Verb& verb) const {
  const Command* const row = row_of(verb);
  if (row == nullptr) return {.reason = Denial::Reason::kCommand};
  return user.rules().check(*row, words_of(verb));
}

bool Judge::may_come(const User& user, const std::string& from) const {
  return user.needs_password() || world_.insecure || is_here(from);
}

void Judge::note(DenialEntry entry, const Gate::Question& question) {
  entry.user = question.user;
  // The fields that clients read as numbers, as in client_line().
  entry.client = "id=0 addr=" + question.from +
                 ":0 laddr=http:0 fd=0 name= age=0 idle=0 db=0 sub=0 psub=0 ssub=0 multi=-1 qbuf=0 "
                 "qbuf-free=0 argv-mem=0 obl=0 oll=0 omem=0 tot-mem=0 cmd=http user=(none) resp=2";
  entry.time_ms = core::SystemClock().now_ms();
  world_.denials.add(std::move(entry));
}

Gate::Ruling Judge::rule(const Gate::Question& question) {
  const User* const user = world_.users.log_in(question.user, question.password);
  if (user == nullptr || !may_come(*user, question.from)) {
    note({.reason = DenialEntry::Reason::kLogin, .object = "HTTP"}, question);
    return {Gate::Verdict::kUnknown,
            world_.failed_logins.add(question.from, question.user, steady_now())};
  }
  const Denial denial = denial_of(*user, question.verb);
  if (denial) {
    const Command* const row = row_of(question.verb);
    note({.reason = DenialEntry::Reason::kCommand,
          .object =
              row == nullptr ? std::string(kContainer) : std::string(world_.catalogue.name(*row))},
         question);
    return {Gate::Verdict::kMayNot};
  }
  Gate::Ruling ruling{Gate::Verdict::kMay};
  if (!question.lasts) return ruling;
  std::erase_if(lasting_, [](const Lasting& each) { return each.holds.expired(); });
  auto holds = std::make_shared<std::atomic<bool>>(true);
  Gate::Question kept = question;
  kept.password.clear();
  lasting_.push_back({std::move(kept), hash_of(question.password), holds});
  ruling.holds = std::move(holds);
  return ruling;
}

bool Judge::still_holds(const Lasting& lasting) const {
  const Gate::Question& question = lasting.question;
  const User* const user = world_.users.find(question.user);
  return user != nullptr && user->accepts_hash(lasting.hash) && may_come(*user, question.from) &&
         !denial_of(*user, question.verb);
}

void Judge::follow() {
  if (version_ == world_.users.version()) return;
  version_ = world_.users.version();
  if (!world_.users.default_user().is_open()) has_users_ = true;
  for (const Lasting& each : lasting_) {
    const auto holds = each.holds.lock();
    if (holds && !still_holds(each)) *holds = false;
  }
  std::erase_if(lasting_, [](const Lasting& each) {
    const auto holds = each.holds.lock();
    return !holds || !*holds;
  });
}

}  // namespace anabranch::server
