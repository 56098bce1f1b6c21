#include "server/resp/table/usage.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace anabranch::server {
namespace {

struct Typed {
  std::string_view name;
  std::string_view type;
};

// All other arguments are strings.
constexpr std::array kTypes{
    Typed{"key", "key"},
    Typed{"newkey", "key"},
    Typed{"source", "key"},
    Typed{"destination", "key"},
    Typed{"pattern", "pattern"},
    Typed{"unix-time-seconds", "unix-time"},
    Typed{"unix-time-milliseconds", "unix-time"},
    Typed{"seconds", "integer"},
    Typed{"milliseconds", "integer"},
    Typed{"increment", "integer"},
    Typed{"decrement", "integer"},
    Typed{"start", "integer"},
    Typed{"end", "integer"},
    Typed{"offset", "integer"},
    Typed{"cursor", "integer"},
    Typed{"count", "integer"},
    Typed{"limit", "integer"},
    Typed{"index", "integer"},
    Typed{"index1", "integer"},
    Typed{"index2", "integer"},
    Typed{"numkeys", "integer"},
    Typed{"numreplicas", "integer"},
    Typed{"timeout", "integer"},
    Typed{"destination-db", "integer"},
    Typed{"protover", "integer"},
    Typed{"n", "integer"},
    Typed{"ms", "integer"},
};

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == ' ') {
      ++at;
      continue;
    }
    std::size_t end = at + 1;
    const bool sign = std::string_view("[]<>|").find(text[at]) != std::string_view::npos;
    while (!sign && end < text.size() &&
           std::string_view(" []<>|").find(text[end]) == std::string_view::npos) {
      ++end;
    }
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

bool is_token(std::string_view word) {
  return std::ranges::none_of(word, [](unsigned char c) { return std::islower(c) != 0; });
}

std::string in_lower_case(std::string_view word) {
  std::string lower(word);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

Argument argument_of(std::string_view word) {
  if (is_token(word)) {
    return {.name = in_lower_case(word), .type = "pure-token", .token = std::string(word)};
  }
  if (const auto colon = word.find(':'); colon != std::string_view::npos) {
    return {.name = std::string(word.substr(0, colon)),
            .type = std::string(word.substr(colon + 1))};
  }
  const auto* const typed = std::ranges::find(kTypes, word, &Typed::name);
  return {.name = std::string(word),
          .type = std::string(typed == kTypes.end() ? "string" : typed->type)};
}

using Sequence = std::vector<Argument>;

std::string joined_names(const Sequence& parts) {
  std::string name;
  for (const Argument& part : parts) name += (name.empty() ? "" : "-") + part.name;
  return name;
}

// Makes one argument of several in a row: a token before another belongs to it.
Argument fold(Sequence parts) {
  if (parts.empty()) throw std::invalid_argument("brackets without an argument");
  if (parts.size() == 1) return std::move(parts.front());
  std::string token;
  if (parts.front().type == "pure-token" && !parts.front().optional) {
    token = parts.front().token;
    parts.erase(parts.begin());
    if (parts.size() == 1 && parts.front().token.empty()) {
      parts.front().token = token;
      return std::move(parts.front());
    }
  }
  Argument block{.name = joined_names(parts), .type = "block", .token = token};
  block.parts = std::move(parts);
  return block;
}

class UsageParser {
 public:
  explicit UsageParser(std::string_view usage) : words_(split(usage)) {}

  Sequence all() {
    std::vector<Sequence> found = alternatives("");
    if (found.size() == 1) return std::move(found.front());
    return {one_of(std::move(found))};
  }

 private:
  [[nodiscard]] bool ended() const { return at_ == words_.size(); }

  // Parses up to a closing word, or to the end if there is none.
  std::vector<Sequence> alternatives(std::string_view close) {
    std::vector<Sequence> found(1);
    for (; !ended() && words_[at_] != close; ++at_) {
      if (words_[at_] == "|") {
        found.emplace_back();
      } else {
        add(found.back());
      }
    }
    if (!close.empty() && ended()) throw std::invalid_argument("a bracket is not closed");
    return found;
  }

  static Argument one_of(std::vector<Sequence> choices) {
    if (choices.size() == 1) return fold(std::move(choices.front()));
    Argument all{.name = {}, .type = "oneof"};
    for (Sequence& choice : choices) all.parts.push_back(fold(std::move(choice)));
    all.name = joined_names(all.parts);
    return all;
  }

  // Parses one word, or what a bracket holds; leaves at_ at its last word.
  void add(Sequence& before) {
    const std::string_view word = words_[at_];
    if (word == "...") {
      if (before.empty()) throw std::invalid_argument("nothing stands before the dots");
      before.back().multiple = true;
    } else if (word == "[") {
      ++at_;
      add_optional(before);
    } else if (word == "<") {
      ++at_;
      before.push_back(one_of(alternatives(">")));
    } else {
      before.push_back(argument_of(word));
    }
  }

  void add_optional(Sequence& before) {
    std::vector<Sequence> found = alternatives("]");
    if (found.size() == 1 && repeats(before, found.front())) return;
    Argument argument = one_of(std::move(found));
    argument.optional = true;
    before.push_back(std::move(argument));
  }

  // Whether a bracket repeats the words before it, which are then marked: "field value
  // [field value ...]".
  static bool repeats(Sequence& before, Sequence& bracket) {
    if (bracket.empty() || !bracket.back().multiple || bracket.size() > before.size()) return false;
    bracket.back().multiple = false;
    const auto first = before.end() - static_cast<std::ptrdiff_t>(bracket.size());
    if (!std::equal(first, before.end(), bracket.begin())) {
      bracket.back().multiple = true;
      return false;
    }
    Argument repeated = fold(std::move(bracket));
    repeated.multiple = true;
    before.erase(first, before.end());
    before.push_back(std::move(repeated));
    return true;
  }

  std::vector<std::string_view> words_;
  std::size_t at_ = 0;
};

}  // namespace

std::vector<Argument> parse_usage(std::string_view usage) { return UsageParser(usage).all(); }

std::string plain_usage(std::string_view usage) {
  std::string plain;
  for (std::size_t at = 0; at < usage.size();) {
    if (usage[at] != ':') {
      plain.push_back(usage[at++]);
      continue;
    }
    while (at < usage.size() &&
           std::string_view(" []<>|").find(usage[at]) == std::string_view::npos) {
      ++at;
    }
  }
  return plain;
}

}  // namespace anabranch::server
