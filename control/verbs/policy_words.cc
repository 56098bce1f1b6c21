#include "control/verbs/policy_words.h"

#include <algorithm>
#include <string>
#include <utility>

#include "control/verbs/words.h"
#include "core/text.h"

namespace anabranch::control {

namespace {

constexpr std::string_view kBase = "+base";
constexpr std::string_view kNative = "native:";
constexpr std::string_view kWasm1 = "wasm1:";

bool begins_with(std::string_view word, std::string_view lower_case) {
  return same_word(word.substr(0, lower_case.size()), lower_case);
}

bool ends_with(std::string_view word, std::string_view lower_case) {
  return word.size() >= lower_case.size() &&
         same_word(word.substr(word.size() - lower_case.size()), lower_case);
}

}  // namespace

core::Result<Policy> parse_policy(std::string_view word) {
  const bool keeps_base = ends_with(word, kBase);
  const std::string_view kind = word.substr(0, word.size() - (keeps_base ? kBase.size() : 0));
  Policy policy;
  if (begins_with(kind, kNative)) {
    policy = Policy::native(std::string(kind.substr(kNative.size())));
  } else if (begins_with(kind, kWasm1)) {
    policy = Policy::wasm1(std::string(kind.substr(kWasm1.size())));
  } else {
    const Policy all[] = {Policy::lww(), Policy::siblings(), Policy::max(), Policy::min()};
    const auto* const found = std::ranges::find_if(
        all, [kind](const Policy& each) { return same_word(kind, to_string(each)); });
    if (found == std::end(all)) {
      return core::invalid("there is no kind of policy '" + std::string(kind) +
                           "': lww, siblings, max, min, native:FUNCTION or wasm1:MODULE, each also "
                           "with +base");
    }
    policy = *found;
  }
  policy.keep_base = keeps_base;
  return policy;
}

core::Result<std::uint8_t> parse_database(std::string_view word) {
  const auto number = core::parse_number<std::uint8_t>(word);
  if (number && *number < kDatabases) return *number;
  return core::invalid("there is no database '" + std::string(word) + "': 0 to " +
                       std::to_string(kDatabases - 1));
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
                         "; write KIND DATABASE PREFIX, as in 'max 0 bids/'");
  }
  if (text == "\"\"") text = {};
  return PrefixPolicy{std::string(text), policy.value(), database.value()};
}

}  // namespace anabranch::control
