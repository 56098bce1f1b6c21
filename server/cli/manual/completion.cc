// `anabranch completion bash`: prints a completion for the shell, made from the table of commands.

#include <iostream>
#include <map>
#include <set>

#include "server/cli/command.h"
#include "server/cli/manual/manual_commands.h"

namespace anabranch::server::cli {
namespace {

using Kind = Argument::Kind;

constexpr Argument kShell{"SHELL", Argument::Kind::kPositional, "", "bash"};

constexpr std::string_view kHead =
    R"(# The bash completion of anabranch, printed by `anabranch completion bash`.
_anabranch() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]} words=
  COMPREPLY=()
)";

constexpr std::string_view kTail = R"(  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -F _anabranch anabranch
)";

using Words = std::set<std::string_view>;

// "one two three", sorted.
std::string in_line(const Words& words) {
  std::string line;
  for (const std::string_view word : words) line += (line.empty() ? "" : " ") + std::string(word);
  return line;
}

std::string in_pattern(const Words& words) {
  std::string pattern;
  for (const std::string_view word : words) {
    pattern += (pattern.empty() ? "" : "|") + std::string(word);
  }
  return pattern;
}

// What follows a flag, by the name of its value in the help.
std::string_view completed(std::string_view value_name) {
  static const std::map<std::string_view, std::string_view> kActions{
      {"FILE", "compopt -o default; return"},
      {"PATH", "compopt -o default; return"},
      {"DIR", "mapfile -t COMPREPLY < <(compgen -d -- \"$word\"); return"},
      {"LEVEL", "words='debug info warning error off'"},
      {"WHICH", "words='never remote always'"},
      {"FORMAT", "words='text json'"},
  };
  const auto found = kActions.find(value_name);
  return found == kActions.end() ? "return" : found->second;
}

// The flags with a value, by what follows them. --data and the like mean the same in all commands.
std::string case_of_flags() {
  std::map<std::string_view, Words> flags;
  Words seen;
  for (const Command& command : commands()) {
    for (const Argument& row : command.arguments) {
      if (row.kind != Kind::kValue && row.kind != Kind::kValues) continue;
      if (!seen.insert(row.name).second) continue;
      flags[completed(row.value_name)].insert(row.name);
      if (!row.also.empty()) flags[completed(row.value_name)].insert(row.also);
    }
  }
  std::string text = "  case $before in\n";
  for (const auto& [action, names] : flags) {
    text += "    " + in_pattern(names) + ") " + std::string(action) + " ;;\n";
  }
  return text + "  esac\n";
}

std::string flags_of(const Command& command) {
  Words flags{"--help"};
  for (const Argument& row : command.arguments) {
    if (row.kind != Kind::kPositional && row.kind != Kind::kPositionals) flags.insert(row.name);
  }
  return in_line(flags);
}

bool takes_file(const Command& command) {
  for (const Argument& row : command.arguments) {
    const bool positional = row.kind == Kind::kPositional || row.kind == Kind::kPositionals;
    const bool file = row.name == "FILE" || row.name == "MODULE" || row.name == "FOLDER";
    if (positional && file) return true;
  }
  return false;
}

// The words that may follow "anabranch config", by the first word; those of commands without a
// group are empty.
std::map<std::string_view, Words> groups() {
  std::map<std::string_view, Words> made;
  for (const Command& command : commands()) {
    const std::size_t blank = command.name.find(' ');
    Words& rest = made[command.name.substr(0, blank)];
    if (blank != command.name.npos) rest.insert(command.name.substr(blank + 1));
  }
  return made;
}

std::string case_of_commands() {
  Words first{"--help", "--version"};
  Words files;  // Commands that take one.
  for (const Command& command : commands()) {
    if (takes_file(command)) files.insert(command.name);
  }
  std::string cases;
  for (const auto& [name, rest] : groups()) {
    first.insert(name);
    if (rest.empty()) continue;
    cases.append("    ").append(name).append("\\ *:2) words='").append(in_line(rest)).append("'");
    cases.append(files.contains(name) ? "; compopt -o default" : "").append(" ;;\n");
  }
  for (const Command& command : commands()) {
    const std::size_t blank = command.name.find(' ');
    std::string pattern(command.name);
    if (blank == command.name.npos) {
      pattern.append("\\ *");
    } else {
      pattern.replace(blank, 1, "\\ ").append(":*");
    }
    cases.append("    ").append(pattern).append(") words='").append(flags_of(command)).append("'");
    cases.append(takes_file(command) ? "; compopt -o default" : "").append(" ;;\n");
  }
  return "  [ -n \"$words\" ] || case \"${COMP_WORDS[1]} ${COMP_WORDS[2]-}:$COMP_CWORD\" in\n"
         "    *:1) words='" +
         in_line(first) + "' ;;\n" + cases + "  esac\n";
}

ExitCode run_completion(const Arguments& arguments) {
  if (arguments.text(kShell.name) != "bash") {
    return print_error("there is a completion for bash only", kUsage);
  }
  std::cout << kHead << case_of_flags() << case_of_commands() << kTail;
  return kClean;
}

}  // namespace

Command completion_command() {
  return {"completion", "print the completion of a shell: bash", {kShell}, run_completion};
}

}  // namespace anabranch::server::cli
