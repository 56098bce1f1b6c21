#include "server/resp/policy_words.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/text.h"

namespace anabranch::server {

namespace {

constexpr std::string_view kBase = "+base";
constexpr std::string_view kNative = "native:";

std::string lower(std::string_view word) {
  std::string text(word);
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

}  // namespace

core::Result<Policy> parse_policy(std::string_view word) {
  const bool keeps_base = lower(word).ends_with(kBase);
  const std::string_view kind = word.substr(0, word.size() - (keeps_base ? kBase.size() : 0));
  Policy policy;
  if (lower(kind).starts_with(kNative)) {
    policy = Policy::native(std::string(kind.substr(kNative.size())));
  } else {
    const Policy all[] = {Policy::lww(), Policy::siblings(), Policy::max(), Policy::min()};
    const auto* const found =
        std::ranges::find(all, lower(kind), [](const Policy& each) { return to_string(each); });
    if (found == std::end(all)) {
      return core::invalid("there is no kind of policy '" + std::string(kind) +
                           "': lww, siblings, max, min or native:FUNCTION, each also with +base");
    }
    policy = *found;
  }
  policy.keep_base = keeps_base;
  return policy;
}

core::Result<std::uint8_t> parse_database(std::string_view word) {
  constexpr std::uint8_t kMax = 15;
  const auto number = core::parse_number<std::uint8_t>(word);
  if (number && *number <= kMax) return *number;
  return core::invalid("there is no database '" + std::string(word) + "': 0 to 15");
}

core::Result<PrefixPolicy> parse_prefix_policy(std::string_view text) {
  const auto take_word = [&text] {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    return word;
  };
  const std::string_view kind = take_word();
  const std::string_view number = take_word();
  const auto policy = parse_policy(kind);
  if (!policy.ok()) return policy.failure();
  const auto database = parse_database(number);
  if (!database.ok()) {
    return core::invalid(database.failure().message +
                         "; write KIND DATABASE PREFIX, as in 'max 0 "
                         "bids/'");
  }
  if (text == "\"\"") text = {};
  return PrefixPolicy{std::string(text), policy.value(), database.value()};
}

}  // namespace anabranch::server
