// `anabranch manual PAGE`: prints a page for man(1), made from the tables of commands and settings.

#include <iostream>

#include "server/cli/command.h"
#include "server/cli/config/page.h"
#include "server/cli/manual/manual_commands.h"
#include "server/config.h"
#include "server/resp/identity.h"

namespace anabranch::server::cli {
namespace {

using Kind = Argument::Kind;

constexpr Argument kPage{"PAGE", Argument::Kind::kPositional, "",
                         "anabranch.1 or anabranch.toml.5"};

// A line of text for groff, whatever characters it has.
std::string roff(std::string_view text) {
  std::string made;
  for (const char c : text) {
    if (c == '\\') {
      made += "\\e";
    } else if (c == '-') {
      made += "\\-";
    } else {
      made += c;
    }
  }
  return made.starts_with('.') || made.starts_with('\'') ? "\\&" + made : made;
}

std::string bold(std::string_view text) { return "\\fB" + roff(text) + "\\fR"; }
std::string italic(std::string_view text) { return "\\fI" + roff(text) + "\\fR"; }

std::string with_stop(std::string_view sentence) {
  std::string text = roff(sentence);
  if (text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text + ".\n";
}

std::string title(std::string_view name, char section) {
  return ".\\\" Made by `anabranch manual`.\n.TH \"" + std::string(name) + "\" " + section +
         " \"\" \"anabranch " + std::string(kAnabranchVersion) + "\" \"Anabranch\"\n";
}

bool is_positional(const Argument& row) {
  return row.kind == Kind::kPositional || row.kind == Kind::kPositionals;
}

std::string argument_text(const Argument& row) {
  if (row.kind == Kind::kPositional) return italic(row.name);
  if (row.kind == Kind::kPositionals) return '[' + italic(row.name) + "...]";
  std::string text = bold(row.name);
  if (!row.value_name.empty()) text += ' ' + italic(row.value_name);
  return text;
}

std::string command_text(const Command& command) {
  std::string usage = bold("anabranch " + std::string(command.name));
  std::string rows;
  for (const Argument& row : command.arguments) {
    if (is_positional(row)) usage += ' ' + argument_text(row);
    rows += ".TP\n" + argument_text(row) + '\n' + with_stop(row.help);
  }
  return ".SS " + usage + '\n' + with_stop(command.help) + rows;
}

constexpr std::string_view kAfterCommands = R"(.SH EXIT STATUS
.TP
.B 0
All is well.
.TP
.B 1
The command failed, or has found something wrong.
.TP
.B 2
Wrong flags or configuration: nothing was tried.
.TP
.B 3
The data file cannot be read: starting again does not help.
.TP
.B 4
\fBimport\fR is done, but something was left out; \fBbackup\fR or \fBrestore\fR is, but something
was wrong in the leader before.
.SH ENVIRONMENT
.TP
.B ANABRANCH_CONFIG
The file that \fB\-\-config\fR would name.
.TP
.B ANABRANCH_...
Each setting has a variable; see \fBanabranch.toml\fR(5).
.TP
.B NOTIFY_SOCKET
\fBanabranch serve\fR tells the service manager that it is ready, as in \fBsd_notify\fR(3).
.TP
.B JOURNAL_STREAM
When it names standard error, \fBanabranch serve\fR writes lines with a priority and without a time.
.SH SEE ALSO
.BR anabranch.toml (5)
)";

std::string program_page() {
  std::string text =
      title("ANABRANCH", '1') +
      ".SH NAME\nanabranch \\- a key\\-value store in which every region accepts "
      "writes\n.SH SYNOPSIS\n.B anabranch\n.I COMMAND\n[\\fIARGUMENTS\\fR]\n"
      ".SH DESCRIPTION\nA leader accepts the writes of its region at once, alone and "
      "durably; they travel to the leaders of the other regions, and all arrive at "
      "the same state. Redis clients connect to it.\n.SH COMMANDS\n";
  for (const Command& command : commands()) text += command_text(command);
  return text + std::string(kAfterCommands);
}

std::string setting_text(const Setting& setting) {
  std::string text = ".TP\n" + bold(setting.key) + '\n' + with_stop(setting.help);
  const std::vector<std::string> usual = values_in(Config{}, setting);
  if (!usual.empty()) text += "Default: " + roff(toml_value(setting, usual)) + ".\n";
  if (usual.empty() && !setting.example.empty()) {
    text += "Example: " + roff(toml_value(setting, {std::string(setting.example)})) + ".\n";
  }
  return text + "Flag " + bold(setting.flag) + ", variable " + bold(environment_name(setting.key)) +
         ".\n";
}

std::string settings_page() {
  std::string text =
      title("ANABRANCH.TOML", '5') +
      ".SH NAME\nanabranch.toml \\- the configuration of anabranch serve\n.SH DESCRIPTION\n"
      "A TOML file with any of the settings below. Sizes may have a unit (B, KiB, MiB, GiB, TiB), "
      "times too (ms, s, min, h, d, w), as strings: \"64MiB\". An environment variable goes before "
      "the file, a flag before both. In a variable a list is separated by commas; a flag of a list "
      "may be given several times.\n"
      ".PP\n\\fBanabranch config new\\fR prints such a file, \\fBanabranch config check\\fR finds "
      "mistakes in one, and \\fBanabranch config show\\fR says what is in force.\n.SH SETTINGS\n";
  for (const Setting& setting : settings()) text += setting_text(setting);
  return text + ".SH SEE ALSO\n.BR anabranch (1)\n";
}

ExitCode run_manual(const Arguments& arguments) {
  const std::string page = arguments.text(kPage.name);
  if (page != "anabranch.1" && page != "anabranch.toml.5") {
    return print_error("there is no page '" + page + "': anabranch.1 or anabranch.toml.5", kUsage);
  }
  std::cout << (page == "anabranch.1" ? program_page() : settings_page());
  return kClean;
}

}  // namespace

Command manual_command() {
  return {"manual", "print a page for man: anabranch.1 or anabranch.toml.5", {kPage}, run_manual};
}

}  // namespace anabranch::server::cli
