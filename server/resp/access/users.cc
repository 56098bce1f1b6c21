#include "server/resp/access/users.h"

#include <algorithm>
#include <utility>

#include "control/verbs/words.h"

namespace anabranch::server {
namespace {

using control::printable;

// Returns the next word of a line, which it is removed from; empty at the end.
std::string_view take_word(std::string_view& line) {
  constexpr std::string_view kSpaces = " \t\r";
  line.remove_prefix(std::min(line.find_first_not_of(kSpaces), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kSpaces));
  line.remove_prefix(word.size());
  return word;
}

}  // namespace

Users::Users(const Catalogue& catalogue) : catalogue_(catalogue) {
  users_.emplace(kDefault, make_default());
}

std::unique_ptr<User> Users::make_default() const {
  auto user = std::make_unique<User>(std::string(kDefault));
  for (const std::string_view rule : {"+@all", "~*", "&*", "on", "nopass"}) {
    user->apply(rule, catalogue_);
  }
  return user;
}

const User* Users::find(std::string_view name) const {
  const auto found = users_.find(name);
  return found == users_.end() ? nullptr : found->second.get();
}

const User* Users::log_in(std::string_view name, std::string_view password) const {
  static const User kNobody("");
  const User* const user = find(name);
  const bool accepted = (user != nullptr ? *user : kNobody).accepts(password);
  return accepted ? user : nullptr;
}

std::string Users::refusal(const User& user, const Check& check) const {
  if (!check || !user.concern()) return {};
  const User* const before = find(user.name());
  return before != nullptr && before->concern() == user.concern() ? std::string()
                                                                  : check(*user.concern());
}

core::Result<void> Users::set(std::string_view name, std::span<const std::string_view> rules,
                              const Check& check) {
  const auto found = users_.find(name);
  User changed = found == users_.end() ? User(std::string(name)) : *found->second;
  for (const std::string_view rule : rules) {
    const std::string error = changed.apply(rule, catalogue_);
    if (error.empty()) continue;
    return core::invalid("Error in ACL SETUSER modifier '" + std::string(printable(rule)) +
                         "': " + error);
  }
  if (const std::string why = refusal(changed, check); !why.empty()) {
    return core::invalid("the concern of user '" + std::string(printable(name)) + "': " + why);
  }
  if (found != users_.end()) {
    found->second->take_over(changed);
  } else if (users_.size() >= kMax) {
    return core::invalid("There are " + std::to_string(kMax) + " users, the most that may be");
  } else {
    users_.emplace(name, std::make_unique<User>(std::move(changed)));
  }
  ++version_;
  return {};
}

std::unique_ptr<User> Users::remove(std::string_view name) {
  const auto found = users_.find(name);
  if (found == users_.end() || name == kDefault) return nullptr;
  std::unique_ptr<User> removed = std::move(found->second);
  users_.erase(found);
  ++version_;
  return removed;
}

std::string Users::text() const {
  std::string text;
  for (const auto& [name, user] : users_) text += "user " + name + " " + user->text() + "\n";
  return text;
}

std::string Users::read_line(std::string_view line, const std::string& place, All& users) const {
  std::string_view rest = line;
  const std::string_view begin = take_word(rest);
  const std::string_view name = take_word(rest);
  if (begin != "user" || name.empty()) {
    return place + " should start with user keyword followed by the username. ";
  }
  if (has_spaces(name)) {
    return "'" + place + ": username '" + std::string(printable(name)) +
           "' contains invalid characters. ";
  }
  if (users.contains(name)) {
    return "WARNING: Duplicate user '" + std::string(printable(name)) + "' found at " + place +
           ". ";
  }
  if (users.size() >= kMax) {
    return place + ": there are more than " + std::to_string(kMax) + " users. ";
  }
  auto user = std::make_unique<User>(std::string(name));
  std::string errors;
  while (!(rest.substr(std::min(rest.find_first_not_of(" \t\r"), rest.size()))).empty()) {
    const std::string error = user->apply(take_word(rest), catalogue_);
    if (!error.empty()) errors.append(place).append(": ").append(error).append(". ");
  }
  users.emplace(name, std::move(user));
  return errors;
}

core::Result<Users::Change> Users::replace(std::string_view text, std::string_view file,
                                           const Check& check) {
  All users;
  std::string errors;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    errors += read_line(line, std::string(file) + ":" + std::to_string(number), users);
  }
  for (const auto& [name, user] : users) {
    const std::string why = refusal(*user, check);
    if (!why.empty()) errors += "the concern of user '" + name + "': " + why + ". ";
  }
  if (!errors.empty()) {
    return core::invalid(errors +
                         "WARNING: ACL errors detected, no change to the previously active ACL "
                         "rules was performed");
  }
  if (!users.contains(kDefault)) users.emplace(kDefault, make_default());
  Change change;
  for (auto& [name, user] : users_) {
    const auto fresh = users.find(name);
    if (fresh == users.end()) {
      change.removed.push_back(std::move(user));
      continue;
    }
    if (*user != *fresh->second && name != kDefault) change.changed.push_back(user.get());
    user->take_over(*fresh->second);
    fresh->second = std::move(user);
  }
  users_ = std::move(users);
  ++version_;
  return change;
}

}  // namespace anabranch::server
