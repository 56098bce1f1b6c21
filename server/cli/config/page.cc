#include "server/cli/config/page.h"

#include <algorithm>
#include <cstdio>

#include "core/text.h"
#include "server/cli/config/configure.h"

namespace anabranch::server::cli {
namespace {

using Kind = Setting::Kind;

constexpr std::size_t kColumns = 100;

constexpr std::string_view kHead =
    "The configuration of `anabranch serve`, made by `anabranch config new`. A line with a # "
    "before "
    "its setting shows the default, or an example where there is none. Sizes may have a unit (B, "
    "KiB, MiB, GiB, TiB), times too (ms, s, min, h, d, w): \"64MiB\", \"7d\". An environment "
    "variable goes before this file, and a flag before both: ANABRANCH_REGION, --region.";
constexpr std::string_view kTail =
    "`anabranch config check FILE` finds mistakes in such a file, `anabranch config show --config "
    "FILE` says what is in force and where it comes from.";

// A TOML basic string.
std::string toml_quoted(std::string_view text) {
  std::string made = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') made += '\\';
    if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7F) {
      made += c;
      continue;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    const auto byte = static_cast<unsigned char>(c);
    made += "\\u00";
    made += kDigits[byte >> 4U];
    made += kDigits[byte & 15U];
  }
  return made + '"';
}

bool is_digits(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

// "Flag --peer; variable ANABRANCH_PEERS, separated by commas."
std::string names_of(const Setting& setting) {
  std::string text =
      "Flag " + std::string(setting.flag) + "; variable " + environment_name(setting.key);
  if (setting.kind == Kind::kTexts) text += ", separated by commas";
  return text + '.';
}

std::string with_capital(std::string_view text) {
  std::string made(text);
  if (made[0] >= 'a' && made[0] <= 'z') made[0] = static_cast<char>(made[0] - 'a' + 'A');
  return made + '.';
}

std::string entry(const Setting& setting, const Config& config) {
  const bool given = config.from.contains(setting.key);
  const std::vector<std::string> usual = values_in(Config{}, setting);
  std::vector<std::string> shown = given ? values_in(config, setting) : usual;
  if (!given && shown.empty()) shown = {std::string(setting.example)};
  std::string text = wrapped(with_capital(setting.help) + ' ' + names_of(setting), "# ", kColumns);
  text += given ? "" : "#";
  text += std::string(setting.key) + " = " + toml_value(setting, shown);
  if (given && !usual.empty()) text += "  # Default: " + toml_value(setting, usual);
  return text + "\n\n";
}

}  // namespace

std::string wrapped(std::string_view text, std::string_view prefix, std::size_t columns) {
  std::string lines;
  std::string line;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (!line.empty() && prefix.size() + line.size() + 1 + word.size() > columns) {
      lines += std::string(prefix) + line + '\n';
      line.clear();
    }
    line += (line.empty() ? "" : " ") + std::string(word);
  }
  return line.empty() ? lines : lines + std::string(prefix) + line + '\n';
}

std::string toml_value(const Setting& setting, const std::vector<std::string>& values) {
  if (setting.kind == Kind::kTexts) {
    std::string list;
    for (const std::string& value : values) list += (list.empty() ? "" : ", ") + toml_quoted(value);
    return '[' + list + ']';
  }
  std::string value = values.empty() ? "" : values.front();
  if (setting.kind == Kind::kSwitch) return value;
  const bool is_number = setting.kind != Kind::kText && is_digits(value);
  return is_number ? value : toml_quoted(value);
}

std::string config_page(const Config& config) {
  std::string text = wrapped(kHead, "# ", kColumns) + wrapped(kTail, "# ", kColumns) + '\n';
  for (const Setting& setting : settings()) text += entry(setting, config);
  text.pop_back();
  return text;
}

}  // namespace anabranch::server::cli
