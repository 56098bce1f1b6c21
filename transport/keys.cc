#include "transport/keys.h"

#include <sodium.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "core/assert.h"
#include "core/text.h"

namespace anabranch::transport {
namespace {

static_assert(crypto_box_PUBLICKEYBYTES == sizeof(Key));
static_assert(crypto_box_SECRETKEYBYTES == sizeof(Key));
static_assert(crypto_sign_PUBLICKEYBYTES == sizeof(Key));
static_assert(crypto_sign_SEEDBYTES == sizeof(Key));

constexpr std::size_t kRegionSizeMax = 64;
constexpr std::size_t kWordsMax = 8;  // More than any line has.

void be_ready() {
  static const bool ready = sodium_init() >= 0;
  ANABRANCH_ASSERT(ready);
}

// Returns the words of a line up to a '#'.
std::vector<std::string_view> words_of(std::string_view line) {
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  constexpr std::string_view kBlank = " \t\r";
  while (words.size() < kWordsMax) {
    const std::size_t begin = line.find_first_not_of(kBlank);
    if (begin == line.npos) break;
    const std::size_t end = std::min(line.find_first_of(kBlank, begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
  return words;
}

// Calls function(words) for each line that has words; puts the place in front of its failure.
template <typename Function>
core::Result<void> for_each_line(std::string_view text, std::string_view name,
                                 const Function& function) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const auto words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    const core::Result<void> done = function(words);
    if (done.ok()) continue;
    return core::invalid(std::string(name) + ':' + std::to_string(number) + ": " +
                         done.failure().message);
  }
  return {};
}

std::optional<Key> to_key(std::string_view word) {
  Key key{};
  std::size_t size = 0;
  const char* end = nullptr;
  const bool is_hex =
      sodium_hex2bin(key.data(), key.size(), word.data(), word.size(), nullptr, &size, &end) == 0;
  if (!is_hex || size != key.size() || end != word.data() + word.size()) return std::nullopt;
  return key;
}

// Parses a number that fills `digits`, within bounds.
std::optional<int> to_number(std::string_view digits, int least, int most) {
  const auto number = core::parse_number<int>(digits);
  if (!number || digits.front() == '-' || *number < least || *number > most) return std::nullopt;
  return number;
}

// Parses "2026-01-31" or "2026-01-31T12:00:00Z".
std::optional<Seconds> to_date(std::string_view word) {
  namespace chrono = std::chrono;
  const bool has_time = word.size() == 20;
  if (!has_time && word.size() != 10) return std::nullopt;
  if (word[4] != '-' || word[7] != '-') return std::nullopt;
  const auto year = to_number(word.substr(0, 4), 1970, 9999);
  const auto month = to_number(word.substr(5, 2), 1, 12);
  const auto day = to_number(word.substr(8, 2), 1, 31);
  if (!year || !month || !day) return std::nullopt;
  const chrono::year_month_day date{chrono::year(*year), chrono::month(unsigned(*month)),
                                    chrono::day(unsigned(*day))};
  if (!date.ok()) return std::nullopt;
  Seconds seconds = chrono::sys_days(date).time_since_epoch().count() * Seconds{86'400};
  if (!has_time) return seconds;
  if (word[10] != 'T' || word[13] != ':' || word[16] != ':' || word[19] != 'Z') return std::nullopt;
  const auto hour = to_number(word.substr(11, 2), 0, 23);
  const auto minute = to_number(word.substr(14, 2), 0, 59);
  const auto second = to_number(word.substr(17, 2), 0, 59);
  if (!hour || !minute || !second) return std::nullopt;
  return seconds += Seconds{*hour} * 3600 + Seconds{*minute} * 60 + *second;
}

core::Result<void> read_bound(std::string_view word, Seconds& bound) {
  if (word == "-") return {};
  const std::optional<Seconds> date = to_date(word);
  if (!date) {
    return core::invalid("'" + std::string(word) +
                         "' is no date: expected 2026-01-31, 2026-01-31T12:00:00Z or -");
  }
  bound = *date;
  return {};
}

core::Result<void> read_key(std::string_view word, std::string_view what, Key& key) {
  const std::optional<Key> read = to_key(word);
  if (!read) return core::invalid("the " + std::string(what) + " key is not 64 hexadecimal digits");
  key = *read;
  return {};
}

core::Result<KnownKey> read_line(const std::vector<std::string_view>& words) {
  if (words.size() < 3 || words.size() > 5) {
    return core::invalid("expected: REGION CURVE-KEY ED25519-KEY [NOT-BEFORE [NOT-AFTER]]");
  }
  KnownKey key;
  key.region = words[0];
  if (!is_region_name(words[0]))
    return core::invalid("'" + key.region + "' is no name of a region");
  core::Result<void> read = read_key(words[1], "CURVE", key.curve);
  if (read.ok()) read = read_key(words[2], "Ed25519", key.signing);
  if (read.ok() && words.size() > 3) read = read_bound(words[3], key.not_before);
  if (read.ok() && words.size() > 4) read = read_bound(words[4], key.not_after);
  if (!read.ok()) return read.failure();
  if (key.not_before >= key.not_after) return core::invalid("the key is never valid");
  return key;
}

core::Result<void> add_line(std::vector<KnownKey>& known, KnownKey key) {
  const auto same = [&](const KnownKey& each) {
    return each.curve == key.curve || each.signing == key.signing;
  };
  if (std::ranges::any_of(known, same)) return core::invalid("the key stands here twice");
  const auto count = std::ranges::count(known, key.region, &KnownKey::region);
  if (static_cast<std::size_t>(count) == kKeysPerRegionMax || known.size() == kKnownKeysMax) {
    return core::invalid("too many keys: at most " + std::to_string(kKeysPerRegionMax) +
                         " of a region and " + std::to_string(kKnownKeysMax) + " in all");
  }
  known.push_back(std::move(key));
  return {};
}

}  // namespace

const KnownKey* Keys::find(const Key& curve) const {
  const auto found = std::ranges::find(known, curve, &KnownKey::curve);
  return found == known.end() ? nullptr : &*found;
}

std::vector<Key> Keys::curve_keys(std::string_view region, Seconds now) const {
  std::vector<Key> keys;
  for (const KnownKey& each : known) {
    if (each.region == region && each.valid_at(now)) keys.push_back(each.curve);
  }
  return keys;
}

bool is_region_name(std::string_view text) {
  return !text.empty() && text.size() <= kRegionSizeMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  });
}

OwnKeys make_keys(std::string region) {
  be_ready();
  Key curve_secret{};
  Key signing_seed{};
  randombytes_buf(curve_secret.data(), curve_secret.size());
  randombytes_buf(signing_seed.data(), signing_seed.size());
  return keys_of(std::move(region), curve_secret, signing_seed);
}

OwnKeys keys_of(std::string region, const Key& curve_secret, const Key& signing_seed) {
  be_ready();
  OwnKeys keys{std::move(region), {}, curve_secret, {}, signing_seed};
  std::array<unsigned char, crypto_sign_SECRETKEYBYTES> whole{};
  const int failed =
      crypto_scalarmult_base(keys.curve_public.data(), keys.curve_secret.data()) |
      crypto_sign_seed_keypair(keys.signing_public.data(), whole.data(), keys.signing_seed.data());
  ANABRANCH_ASSERT(failed == 0);
  sodium_memzero(whole.data(), whole.size());
  return keys;
}

std::string public_line(const OwnKeys& keys) {
  return keys.region + ' ' + to_hex(keys.curve_public) + ' ' + to_hex(keys.signing_public);
}

// By libsodium, whose time does not depend on the key.
std::string to_hex(const Key& key) {
  std::string text(key.size() * 2 + 1, '\0');
  sodium_bin2hex(text.data(), text.size(), key.data(), key.size());
  text.pop_back();
  return text;
}

std::string encode_own_keys(const OwnKeys& keys) {
  return "# The secret keys of region " + keys.region +
         ": who has them is this region to all others.\n"
         "# The others need this line in their list:\n"
         "#   " +
         public_line(keys) + "\nregion " + keys.region + "\ncurve-secret " +
         to_hex(keys.curve_secret) + "\nsigning-secret " + to_hex(keys.signing_seed) + '\n';
}

core::Result<OwnKeys> decode_own_keys(std::string_view text, std::string_view name) {
  std::string region;
  std::optional<Key> curve;
  std::optional<Key> signing;
  const auto read = for_each_line(text, name, [&](const auto& words) -> core::Result<void> {
    if (words.size() != 2) return core::invalid("expected two words: a name and a value");
    if (words[0] == "region" && region.empty() && is_region_name(words[1])) {
      region = words[1];
      return {};
    }
    const bool is_curve = words[0] == "curve-secret" && !curve;
    const bool is_signing = words[0] == "signing-secret" && !signing;
    if (!is_curve && !is_signing) {
      return core::invalid("'" + std::string(words[0]) +
                           "' is unknown, wrong or stands here twice");
    }
    return read_key(words[1], words[0], (is_curve ? curve : signing).emplace());
  });
  if (!read.ok()) return read.failure();
  if (region.empty() || !curve || !signing) {
    return core::invalid(std::string(name) +
                         ": region, curve-secret or signing-secret is missing; make keys with "
                         "`anabranch keys new`");
  }
  return keys_of(region, *curve, *signing);
}

core::Result<std::vector<KnownKey>> decode_known_keys(std::string_view text,
                                                      std::string_view name) {
  std::vector<KnownKey> known;
  const auto read = for_each_line(text, name, [&](const auto& words) -> core::Result<void> {
    core::Result<KnownKey> key = read_line(words);
    if (!key.ok()) return key.failure();
    return add_line(known, std::move(key).value());
  });
  if (!read.ok()) return read.failure();
  return known;
}

}  // namespace anabranch::transport
