#include "server/resp/access/user.h"

#include <algorithm>
#include <vector>

#include <anabranch/error.h>

#include "control/verbs/words.h"
#include "server/resp/access/password.h"

namespace anabranch::server {
namespace {

using control::same_word;

constexpr std::string_view kNoHash =
    "The password hash must be exactly 64 characters and contain only lowercase hexadecimal "
    "characters";
constexpr std::string_view kNoSuchPassword =
    "The password you are trying to remove from the user does not exist";
constexpr std::string_view kTooLong = "A password has at most 16383 bytes";

constexpr std::string_view kConcern = "concern=";

// Parses the words of a concern, with a comma between two.
std::string parse_concern(std::string_view text, std::optional<control::ConcernTerms>& into) {
  if (has_spaces(text)) return "Names with a space cannot be written in a rule";
  std::vector<std::string_view> words;
  for (std::size_t end = 0; end != text.npos; text.remove_prefix(end == text.npos ? 0 : end + 1)) {
    end = text.find(',');
    words.push_back(text.substr(0, end));
  }
  try {
    into = control::parse_concern(words);
    return {};
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

std::string concern_rule(const control::ConcernTerms& terms) {
  std::string rule(kConcern);
  for (const std::string& word : terms.words()) {
    if (rule.size() > kConcern.size()) rule += ',';
    rule += word;
  }
  return rule;
}

bool User::accepts(std::string_view password) const {
  return password.size() > kPasswordMax ? is_open() : accepts_hash(hash_of(password));
}

bool User::accepts_hash(std::string_view hash) const {
  bool found = no_password_;
  for (const std::string& each : passwords_) found = same_hash(hash, each) || found;
  return found && enabled_;
}

std::vector<std::string_view> User::flags() const {
  std::vector<std::string_view> flags{enabled_ ? "on" : "off"};
  if (no_password_) flags.emplace_back("nopass");
  if (payload_ == Payload::kTrusted) flags.emplace_back("skip-sanitize-payload");
  if (payload_ == Payload::kChecked) flags.emplace_back("sanitize-payload");
  return flags;
}

std::string User::text() const {
  std::string text;
  for (const std::string_view flag : flags()) text.append(flag).append(" ");
  for (const std::string& hash : passwords_) text.append("#").append(hash).append(" ");
  text += rules_.text();
  if (concern_) text += " " + concern_rule(*concern_);
  return text;
}

std::string User::apply(std::string_view rule, const Catalogue& catalogue) {
  if (rule.empty()) return {};
  if (same_word(rule, "on") || same_word(rule, "off")) {
    enabled_ = same_word(rule, "on");
  } else if (same_word(rule, "skip-sanitize-payload")) {
    payload_ = Payload::kTrusted;
  } else if (same_word(rule, "sanitize-payload")) {
    payload_ = Payload::kChecked;
  } else if (same_word(rule, "nopass") || same_word(rule, "resetpass")) {
    no_password_ = same_word(rule, "nopass");
    passwords_.clear();
  } else if (same_word(rule, "reset")) {
    reset();
  } else if (same_word(rule, "resetconcern")) {
    concern_.reset();
  } else if (same_word(rule.substr(0, kConcern.size()), kConcern)) {
    return parse_concern(rule.substr(kConcern.size()), concern_);
  } else if (rule.front() == '>') {
    if (rule.size() - 1 > kPasswordMax) return std::string(kTooLong);
    return add_password(hash_of(rule.substr(1)));
  } else if (rule.front() == '#') {
    return add_password(rule.substr(1));
  } else if (rule.front() == '<') {
    if (rule.size() - 1 > kPasswordMax) return std::string(kNoSuchPassword);
    return remove_password(hash_of(rule.substr(1)));
  } else if (rule.front() == '!') {
    return remove_password(rule.substr(1));
  } else {
    return rules_.apply(rule, catalogue);
  }
  return {};
}

void User::reset() {
  enabled_ = no_password_ = false;
  payload_ = Payload::kChecked;
  passwords_.clear();
  rules_.reset();
  concern_.reset();
}

std::string User::add_password(std::string_view hash) {
  if (!is_hash(hash)) return std::string(kNoHash);
  no_password_ = false;
  if (std::ranges::count(passwords_, hash) > 0) return {};
  if (passwords_.size() >= kPasswordsMax) {
    return "A user has at most " + std::to_string(kPasswordsMax) + " passwords";
  }
  passwords_.emplace_back(hash);
  return {};
}

std::string User::remove_password(std::string_view hash) {
  if (!is_hash(hash)) return std::string(kNoHash);
  if (std::erase(passwords_, hash) == 0) return std::string(kNoSuchPassword);
  return {};
}

void User::take_over(const User& other) {
  std::string name = std::move(name_);
  *this = other;
  name_ = std::move(name);
}

}  // namespace anabranch::server
