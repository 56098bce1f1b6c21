// What a user may do: commands, keys, channels of publish and subscribe.
//
//   Rules rules;
//   rules.apply("+@read", catalogue);
//   rules.apply("%R~bids:*", catalogue);
//
// Rules are applied one after the other, with the words, meaning and errors of Redis 7.0.
// Selectors,
// "(+get ~a)", are refused. Commands are described by the rules as given, less those that later
// ones have replaced; so categories stay categories when another version has more commands.
#pragma once

#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/resp/access/catalogue.h"
#include "server/resp/access/key_check.h"

namespace anabranch::server {

// Why a request is denied.
struct Denial {
  // kAllKeys: the command is for users who may use all keys.
  // kUnfinished: not yet, the slice of the check is over.
  enum class Reason : std::uint8_t { kNone, kCommand, kKey, kAllKeys, kUnfinished };
  Reason reason = Reason::kNone;
  std::string_view key = {};  // Of kKey; a word of the request.

  explicit operator bool() const { return reason != Reason::kNone; }
};

class Rules {
 public:
  // The most patterns, of keys or of channels, and the most rules for commands.
  static constexpr std::size_t kPatternsMax = 1000;
  static constexpr std::size_t kCommandRulesMax = 1000;

  // Applies a rule. Returns the error in the words of Redis; empty if there is none.
  std::string apply(std::string_view rule, const Catalogue& catalogue);
  // Forgets all: no commands, keys and channels.
  void reset() { *this = Rules(); }

  // Whether a request is denied. Its words must fit the arity of the row. With a KeyCheck the call
  // goes on from there, and ends with its slice.
  [[nodiscard]] Denial check(const Command& command, std::span<const std::string_view> words,
                             KeyCheck* slice = nullptr) const;
  // Whether the name of a key may be shown.
  [[nodiscard]] bool may_see(std::string_view key) const;
  // Whether all keys may be read, and changed.
  [[nodiscard]] bool sees_all_keys() const { return covers_all_keys(kRead); }

  // "+@all -debug".
  [[nodiscard]] std::string commands() const;
  // "~a:* %R~b".
  [[nodiscard]] std::string keys() const;
  // "&*", "&news".
  [[nodiscard]] std::string channels() const;
  // All of them, in the form of a file: "~* resetchannels -@all".
  [[nodiscard]] std::string text() const;

  bool operator==(const Rules&) const = default;

 private:
  // Rights on keys, as a set of bits.
  static constexpr std::uint8_t kRead = 1;
  static constexpr std::uint8_t kWrite = 2;
  static constexpr std::size_t kRowsMax = 1024;

  struct KeyPattern {
    std::string pattern;
    std::uint8_t rights;
    bool operator==(const KeyPattern&) const = default;
  };

  std::string apply_keys(std::string_view rule);
  std::string apply_channels(std::string_view rule);
  std::string apply_command(std::string_view rule, const Catalogue& catalogue);
  std::string allow_first_word(std::string_view name, const Catalogue& catalogue);
  std::string apply_category(std::string_view rule, const Catalogue& catalogue);
  std::string add_key_pattern(std::string_view pattern, std::uint8_t rights);
  void set_all(bool allowed);
  // Replaces rules that together allow all commands, or none, by the one rule that says so.
  void shorten();
  // Sets a row and those below it.
  void set_row(const Command& row, bool allowed);
  // Notes a rule for commands, which replaces those about the same name and names below it.
  std::string note(std::string rule);
  [[nodiscard]] bool may_run(const Command& command, std::span<const std::string_view> words) const;
  [[nodiscard]] bool may_use(std::string_view key, std::uint8_t rights) const;
  // The same for the next key of a request; nullopt when the slice is over.
  [[nodiscard]] std::optional<bool> may_use_next(std::string_view key, std::uint8_t rights,
                                                 KeyCheck& slice) const;
  [[nodiscard]] bool covers_all_keys(std::uint8_t rights) const;

  bool all_keys_ = false;
  bool all_channels_ = false;
  std::bitset<kRowsMax> allowed_;  // By the ids of rows.
  // The first words with which a command is allowed that is not otherwise.
  std::map<std::uint16_t, std::vector<std::string>> first_words_;
  std::vector<std::string> command_rules_{"-@all"};
  std::vector<KeyPattern> keys_;
  std::vector<std::string> channels_;
};

// Whether a text has spaces or zero bytes, which names and patterns cannot have.
bool has_spaces(std::string_view text);

}  // namespace anabranch::server
