#include "control/verbs/concern_words.h"

#include <algorithm>
#include <utility>

#include <anabranch/error.h>

#include "control/verbs/words.h"
#include "core/text.h"

namespace anabranch::control {
namespace {

[[noreturn]] void refuse(const std::string& text) { throw Error(ErrorCode::kInvalid, text); }

class Reader {
 public:
  explicit Reader(std::span<const std::string_view> words) : words_(words) {}

  [[nodiscard]] bool any() const { return at_ < words_.size(); }
  // Takes the next word if it is this one.
  bool take(std::string_view word) {
    const bool is_it = any() && same_word(words_[at_], word);
    if (is_it) ++at_;
    return is_it;
  }
  std::string_view next() {
    if (!any()) refuse("syntax error");
    return words_[at_++];
  }
  // The number behind a word.
  std::int64_t number(std::string_view of, std::int64_t least, std::int64_t most) {
    const auto value = core::parse_integer(next());
    if (value && *value >= least && *value <= most) return *value;
    refuse(std::string(of) + " takes a number from " + std::to_string(least) + " to " +
           std::to_string(most));
  }

 private:
  std::span<const std::string_view> words_;
  std::size_t at_ = 0;
};

void add_name(std::vector<std::string>& names, std::string_view name) {
  if (name.empty() || name.size() > ConcernTerms::kNameBytesMax) {
    refuse("a name has 1 to " + std::to_string(ConcernTerms::kNameBytesMax) + " bytes");
  }
  if (std::ranges::find(names, name) == names.end()) names.emplace_back(name);
  if (names.size() > ConcernTerms::kNamesMax) {
    refuse("a concern names at most " + std::to_string(ConcernTerms::kNamesMax) +
           " regions, and as many members");
  }
}

// Takes a condition; returns false if the next word begins none.
bool take_condition(Reader& words, ConcernTerms& terms) {
  constexpr std::int64_t kCountMax = 1'000'000;
  if (words.take("count")) {
    terms.count = static_cast<std::size_t>(words.number("COUNT", 1, kCountMax));
  } else if (words.take("majority")) {
    terms.majority = true;
  } else if (words.take("all")) {
    terms.all = true;
  } else if (words.take("zone")) {
    terms.zone = true;
  } else if (words.take("region")) {
    add_name(terms.regions, words.next());
  } else if (words.take("member")) {
    add_name(terms.members, words.next());
  } else {
    return false;
  }
  return true;
}

void take_conditions(Reader& words, ConcernTerms& terms) {
  bool any = false;
  while (take_condition(words, terms)) any = true;
  if (!any) refuse("name at least one of COUNT, MAJORITY, ALL, REGION, MEMBER and ZONE");
  terms.degrades = words.take("degrade");
  if (!terms.degrades && !words.take("within")) return;
  const auto most = ConcernTerms::kPatienceMax.count();
  terms.patience =
      std::chrono::milliseconds(words.number(terms.degrades ? "DEGRADE" : "WITHIN", 0, most));
}

}  // namespace

std::vector<std::string> ConcernTerms::words() const {
  if (!waits()) return {"LOCAL"};
  std::vector<std::string> all_words{level == Level::kDurable ? "DURABLE" : "APPLIED"};
  const auto add = [&](std::initializer_list<std::string> some) {
    all_words.insert(all_words.end(), some);
  };
  if (count > 0) add({"COUNT", std::to_string(count)});
  if (majority) add({"MAJORITY"});
  if (all) add({"ALL"});
  for (const std::string& name : regions) add({"REGION", name});
  for (const std::string& name : members) add({"MEMBER", name});
  if (zone) add({"ZONE"});
  add({degrades ? "DEGRADE" : "WITHIN", std::to_string(patience.count())});
  return all_words;
}

std::string ConcernTerms::text() const {
  std::string text;
  for (const std::string& word : words()) text += (text.empty() ? "" : " ") + word;
  return text;
}

ConcernTerms parse_concern(std::span<const std::string_view> given) {
  Reader words(given);
  ConcernTerms terms;
  if (words.take("local")) {
    terms.level = ConcernTerms::Level::kLocal;
  } else if (words.take("applied")) {
    terms.level = ConcernTerms::Level::kApplied;
  } else if (!words.take("durable")) {
    refuse("a concern begins with LOCAL, APPLIED or DURABLE");
  }
  if (terms.waits()) take_conditions(words, terms);
  if (words.any()) refuse("syntax error");
  return terms;
}

ConcernTerms parse_concern(std::span<const std::string> words) {
  const std::vector<std::string_view> views(words.begin(), words.end());
  return parse_concern(std::span<const std::string_view>(views));
}

}  // namespace anabranch::control
