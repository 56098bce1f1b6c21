// The access to settings of the usual forms: checks one value and stores it, and reads it again. A
// member is one of Config, or of its Options.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "core/result.h"
#include "core/text.h"
#include "server/config.h"
#include "server/quantity.h"
#include "server/setting_words.h"

namespace anabranch::server::access {

using core::invalid;
using core::Result;
using Values = Access::Values;

inline std::string as_text(const std::string& value) { return value; }
inline std::string as_text(bool value) { return value ? "true" : "false"; }
template <typename Number>
std::string as_text(Number value) requires std::integral<Number> {
  return std::to_string(value);
}

inline Values one_or_none(std::string text) {
  return text.empty() ? Values{} : Values{std::move(text)};
}

template <auto Member>
Values get_member(const Config& config) {
  if constexpr (requires { config.*Member; }) {
    return one_or_none(as_text(config.*Member));
  } else {
    return one_or_none(as_text(config.store.*Member));
  }
}

template <auto Member>
auto& member_of(Config& config) {
  if constexpr (requires { config.*Member; }) {
    return config.*Member;
  } else {
    return config.store.*Member;
  }
}

template <auto Member>
Result<void> store_text(Config& config, const Values& values) {
  if (values.front().empty()) return invalid("must not be empty");
  member_of<Member>(config) = values.front();
  return {};
}

template <auto Member>
inline constexpr Access set_text{store_text<Member>, get_member<Member>};

template <auto Member, std::int64_t Least>
Result<void> store_number(Config& config, const Values& values) {
  const auto number = core::parse_number<std::int64_t>(values.front());
  if (!number || *number < Least) {
    return invalid(std::string(Least > 0 ? "must be a positive integer" : "must be an integer") +
                   ", not '" + values.front() + "'");
  }
  auto& field = member_of<Member>(config);
  field = static_cast<std::remove_reference_t<decltype(field)>>(*number);
  return {};
}

// The same for a size of at least so many bytes.
template <auto Member, std::int64_t Least>
Result<void> store_size(Config& config, const Values& values) {
  Result<void> stored = store_number<Member, 1>(config, values);
  if (!stored.ok() || member_of<Member>(config) >= Least) return stored;
  return invalid("must be at least " + size_text(Least) + ", not " + values.front());
}

template <auto Member, std::int64_t Least>
inline constexpr Access set_size{store_size<Member, Least>, get_member<Member>};

template <auto Member>
inline constexpr Access set_number{store_number<Member, 1>, get_member<Member>};
// The same for a number that may be 0.
template <auto Member>
inline constexpr Access set_number_or_none{store_number<Member, 0>, get_member<Member>};

inline Result<bool> parse_switch(const std::string& value) {
  if (value == "true") return true;
  if (value == "false") return false;
  return invalid("must be true or false, not '" + value + "'");
}

template <auto Member>
Result<void> store_switch(Config& config, const Values& values) {
  const Result<bool> value = parse_switch(values.front());
  if (!value.ok()) return value.failure();
  member_of<Member>(config) = value.value();
  return {};
}

template <auto Member>
inline constexpr Access set_switch{store_switch<Member>, get_member<Member>};

// Looks a value up in a table of {word, meaning}.
template <typename T, std::size_t N>
Result<T> choose(const WordTable<T, N>& table, const std::string& word, std::string_view words) {
  const auto* const row =
      std::ranges::find(table, word, [](const auto& each) { return each.first; });
  if (row == table.end()) return invalid("must be " + std::string(words) + ", not '" + word + "'");
  return row->second;
}

// Returns the word for a meaning.
template <typename T, std::size_t N>
Values word_of(const WordTable<T, N>& table, T meaning) {
  const auto* const row =
      std::ranges::find(table, meaning, [](const auto& each) { return each.second; });
  return row == table.end() ? Values{} : Values{std::string(row->first)};
}

// Fields of a Config and of its store.
template <typename AnyConfig, typename T>
auto& field(AnyConfig& config, T Config::*member) {
  return config.*member;
}
template <typename AnyConfig, typename T>
auto& field(AnyConfig& config, T Options::*member) {
  return config.store.*member;
}

template <auto kMember, const auto& kTable, const auto& kWords>
Result<void> store_word(Config& config, const Values& values) {
  const auto chosen = choose(kTable, values.front(), std::string_view(kWords));
  if (!chosen.ok()) return chosen.failure();
  field(config, kMember) = chosen.value();
  return {};
}

template <auto kMember, const auto& kTable>
Values get_word(const Config& config) {
  return word_of(kTable, field(config, kMember));
}

// A setting whose value is one of the words of a table; `kWords` names them in an error.
template <auto kMember, const auto& kTable, const auto& kWords>
inline constexpr Access set_word{store_word<kMember, kTable, kWords>, get_word<kMember, kTable>};

}  // namespace anabranch::server::access
