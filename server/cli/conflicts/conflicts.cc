// `anabranch conflicts list|show|put-back|export|stats`: values that lost against others, as one
// leader has seen them.

#include <algorithm>
#include <cstdint>
#include <iostream>

#include <nlohmann/json.hpp>

#include "core/text.h"
#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr Argument kId{"ID", Argument::Kind::kPositional, "", "of a loser, as `list` shows it"};
constexpr Argument kPrefix{"--prefix", Argument::Kind::kValue, "PREFIX", "only keys that begin so"};
constexpr Argument kDb{"--db", Argument::Kind::kValue, "N", "only this database, 0 to 15"};
constexpr Argument kSince{"--since", Argument::Kind::kValue, "MS",
                          "only logged since then, milliseconds since 1970"};
constexpr Argument kLimit{"--limit", Argument::Kind::kValue, "N", "at most so many (100)", "100"};

// Bytes of an answer in quotes, cut.
std::string shown(const json& value) {
  constexpr std::size_t kShownMax = 40;
  const std::string text = in_quotes(bytes_of(value));
  return text.size() <= kShownMax ? text : text.substr(0, kShownMax) + "...";
}

std::string plain(const json& value) { return printable(bytes_of(value)); }

// Which part of the key: nothing for a string, else the names behind its tag.
std::string part_of(const json& path) {
  std::string part;
  for (std::size_t i = 1; i < path.size(); i += 2) part += " " + shown(path[i]);
  return part;
}

// A leader of an earlier version does not say it.
bool is_shown(const json& loser) { return loser.value("is_shown", false); }

std::string winner_of(const json& loser) {
  if (is_shown(loser)) return "this one, now";
  const json& winner = loser.at("winner");
  if (!winner.is_null()) return shown(winner);
  if (loser.at("kind") == "met") return "by the function";
  return loser.at("was_shown").get<bool>() ? "was shown" : "";
}

std::string conflicts_table(const json& losers) {
  if (losers.empty()) return "no value has lost here\n";
  std::vector<std::vector<std::string>> rows{
      {"id", "what", "db", "key", "value", "of", "written", "shown", "policy"}};
  for (const json& each : losers) {
    rows.push_back({plain(each.at("id")), plain(each.at("kind")), each.at("database").dump(),
                    shown(each.at("key")) + part_of(each.at("path")), shown(each.at("value")),
                    plain(each.at("region")), utc_time(each.at("time_ms").get<std::int64_t>()),
                    winner_of(each), plain(each.at("policy"))});
  }
  std::string text = table_of(rows);
  if (std::ranges::any_of(losers, is_shown)) {
    text += "\nPutting back one that is shown now settles its row: the values beside it go.\n";
  }
  return text;
}

std::string stats_text(const json& stats) {
  const auto number = [&](const char* name) { return stats.at(name).get<std::uint64_t>(); };
  std::string text = std::to_string(number("entries")) + " conflicts in the log, " +
                     byte_size(number("bytes")) + " of " + byte_size(number("bytes_max")) + "\n" +
                     std::to_string(number("dropped_full")) + " dropped for want of room, " +
                     std::to_string(number("dropped_old")) + " since they were old\n";
  std::vector<std::vector<std::string>> rows{
      {"policy", "prefix", "met", "replaced", "hidden", "doomed"}};
  for (const json& each : stats.at("rules")) {
    rows.push_back({plain(each.at("policy")), shown(each.at("prefix")), each.at("met").dump(),
                    each.at("replaced").dump(), each.at("hidden").dump(),
                    each.at("doomed").dump()});
  }
  return rows.size() == 1 ? text : text + "since this leader began:\n" + table_of(rows);
}

std::vector<std::string> list_words(const Arguments& arguments, const std::string& before,
                                    std::uint64_t limit) {
  std::vector<std::string> words{"CONFLICTS", "LIST", "LIMIT", std::to_string(limit)};
  const auto add = [&](const char* word, const Argument& argument) {
    if (!arguments.has(argument.name)) return;
    words.emplace_back(word);
    words.push_back(arguments.text(argument.name));
  };
  add("PREFIX", kPrefix);
  add("DB", kDb);
  add("SINCE", kSince);
  if (!before.empty()) {
    words.emplace_back("BEFORE");
    words.push_back(before);
  }
  return words;
}

// Asks for pages until so many losers have come, or all, and calls visit(loser) for each.
template <typename Visit>
ExitCode for_each_loser(const Arguments& arguments, std::uint64_t limit, const Visit& visit) {
  constexpr std::uint64_t kPage = 500;
  std::string before;
  while (limit > 0) {
    const core::Result<std::string> answer =
        ask(arguments, list_words(arguments, before, std::min(limit, kPage)));
    if (!answer.ok()) return print_unanswered(answer.failure());
    try {
      const json page = json::parse(answer.value());
      for (const json& each : page.at("losers")) visit(each);
      limit -= std::min<std::uint64_t>(limit, page.at("losers").size());
      if (page.at("before").is_null()) return kClean;
      before = page.at("before").get<std::string>();
    } catch (const json::exception& error) {
      return print_error("the server's answer cannot be read: " + std::string(error.what()));
    }
  }
  return kClean;
}

ExitCode list_conflicts(const Arguments& arguments) {
  const auto limit = core::parse_number<std::uint64_t>(arguments.text(kLimit.name));
  if (!limit) return print_error("--limit takes a number", kUsage);
  json losers = json::array();
  const ExitCode code =
      for_each_loser(arguments, *limit, [&](const json& each) { losers.push_back(each); });
  if (code != kClean) return code;
  std::cout << (arguments.has(kJson.name) ? losers.dump(2) + '\n' : conflicts_table(losers));
  return kClean;
}

ExitCode show(const Arguments& arguments) {
  return print_answer(arguments, {"CONFLICTS", "SHOW", arguments.text(kId.name)}, conflicts_table);
}

ExitCode put_back(const Arguments& arguments) {
  const core::Result<std::string> answer =
      ask(arguments, {"CONFLICTS", "PUTBACK", arguments.text(kId.name)});
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << "the value of " << printable(arguments.text(kId.name))
            << " is written again; `conflicts list` has what it replaced\n";
  return kClean;
}

// Prints all losers, one line of JSON for each, the newest first.
ExitCode export_all(const Arguments& arguments) {
  return for_each_loser(arguments, UINT64_MAX,
                        [](const json& each) { std::cout << each.dump() << '\n'; });
}

ExitCode stats(const Arguments& arguments) {
  return print_answer(arguments, {"CONFLICTS", "STATS"}, stats_text);
}

}  // namespace

Command conflicts_list_command() {
  return {"conflicts list", "values that lost against others, as this leader has seen them",
          asking({kPrefix, kDb, kSince, kLimit, kJson}), list_conflicts};
}

Command conflicts_show_command() {
  return {"conflicts show", "all losers of one conflict", asking({kId, kJson}), show};
}

Command conflicts_put_back_command() {
  return {"conflicts put-back", "writes a loser again, for all regions", asking({kId}), put_back};
}

Command conflicts_export_command() {
  return {"conflicts export", "all losers, a line of JSON for each", asking({kPrefix, kDb, kSince}),
          export_all};
}

Command conflicts_stats_command() {
  return {"conflicts stats", "how many conflicts there were, and the log", asking({kJson}), stats};
}

}  // namespace anabranch::server::cli
