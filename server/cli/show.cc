// `anabranch show KEY`: what a key holds, and what conflicts have left behind.
//
// The server answers with JSON: {key, type, value, tally, siblings: [{region, time_ms, value}]}.
// Bytes are a string when they are UTF-8, else {"hex": "00ff..."}; an absent value is null.

#include <charconv>
#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

constexpr Argument kKey{"KEY", Argument::Kind::kPositional, "", "the key to show"};

std::string bytes_of_hex(const std::string& digits) {
  std::string bytes;
  for (std::size_t i = 0; i + 1 < digits.size(); i += 2) {
    unsigned byte = 0;
    std::from_chars(digits.data() + i, digits.data() + i + 2, byte, 16);
    bytes.push_back(static_cast<char>(byte));
  }
  return bytes;
}

std::string shown(const json& value) {
  if (value.is_null()) return "(nothing)";
  if (value.is_object()) return in_quotes(bytes_of_hex(value.at("hex").get<std::string>()));
  return value.is_string() ? in_quotes(value.get<std::string>()) : value.dump();
}

std::string head_of(const json& key) {
  Rows rows{{"key", shown(key.at("key"))}, {"type", key.at("type").get<std::string>()}};
  if (key.contains("value")) rows.push_back({"value", shown(key.at("value"))});
  if (key.contains("tally")) rows.push_back({"counter", key.at("tally").dump()});
  return table_of(rows);
}

std::string siblings_of(const json& siblings) {
  Rows rows{{"written in", "at (UTC)", "value"}};
  for (const json& sibling : siblings) {
    const std::string region = printable(sibling.at("region").get<std::string>());
    rows.push_back({region.empty() ? "-" : region,
                    utc_time(sibling.at("time_ms").get<std::int64_t>()),
                    shown(sibling.at("value"))});
  }
  const std::string title = siblings.size() == 1
                                ? "1 value, no conflict:\n"
                                : std::to_string(siblings.size()) + " siblings, the newest last:\n";
  return '\n' + title + table_of(rows);
}

ExitCode run(const Arguments& arguments) {
  const core::Result<std::string> answer = ask(arguments, {"SHOW", arguments.text(kKey.name)});
  if (!answer.ok()) return complain(answer.failure().message);
  try {
    const json key = json::parse(answer.value());
    if (arguments.has(kJson.name)) {
      std::cout << key.dump(2) << '\n';
      return kClean;
    }
    std::cout << head_of(key);
    const json siblings = key.value("siblings", json::array());
    if (!siblings.empty()) std::cout << siblings_of(siblings);
  } catch (const json::exception& error) {
    return complain("the server's answer cannot be read: " + std::string(error.what()));
  }
  return kClean;
}

}  // namespace

Command show_command() {
  return {"show", "what a key holds, with all concurrent values", {kKey, kRedis, kJson}, run};
}

}  // namespace anabranch::server::cli
