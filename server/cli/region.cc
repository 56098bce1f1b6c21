// `anabranch region list`, `region retire NAME [--lost [MEMBER]]` and `region restore NAME`: the
// regions of the mesh, and the regions for which logs are kept. A change at one leader reaches all
// of them.

#include <iostream>

#include <nlohmann/json.hpp>

#include "server/cli/ask.h"
#include "server/cli/command.h"
#include "server/cli/printable.h"
#include "server/cli/table.h"

namespace anabranch::server::cli {
namespace {

using nlohmann::json;

constexpr Argument kName{"NAME", Argument::Kind::kPositional, "", "the region"};
constexpr Argument kLost{"--lost", Argument::Kind::kSwitch, "",
                         "it never comes back: what only it had is given up"};
constexpr Argument kMember{
    "MEMBER", Argument::Kind::kPositionals, "",
    "with --lost: this member of it alone, by name or node, or an origin, as "
    "status --json names them"};

std::string state_of(const json& region) {
  const std::string connected = region.at("connected").get<bool>() ? "connected" : "away";
  const auto retirement = region.at("retirement").get<std::string>();
  return retirement.empty() ? connected : printable(retirement) + ", " + connected;
}

std::string regions_table(const json& regions) {
  std::vector<std::vector<std::string>> rows{{"region", "is", "log kept for it", "since"}};
  for (const json& region : regions) {
    const auto bytes = region.at("pinned_bytes").get<std::uint64_t>();
    const auto since = region.at("pinned_ms").get<std::int64_t>();
    rows.push_back({printable(region.at("region").get<std::string>()), state_of(region),
                    bytes == 0 ? "-" : byte_size(bytes), bytes == 0 ? "-" : time_span(since)});
  }
  return table_of(rows);
}

ExitCode list_regions(const Arguments& arguments) {
  return print_answer(arguments, {"REGION", "LIST"}, regions_table);
}

ExitCode change(const Arguments& arguments, std::vector<std::string> words, const char* done) {
  const core::Result<std::string> answer = ask(arguments, std::move(words));
  if (!answer.ok()) return print_unanswered(answer.failure());
  std::cout << arguments.text(kName.name) << ' ' << done << '\n';
  return kClean;
}

ExitCode retire(const Arguments& arguments) {
  std::vector<std::string> words{"REGION", "RETIRE", arguments.text(kName.name)};
  const bool lost = arguments.has(kLost.name);
  const std::vector<std::string> members = arguments.texts(kMember.name);
  if (members.size() > 1) {
    return print_error("one member or origin at a time can be declared lost", kUsage);
  }
  if (!lost && !members.empty()) {
    return print_error("a member can be declared lost, not retired: add --lost", kUsage);
  }
  if (lost) words.emplace_back("LOST");
  if (members.empty()) return change(arguments, std::move(words), lost ? "is lost" : "is retired");
  words.push_back(members.front());
  const core::Result<std::string> answer = ask(arguments, std::move(words));
  if (!answer.ok()) return print_unanswered(answer.failure());
  constexpr std::size_t kOriginDigits = 16;
  const bool is_origin = members.front().size() == kOriginDigits &&
                         members.front().find_first_not_of("0123456789abcdef") == std::string::npos;
  std::cout << (is_origin ? "origin " : "member ") << printable(members.front()) << " of "
            << arguments.text(kName.name) << " is lost\n";
  return kClean;
}

ExitCode restore(const Arguments& arguments) {
  return change(arguments, {"REGION", "RESTORE", arguments.text(kName.name)}, "counts again");
}

}  // namespace

Command region_list_command() {
  return {"region list", "every region ever known, and for whom the log is kept", asking({kJson}),
          list_regions};
}

Command region_retire_command() {
  return {"region retire", "nobody waits for a region any more", asking({kName, kLost, kMember}),
          retire};
}

Command region_restore_command() {
  return {"region restore", "a retired region is waited for again", asking({kName}), restore};
}

}  // namespace anabranch::server::cli
