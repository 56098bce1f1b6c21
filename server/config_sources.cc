// The sources of settings: a TOML file, the environment, flags.

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include <toml++/toml.h>

#include "core/system/whole_file.h"
#include "server/config.h"
#include "server/quantity.h"

namespace anabranch::server {
namespace {

using core::invalid;
using core::Result;
using Values = std::vector<std::string>;
using Kind = Setting::Kind;

constexpr std::string_view kVariablePrefix = "ANABRANCH_";

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = row[j + 1];
      row[j + 1] = std::min({replaced, row[j] + 1, row[j + 1] + 1});
    }
  }
  return row.back();
}

std::string place(std::string_view name, const toml::source_region& source) {
  return std::string(name) + ':' + std::to_string(source.begin.line) + ':' +
         std::to_string(source.begin.column) + ": ";
}

std::string unknown_key(std::string_view key) {
  std::vector<std::string_view> keys;
  for (const Setting& setting : settings()) keys.push_back(setting.key);
  std::string text = "unknown key '" + std::string(key) + "'";
  const std::string_view near = nearest(key, keys);
  if (!near.empty()) text += "; did you mean '" + std::string(near) + "'?";
  return text;
}

// Returns the values of a node; fails with the expected kind.
Result<Values> values_of(const toml::node& node, Kind kind) {
  switch (kind) {
    case Kind::kText:
      if (const auto* text = node.as_string()) return Values{text->get()};
      return invalid("must be a string");
    case Kind::kNumber:
      if (const auto* number = node.as_integer()) return Values{std::to_string(number->get())};
      return invalid("must be an integer");
    case Kind::kSize:
    case Kind::kTime:
      if (const auto* number = node.as_integer()) return Values{std::to_string(number->get())};
      if (const auto* text = node.as_string()) return Values{text->get()};
      return invalid("must be an integer, or a string with a unit");
    case Kind::kSwitch:
      if (const auto* flag = node.as_boolean()) return Values{flag->get() ? "true" : "false"};
      return invalid("must be true or false");
    case Kind::kTexts:
      break;
  }
  const toml::array* const array = node.as_array();
  Values values;
  for (std::size_t i = 0; array != nullptr && i < array->size(); ++i) {
    if (const auto* text = (*array)[i].as_string()) values.push_back(text->get());
  }
  if (array == nullptr || values.size() != array->size()) {
    return invalid("must be a list of strings");
  }
  return values;
}

const Setting* find_setting(std::string_view key) {
  const auto found = std::ranges::find_if(settings(), [&](const Setting& setting) {
    return setting.key == key || (!setting.also.empty() && setting.also == key);
  });
  return found == settings().end() ? nullptr : &*found;
}

// Stores values that were given at `from`, and notes that.
Result<void> store(const Setting& setting, Values values, std::string from, Config& config) {
  const bool is_size = setting.kind == Kind::kSize;
  if (is_size || setting.kind == Kind::kTime) {
    const auto number = is_size ? parse_size(values.front()) : parse_time(values.front());
    if (!number.ok()) return number.failure();
    values = {std::to_string(number.value())};
  }
  Result<void> done = setting.access.set(config, values);
  if (done.ok()) config.from.insert_or_assign(std::string(setting.key), std::move(from));
  return done;
}

std::string given_twice(std::string_view name, std::string_view other) {
  return std::string(name) + ": is the same as " + std::string(other) + ", which is given, too";
}

// Applies one key of the file. Returns the error; empty if there is none.
std::string apply_key(const toml::key& key, const toml::table& table, std::string_view name,
                      Config& config) {
  const Setting* const setting = find_setting(key.str());
  if (setting == nullptr) return place(name, key.source()) + unknown_key(key.str());
  if (key.str() != setting->key && table.contains(setting->key)) {
    return place(name, key.source()) + given_twice(key.str(), setting->key);
  }
  const toml::node& node = *table.get(key.str());
  const Result<Values> values = values_of(node, setting->kind);
  std::string from = std::string(name) + ':' + std::to_string(node.source().begin.line);
  const Result<void> done = values.ok() ? store(*setting, values.value(), std::move(from), config)
                                        : Result<void>(values.failure());
  if (done.ok()) return {};
  return place(name, node.source()) + std::string(key.str()) + ": " + done.failure().message;
}

Values split(std::string_view text) {
  Values parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    if (comma > 0) parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

Result<void> apply_named(std::string_view name, const Setting& setting, const Values& values,
                         Config& config) {
  const Result<void> done = store(setting, values, std::string(name), config);
  if (done.ok()) return {};
  return invalid(std::string(name) + ": " + done.failure().message);
}

}  // namespace

std::string environment_name(std::string_view key) {
  std::string name(kVariablePrefix);
  std::ranges::transform(key, std::back_inserter(name), [](char c) {
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return name;
}

std::vector<std::string> apply_toml(std::string_view text, std::string_view name, Config& config) {
  toml::table table;
  try {
    table = toml::parse(text, name);
  } catch (const toml::parse_error& error) {
    return {place(name, error.source()) + std::string(error.description())};
  }
  std::vector<std::pair<toml::source_position, std::string>> problems;
  for (const auto& [key, node] : table) {
    std::string problem = apply_key(key, table, name, config);
    if (!problem.empty()) problems.emplace_back(key.source().begin, std::move(problem));
  }
  std::ranges::sort(problems, [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::string> lines;
  lines.reserve(problems.size());
  for (auto& [position, problem] : problems) lines.push_back(std::move(problem));
  return lines;
}

std::vector<std::string> apply_file(const std::string& path, Config& config) {
  constexpr std::size_t kBytesMax = std::size_t{16} << 20U;
  const Result<std::string> text = core::whole_file(path, kBytesMax);
  if (!text.ok()) return {text.failure().message};
  return apply_toml(text.value(), path, config);
}

Result<void> apply_environment(const std::function<const char*(const char*)>& variable,
                               Config& config) {
  for (const Setting& setting : settings()) {
    std::string name = environment_name(setting.key);
    const char* value = variable(name.c_str());
    if (!setting.also.empty()) {
      const std::string also = environment_name(setting.also);
      const char* const other = variable(also.c_str());
      if (other != nullptr && value != nullptr) return invalid(given_twice(also, name));
      if (other != nullptr) {
        name = also;
        value = other;
      }
    }
    if (value == nullptr) continue;
    const Values values = setting.kind == Kind::kTexts ? split(value) : Values{value};
    Result<void> done = apply_named(name, setting, values, config);
    if (!done.ok()) return done;
  }
  return {};
}

std::vector<std::string> unknown_variables(const std::vector<std::string>& names) {
  std::vector<std::string> known{"ANABRANCH_CONFIG", "ANABRANCH_PASSWORD"};
  for (const Setting& setting : settings()) {
    known.push_back(environment_name(setting.key));
    if (!setting.also.empty()) known.push_back(environment_name(setting.also));
  }
  // The prefix, which all have, would make any two of them near.
  std::vector<std::string_view> rests;
  for (const std::string& each : known) {
    rests.push_back(std::string_view(each).substr(kVariablePrefix.size()));
  }
  std::vector<std::string> lines;
  for (const std::string& name : names) {
    if (!name.starts_with(kVariablePrefix) || name.starts_with("ANABRANCH_TEST_")) continue;
    if (std::ranges::find(known, name) != known.end()) continue;
    const std::string_view near =
        nearest(std::string_view(name).substr(kVariablePrefix.size()), rests);
    lines.push_back("the variable " + name + " is no setting and does nothing" +
                    (near.empty() ? "; see anabranch serve --help"
                                  : "; did you mean " + std::string(kVariablePrefix) +
                                        std::string(near) + "?"));
  }
  return lines;
}

Result<void> apply_flag(const Setting& setting, const Values& values, Config& config) {
  const bool is_switch = setting.kind == Kind::kSwitch;
  return apply_named(setting.flag, setting, is_switch ? Values{"true"} : values, config);
}

std::string_view nearest(std::string_view word, std::span<const std::string_view> names) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string_view name : names) {
    const std::size_t distance = edit_distance(word, name);
    if (distance < std::min(best_distance, name.size())) {
      best = name;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace anabranch::server
