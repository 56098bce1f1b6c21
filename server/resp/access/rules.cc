#include "server/resp/access/rules.h"

#include <algorithm>
#include <optional>

#include "core/assert.h"
#include "server/pattern.h"
#include "server/resp/table/categories.h"
#include "server/resp/table/keys.h"

namespace anabranch::server {
namespace {

// The errors of Redis.
constexpr std::string_view kSyntax = "Syntax error";
constexpr std::string_view kUnknown = "Unknown command or category name in ACL";
constexpr std::string_view kAfterAllKeys =
    "Adding a pattern after the * pattern (or the 'allkeys' flag) is not valid and does not have "
    "any effect. Try 'resetkeys' to start with an empty list of patterns";
constexpr std::string_view kAfterAllChannels =
    "Adding a pattern after the * pattern (or the 'allchannels' flag) is not valid and does not "
    "have any effect. Try 'resetchannels' to start with an empty list of channels";
constexpr std::string_view kFirstWordOfVerb = "Allowing first-arg of a subcommand is not supported";

// The name of a key is shorter: commands refuse others, whose many megabytes are not matched.
constexpr std::size_t kMatchedMax = (std::size_t{64} << 10U) + 1;

std::string too_many(std::string_view what, std::size_t most) {
  return "A user has at most " + std::to_string(most) + " " + std::string(what);
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0'; }

// Whether a rule, with its sign, is about a name or one below it.
bool is_about(std::string_view rule, std::string_view name) {
  rule.remove_prefix(1);
  return rule.starts_with(name) && (rule.size() == name.size() || rule[name.size()] == '|');
}

// The rights that a request needs on a key. Whether it is there, and how big, needs none: a pattern
// that names it will do.
std::uint8_t rights_for(std::uint32_t use, std::uint8_t read, std::uint8_t write) {
  std::uint8_t rights = 0;
  if ((use & kAccess) != 0) rights |= read;
  if ((use & (kInsert | kDelete | kUpdate)) != 0) rights |= write;
  return rights;
}

std::string joined(const auto& items, const auto& text_of) {
  std::string text;
  for (const auto& each : items) text += (text.empty() ? "" : " ") + text_of(each);
  return text;
}

}  // namespace

bool has_spaces(std::string_view text) { return std::ranges::any_of(text, is_space); }

std::string Rules::apply(std::string_view rule, const Catalogue& catalogue) {
  ANABRANCH_ASSERT(catalogue.rows.size() <= kRowsMax);
  const std::string lower = in_lower_case(rule);
  if (lower == "allkeys" || lower == "~*" || lower == "resetkeys") {
    all_keys_ = lower != "resetkeys";
    keys_.clear();
  } else if (lower == "allchannels" || lower == "&*" || lower == "resetchannels") {
    all_channels_ = lower != "resetchannels";
    channels_.clear();
  } else if (lower == "allcommands" || lower == "+@all") {
    set_all(true);
  } else if (lower == "nocommands" || lower == "-@all") {
    set_all(false);
  } else if (rule.starts_with('~') || rule.starts_with('%')) {
    return apply_keys(rule);
  } else if (rule.starts_with('&')) {
    return apply_channels(rule);
  } else if (rule.starts_with('+') || rule.starts_with('-')) {
    const bool of_category = rule.substr(1).starts_with('@');
    std::string refused =
        of_category ? apply_category(lower, catalogue) : apply_command(lower, catalogue);
    shorten();
    return refused;
  } else if (lower == "clearselectors") {
    return {};  // There are none.
  } else if (rule.starts_with('(')) {
    return "Selectors are not supported: a user has one list of rules, so make one user for each "
           "selector";
  } else {
    return std::string(kSyntax);
  }
  return {};
}

// ~pattern, %R~pattern, %W~pattern, %RW~pattern.
std::string Rules::apply_keys(std::string_view rule) {
  if (all_keys_) return std::string(kAfterAllKeys);
  if (rule.front() == '~') return add_key_pattern(rule.substr(1), kRead | kWrite);
  std::uint8_t rights = 0;
  for (std::size_t i = 1; i < rule.size(); ++i) {
    if (rule[i] == '~' && rights != 0) return add_key_pattern(rule.substr(i + 1), rights);
    const char letter = static_cast<char>(rule[i] | 0x20);
    const std::uint8_t right = letter == 'r' ? kRead : letter == 'w' ? kWrite : 0;
    if (right == 0 || (rights & right) != 0) break;
    rights |= right;
  }
  return std::string(kSyntax);
}

std::string Rules::add_key_pattern(std::string_view pattern, std::uint8_t rights) {
  if (has_spaces(pattern)) return std::string(kSyntax);
  const auto same = std::ranges::find(keys_, pattern, &KeyPattern::pattern);
  if (same != keys_.end()) {
    same->rights |= rights;
    return {};
  }
  if (keys_.size() >= kPatternsMax) return too_many("patterns of keys", kPatternsMax);
  keys_.push_back({std::string(pattern), rights});
  return {};
}

std::string Rules::apply_channels(std::string_view rule) {
  if (all_channels_) return std::string(kAfterAllChannels);
  const std::string_view pattern = rule.substr(1);
  if (has_spaces(pattern)) return std::string(kSyntax);
  if (std::ranges::count(channels_, pattern) > 0) return {};
  if (channels_.size() >= kPatternsMax) return too_many("patterns of channels", kPatternsMax);
  channels_.emplace_back(pattern);
  return {};
}

// +get, -config|set, +select|0.
std::string Rules::apply_command(std::string_view rule, const Catalogue& catalogue) {
  const bool allowed = rule.front() == '+';
  const std::string_view name = rule.substr(1);
  const Command* const row = catalogue.find(name);
  if (row == nullptr) {
    const bool has_more = allowed && name.find('|') != std::string_view::npos;
    return has_more ? allow_first_word(name, catalogue) : std::string(kUnknown);
  }
  std::string refused = note(std::string(rule));
  if (refused.empty()) set_row(*row, allowed);
  return refused;
}

std::string Rules::allow_first_word(std::string_view name, const Catalogue& catalogue) {
  const std::size_t bar = name.rfind('|');
  const std::string_view word = name.substr(bar + 1);
  const Command* const row = catalogue.find(name.substr(0, bar));
  if (row == nullptr) return std::string(kUnknown);
  if (name.substr(0, bar).find('|') != std::string_view::npos) return std::string(kFirstWordOfVerb);
  if (word.empty() || has_spaces(word)) return std::string(kSyntax);
  if (!row->verbs.empty()) return std::string(kUnknown);
  std::string refused = note("+" + std::string(name));
  if (!refused.empty()) return refused;
  std::vector<std::string>& words = first_words_[row->id];
  if (std::ranges::count(words, word) == 0) words.emplace_back(word);
  return {};
}

std::string Rules::apply_category(std::string_view rule, const Catalogue& catalogue) {
  const std::optional<Category> category = find_category(rule.substr(2));
  if (!category) return std::string(kUnknown);
  std::string refused = note(std::string(rule));
  if (!refused.empty()) return refused;
  for (const Command& row : catalogue.rows) {
    if ((categories_of(row) & *category) == 0) continue;
    allowed_.set(row.id, rule.front() == '+');
    first_words_.erase(row.id);
  }
  return {};
}

void Rules::set_all(bool allowed) {
  if (allowed) {
    allowed_.set();
  } else {
    allowed_.reset();
  }
  first_words_.clear();
  command_rules_ = {allowed ? "+@all" : "-@all"};
}

void Rules::set_row(const Command& row, bool allowed) {
  allowed_.set(row.id, allowed);
  first_words_.erase(row.id);
  for (const Command& verb : row.verbs) set_row(verb, allowed);
}

std::string Rules::note(std::string rule) {
  const std::string name = rule.substr(1);
  // The first one is about all commands.
  const auto replaced = std::remove_if(command_rules_.begin() + 1, command_rules_.end(),
                                       [&](const auto& each) { return is_about(each, name); });
  command_rules_.erase(replaced, command_rules_.end());
  if (command_rules_.size() >= kCommandRulesMax) {
    return too_many("rules for commands", kCommandRulesMax);
  }
  command_rules_.push_back(std::move(rule));
  return {};
}

Denial Rules::check(const Command& command, std::span<const std::string_view> words,
                    KeyCheck* slice) const {
  if (!may_run(command, words)) return {Denial::Reason::kCommand};
  if (all_keys_) return {};
  if (command.has(kAllKeys) && !covers_all_keys(command.has(kWrites) ? kWrite : kRead)) {
    return {Denial::Reason::kAllKeys};
  }
  KeyCheck whole;
  whole.go_on(0, SteadyTime::max());
  KeyCheck& checked = slice != nullptr ? *slice : whole;
  Denial denial;
  std::size_t at = 0;
  const bool known = for_each_key(command, words, [&](std::string_view name, const KeySpec& spec) {
    if (denial || at++ < checked.keys()) return;
    const std::uint8_t rights = rights_for(use_in(spec, words), kRead, kWrite);
    const std::optional<bool> may = may_use_next(name.substr(0, kMatchedMax), rights, checked);
    if (may.value_or(false)) return;
    denial = may ? Denial{Denial::Reason::kKey, name} : Denial{Denial::Reason::kUnfinished};
  });
  if (known) return denial;
  // Nobody can say which keys the command would take.
  return {Denial::Reason::kAllKeys};
}

bool Rules::may_run(const Command& command, std::span<const std::string_view> words) const {
  if (command.has(kStranger) || allowed_.test(command.id)) return true;
  if (first_words_.empty() || words.size() < 2) return false;
  const auto found = first_words_.find(command.id);
  return found != first_words_.end() &&
         std::ranges::count(found->second, in_lower_case(words[1])) > 0;
}

bool Rules::may_use(std::string_view key, std::uint8_t rights) const {
  return all_keys_ || std::ranges::any_of(keys_, [&](const KeyPattern& each) {
           return (each.rights & rights) == rights && matches(each.pattern, key);
         });
}

std::optional<bool> Rules::may_use_next(std::string_view key, std::uint8_t rights,
                                        KeyCheck& slice) const {
  while (slice.patterns() < keys_.size()) {
    if (slice.is_over(key.size())) return std::nullopt;
    const KeyPattern& each = keys_[slice.patterns()];
    if ((each.rights & rights) == rights && matches(each.pattern, key)) {
      slice.allow();
      return true;
    }
    slice.pass();
  }
  return false;
}

bool Rules::may_see(std::string_view key) const { return may_use(key, 0); }

bool Rules::covers_all_keys(std::uint8_t rights) const {
  return all_keys_ || std::ranges::any_of(keys_, [&](const KeyPattern& each) {
           return (each.rights & rights) == rights && each.pattern == "*";
         });
}

void Rules::shorten() {
  if (allowed_.all()) {
    set_all(true);
  } else if (allowed_.none() && first_words_.empty()) {
    set_all(false);
  }
}

std::string Rules::commands() const {
  return joined(command_rules_, [](const std::string& rule) { return rule; });
}

std::string Rules::keys() const {
  if (all_keys_) return "~*";
  return joined(keys_, [](const KeyPattern& each) {
    const std::string_view sign = each.rights == kRead    ? "%R~"
                                  : each.rights == kWrite ? "%W~"
                                  : each.pattern == "*"   ? "%RW~"  // "~*" allows no others beside.
                                                          : "~";
    return std::string(sign) + each.pattern;
  });
}

std::string Rules::channels() const {
  if (all_channels_) return "&*";
  return joined(channels_, [](const std::string& pattern) { return "&" + pattern; });
}

std::string Rules::text() const {
  std::string text = keys();
  if (!text.empty()) text += " ";
  if (!all_channels_) text += "resetchannels ";
  const std::string patterns = channels();
  return text + patterns + (patterns.empty() ? "" : " ") + commands();
}

}  // namespace anabranch::server
