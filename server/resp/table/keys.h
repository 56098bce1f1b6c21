// The keys that a request names, by the row of its command.
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "server/resp/table/row.h"

namespace anabranch::server {

// The keys of one specification in a request: the words from `first` to `last`.
struct KeyWords {
  std::size_t first = 1;
  std::size_t last = 0;
  std::size_t step = 1;
};

// Returns the keys of a specification; nullopt if the number that counts them is none, or is too
// large for the request.
inline std::optional<KeyWords> key_words(const KeySpec& spec,
                                         std::span<const std::string_view> words) {
  const auto end = static_cast<int>(words.size());
  if (!spec.counted) {
    const int last = spec.last < 0 ? end + spec.last : spec.last;
    if (last >= end) return std::nullopt;
    return KeyWords{static_cast<std::size_t>(spec.first),
                    static_cast<std::size_t>(last < 0 ? 0 : last),
                    static_cast<std::size_t>(spec.step)};
  }
  if (spec.first >= end) return std::nullopt;
  constexpr std::size_t kDigitsMax = 20;
  const std::string_view word = words[static_cast<std::size_t>(spec.first)];
  if (word.size() > kDigitsMax) return std::nullopt;
  int count = 0;
  const auto [stop, error] = std::from_chars(word.data(), word.data() + word.size(), count);
  const bool valid = error == std::errc() && stop == word.data() + word.size();
  if (!valid || count <= 0 || count >= end - spec.first) return std::nullopt;
  return KeyWords{static_cast<std::size_t>(spec.first + 1),
                  static_cast<std::size_t>(spec.first + count), 1};
}

// Returns the use of a key by a request: of a kVariable key the value is learnt only if GET is
// among the options, as of SET.
inline std::uint32_t use_in(const KeySpec& spec, std::span<const std::string_view> words) {
  if ((spec.use & kVariable) == 0) return spec.use;
  constexpr std::size_t kOptions = 3;
  const auto is_get = [](std::string_view word) {
    return word.size() == 3 && (word[0] | 0x20) == 'g' && (word[1] | 0x20) == 'e' &&
           (word[2] | 0x20) == 't';
  };
  const auto options = words.subspan(std::min(words.size(), kOptions));
  const bool shows = std::any_of(options.begin(), options.end(), is_get);
  return kUpdate | (shows ? kReadsAndWrites | kAccess : std::uint32_t{kOverwrites});
}

// Calls visit(name, spec) with each key that a request names. Returns false if its words do not
// tell its keys.
template <typename Visit>
bool for_each_key(const Command& command, std::span<const std::string_view> words,
                  const Visit& visit) {
  for (const KeySpec& spec : command.keys) {
    if (!spec.any()) break;
    const std::optional<KeyWords> found = key_words(spec, words);
    if (!found) return false;
    for (std::size_t i = found->first; i <= found->last; i += found->step) visit(words[i], spec);
  }
  return true;
}

// Whether the keys lie at places that depend on other words.
inline bool keys_move(const Command& command) {
  return command.keys[0].counted || command.keys[1].counted;
}

// The positions of all keys, in the form of the first Redis: "1 -1 1"; zeros where that cannot be
// said.
inline KeySpec key_range(const Command& command) {
  const KeySpec& one = command.keys[0];
  const KeySpec& two = command.keys[1];
  if (!one.any() || keys_move(command)) return {0, 0, 0};
  if (!two.any()) return one;
  return {one.first, two.last, 1};
}

}  // namespace anabranch::server
