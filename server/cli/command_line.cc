#include "server/cli/command_line.h"

#include <algorithm>
#include <iostream>
#include <memory>
#include <string>
#include <utility>

#include <CLI/CLI.hpp>

#include "server/config.h"

namespace anabranch::server::cli {
namespace {

using Kind = Argument::Kind;

// A row of the table with its CLI11 command and the variables that CLI11 writes.
struct Bound {
  const Command* command;
  CLI::App* app;
  std::vector<std::vector<std::string>> values;
  std::vector<CLI::Option*> options;
};

using Bindings = std::vector<std::unique_ptr<Bound>>;

CLI::Option* bind_argument(CLI::App& app, const Argument& row, std::vector<std::string>& values) {
  const std::string name =
      std::string(row.name) + (row.also.empty() ? "" : ",") + std::string(row.also);
  const std::string help(row.help);
  if (row.kind == Kind::kSwitch) return app.add_flag(name, help);
  if (row.kind == Kind::kPositional) {
    CLI::Option* option = app.add_option(name, values, help)->required()->type_name("");
    option->allow_extra_args(false);  // The next word is the next argument.
    return option->expected(1);
  }
  if (row.kind == Kind::kPositionals) {
    return app.add_option(name, values, help)->expected(0, -1)->type_name("");
  }
  CLI::Option* option = app.add_option(name, values, help)->type_name(std::string(row.value_name));
  option->allow_extra_args(false);  // The word behind the value is not a second value.
  if (row.kind == Kind::kValues) return option;
  return option->expected(1)->multi_option_policy(CLI::MultiOptionPolicy::Throw);
}

// The group of "peer pause" is "peer"; of "status" it is the program itself.
CLI::App& group_of(CLI::App& program, const Command& command) {
  const std::size_t blank = command.name.find(' ');
  if (blank == command.name.npos) return program;
  const std::string group(command.name.substr(0, blank));
  const auto made = program.get_subcommands([&](CLI::App* app) { return app->check_name(group); });
  if (!made.empty()) {
    // A command that is a group too: without its own arguments when one of the group is meant.
    for (CLI::Option* option : made.front()->get_options()) option->required(false);
    return *made.front();
  }
  return *program.add_subcommand(group)->require_subcommand(1);
}

std::unique_ptr<Bound> bind(CLI::App& program, const Command& command) {
  const std::string last(command.name.substr(command.name.rfind(' ') + 1));
  CLI::App* app = group_of(program, command).add_subcommand(last, std::string(command.help));
  auto bound = std::make_unique<Bound>(Bound{&command, app, {}, {}});
  bound->values.resize(command.arguments.size());
  for (std::size_t i = 0; i < command.arguments.size(); ++i) {
    bound->options.push_back(bind_argument(*app, command.arguments[i], bound->values[i]));
  }
  return bound;
}

// Returns the name of an argument that is required and was not given; empty if there is none.
std::string_view missing_from(const Bound& bound) {
  for (std::size_t i = 0; i < bound.options.size(); ++i) {
    const Argument& row = bound.command->arguments[i];
    if (row.kind == Kind::kPositional && bound.options[i]->count() == 0) return row.name;
  }
  return {};
}

Arguments arguments_of(const Bound& bound) {
  Arguments arguments;
  for (std::size_t i = 0; i < bound.options.size(); ++i) {
    const Argument& row = bound.command->arguments[i];
    if (bound.options[i]->count() > 0) {
      arguments.set(row.name, bound.values[i]);
    } else if (!row.otherwise.empty()) {
      arguments.set(row.name, {std::string(row.otherwise)});
    }
  }
  return arguments;
}

// Prints the help of the program from the table itself, since CLI11 would list groups.
std::string help_of_program() {
  std::string text =
      "Anabranch: a key-value store in which every region accepts writes.\n\n"
      "Usage: anabranch COMMAND [ARGUMENTS]\n\nCommands:\n";
  for (const Command& command : commands()) {
    std::string name(command.name);
    for (const Argument& row : command.arguments) {
      if (row.kind == Kind::kPositional) name += ' ' + std::string(row.name);
      if (row.kind == Kind::kPositionals) name += " [" + std::string(row.name) + "...]";
    }
    name.resize(std::max<std::size_t>(name.size(), 20), ' ');
    text += "  " + name + "  " + std::string(command.help) + '\n';
  }
  return text +
         "\n  --help               what a command takes: anabranch COMMAND --help\n"
         "  --version            the version of this program, and its commit\n";
}

// Names the first unexpected word, and the one that was probably meant.
std::string unexpected(const CLI::App& program, const Bindings& bindings) {
  const std::vector<std::string> rest = program.remaining(true);
  if (rest.empty()) return "something is missing";
  std::string word = rest.front();
  word = word.substr(0, word.starts_with("-") ? word.find('=') : word.npos);
  std::vector<std::string_view> names;
  for (const auto& bound : bindings) {
    if (!word.starts_with("-")) names.push_back(bound->command->name);
    if (!word.starts_with("-") || !bound->app->parsed()) continue;
    for (const Argument& row : bound->command->arguments) names.push_back(row.name);
  }
  const std::string_view near = nearest(word, names);
  const bool is_flag = word.starts_with("-");
  std::string text = (is_flag ? "unknown flag '" : "unexpected word '") + word + "'";
  if (!near.empty()) text += "; did you mean '" + std::string(near) + "'?";
  return text + (near.empty() ? "; see anabranch --help" : "");
}

bool asks_for(int argc, const char* const* argv, std::string_view flag, std::string_view word) {
  return argc == 2 && (argv[1] == flag || argv[1] == word);
}

}  // namespace

ExitCode run_command_line(int argc, const char* const* argv, std::string_view version,
                          std::string_view commit) {
  if (argc < 2) return print_error("which command? See anabranch --help", kUsage);
  if (asks_for(argc, argv, "--help", "-h") || asks_for(argc, argv, "help", "help")) {
    std::cout << help_of_program();
    return kClean;
  }
  if (asks_for(argc, argv, "--version", "version")) {
    std::cout << "anabranch " << version << " (" << commit << ")\n";
    return kClean;
  }
  CLI::App program("", "anabranch");
  Bindings bindings;
  for (const Command& command : commands()) bindings.push_back(bind(program, command));
  program.require_subcommand(1);
  try {
    program.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    return print_error(unexpected(program, bindings), kUsage);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return static_cast<ExitCode>(program.exit(error));
    const bool unknown = !program.remaining(true).empty();
    return print_error(unknown ? unexpected(program, bindings) : error.what(), kUsage);
  }
  for (const auto& bound : bindings) {
    if (!bound->app->parsed() || !bound->app->get_subcommands().empty()) continue;
    const std::string_view missing = missing_from(*bound);
    if (!missing.empty()) return print_error(std::string(missing) + " is required", kUsage);
    return bound->command->run(arguments_of(*bound));
  }
  return print_error("which command? See anabranch --help", kUsage);
}

}  // namespace anabranch::server::cli
