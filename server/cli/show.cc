// `anabranch show KEY`: prints the value of a key, with all its concurrent values.
//
// The server answers with JSON: {key, database, type, value, counter, siblings: [{region, time_ms,
// value}]} for strings, {key, type, count, elements: [{element, siblings}]} for sets, {key, type,
// count, fields:
// [{field, type, value, counter, siblings}]} for maps.
// If regions gave the key different types at the same time, hidden: [{type, count}] lists the types
// that are not shown; they stay until the key is removed or overwritten.
// Bytes are a string if they are UTF-8, else {"hex": "00ff..."}; those that have no room in the
// answer {"begins": "ab", "bytes": 3000000}. An absent value is null.

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;
using Rows = std::vector<std::vector<std::string>>;

constexpr Argument kDatabase{"--db", Argument::Kind::kValue, "N",
                             "the database of the key, 0 to 15 (0)", "0"};
constexpr Argument kKey{"KEY", Argument::Kind::kPositional, "", "the key to show"};

std::string shown(const json& value) {
  if (value.is_null()) return "(nothing)";
  if (value.is_object() && value.contains("begins")) {
    return shown(value.at("begins")) + "... (" + value.at("bytes").dump() + " bytes)";
  }
  return value.is_string() || value.is_object() ? in_quotes(bytes_of(value)) : value.dump();
}

// "max, of "bids/"", and a note if it cannot decide here.
std::string policy_of(const json& policy) {
  const auto text = [&](const char* name) { return printable(bytes_of(policy.at(name))); };
  const std::string note = text("note");
  return text("policy") + ", of " + shown(policy.at("prefix")) + (note.empty() ? "" : ": " + note);
}

std::string head_of(const json& key) {
  Rows rows{{"key", shown(key.at("key"))},
            {"database", key.at("database").dump()},
            {"type", key.at("type").get<std::string>()}};
  if (key.contains("value")) rows.push_back({"value", shown(key.at("value"))});
  if (key.contains("counter")) rows.push_back({"counter", key.at("counter").dump()});
  if (key.contains("count")) rows.push_back({"count", key.at("count").dump()});
  if (key.contains("policy")) rows.push_back({"policy", policy_of(key.at("policy"))});
  if (key.contains("not_shown")) {
    rows.push_back({"not shown", printable(key.at("not_shown").get<std::string>())});
  }
  for (const json& type : key.value("hidden", json::array())) {
    const std::string count = type.contains("count") ? " of " + type.at("count").dump() : "";
    rows.push_back({"hidden", type.at("type").get<std::string>() + count});
  }
  return table_of(rows);
}

std::string region_of(const json& sibling) {
  const std::string region = printable(sibling.at("region").get<std::string>());
  return region.empty() ? "-" : region;
}

std::string time_of(const json& sibling) {
  return utc_time(sibling.at("time_ms").get<std::int64_t>());
}

// Formats the concurrent values of a string.
std::string siblings_of(const json& siblings) {
  if (siblings.empty()) return "";
  Rows rows{{"written in", "at (UTC)", "value"}};
  for (const json& sibling : siblings) {
    rows.push_back({region_of(sibling), time_of(sibling), shown(sibling.at("value"))});
  }
  const std::string title = siblings.size() == 1
                                ? "1 value, no conflict:\n"
                                : std::to_string(siblings.size()) + " siblings, the newest last:\n";
  return '\n' + title + table_of(rows);
}

// Formats the elements of a set, members with their scores, or elements of a list; one row for each
// insert that no remove has seen.
std::string elements_of(const json& elements) {
  const bool scored = elements.at(0).contains("score");
  const auto row = [&](std::string element, std::string score, std::string from, std::string at) {
    std::vector<std::string> cells{std::move(element)};
    if (scored) cells.push_back(std::move(score));
    cells.push_back(std::move(from));
    cells.push_back(std::move(at));
    return cells;
  };
  Rows rows{row("element", "score", "inserted in", "at (UTC)")};
  for (const json& element : elements) {
    const std::string name = shown(element.at("element"));
    const std::string score = scored ? element.at("score").dump() : "";
    const json siblings = element.value("siblings", json::array());
    for (const json& sibling : siblings) {
      rows.push_back(row(name, score, region_of(sibling), time_of(sibling)));
    }
    if (siblings.empty()) rows.push_back(row(name, score, "-", "-"));
  }
  return '\n' + table_of(rows);
}

// Formats the fields of a map; one row for each concurrent value.
std::string fields_of(const json& fields) {
  Rows rows{{"field", "type", "shown", "counter", "written in", "at (UTC)", "value"}};
  for (const json& field : fields) {
    const std::vector<std::string> front{
        shown(field.at("field")), field.at("type").get<std::string>(),
        field.contains("value") ? shown(field.at("value")) : "-",
        field.contains("counter") ? field.at("counter").dump() : "-"};
    const json siblings = field.value("siblings", json::array());
    for (const json& sibling : siblings) {
      rows.push_back(front);
      rows.back().insert(rows.back().end(),
                         {region_of(sibling), time_of(sibling), shown(sibling.at("value"))});
    }
    if (!siblings.empty()) continue;
    rows.push_back(front);
    rows.back().insert(rows.back().end(), {"-", "-", "-"});
  }
  return '\n' + table_of(rows);
}

// The server lists only the beginning of a large collection.
std::string body_of(const json& key) {
  if (key.contains("siblings")) return siblings_of(key.at("siblings"));
  const bool is_set = key.contains("elements");
  if (!is_set && !key.contains("fields")) return "";
  const json& all = key.at(is_set ? "elements" : "fields");
  if (all.empty()) return "";
  std::string body = is_set ? elements_of(all) : fields_of(all);
  const auto count = key.at("count").get<std::uint64_t>();
  if (count > all.size()) body += "and " + std::to_string(count - all.size()) + " more\n";
  return body;
}

std::string key_text(const json& key) { return head_of(key) + body_of(key); }

ExitCode run_show(const Arguments& arguments) {
  return print_answer(arguments, {"SHOW", arguments.text(kKey.name)}, key_text,
                      arguments.text(kDatabase.name));
}

}  // namespace

Command show_command() {
  return {"show", "what a key holds, with all concurrent values", asking({kKey, kDatabase, kJson}),
          run_show};
}

}  // namespace anabranch::server::cli
