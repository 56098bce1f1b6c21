// A command of the command line, as a row of a table: its name, arguments, help and function.
// Parsing, checking, help and version are the same for all of them (command_line.h).
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"

namespace anabranch::server::cli {

// The exit codes of the process.
enum ExitCode : int {
  kClean = 0,
  kFailed = 1,   // The command failed: no server there, port in use, no such peer.
  kUsage = 2,    // Wrong words on the command line; nothing was tried.
  kDamaged = 3,  // The data file cannot be read: starting again does not help.
  kSilent = 3,   // Of a command that asks a leader: there is one, and it does not answer.
  kPartly = 4,   // Done, but something that was asked for was left out.
  kAway = 5,     // Nothing is wrong as far as it was seen; some regions are away.
  // A setting, or a file that one names, is wrong (EX_CONFIG of sysexits.h). Starting again does
  // not help.
  kMisconfigured = 78,
};

struct Argument {
  enum class Kind : std::uint8_t {
    kPositional,   // Required; the help shows the name in capitals: "KEY".
    kPositionals,  // Any number of them, or none: "[REGION...]".
    kSwitch,       // A flag without a value: "--json".
    kValue,        // A flag with a value.
    kValues,       // A flag with a value that may be given several times.
  };

  std::string_view name;
  Kind kind = Kind::kValue;
  std::string_view value_name = {};  // For the help: "HOST:PORT".
  std::string_view help = {};
  std::string_view otherwise = {};  // The default of a kValue.
  std::string_view also = {};       // Another name of a flag.
};

// The given arguments. Names are those of the rows.
class Arguments {
 public:
  // Whether the argument was given or has a default.
  [[nodiscard]] bool has(std::string_view name) const { return values_.contains(name); }
  // Returns the value of a positional or of a flag; empty if there is none.
  [[nodiscard]] std::string text(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() || found->second.empty() ? "" : found->second.front();
  }
  // Returns all values of a flag that may be given several times.
  [[nodiscard]] std::vector<std::string> texts(std::string_view name) const {
    const auto found = values_.find(name);
    return found == values_.end() ? std::vector<std::string>{} : found->second;
  }
  void set(std::string_view name, std::vector<std::string> values) {
    values_.insert_or_assign(std::string(name), std::move(values));
  }

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

struct Command {
  std::string_view name;  // "status", or "peer pause": a command of a group.
  std::string_view help;
  std::vector<Argument> arguments;
  ExitCode (*run)(const Arguments& arguments);
};

// The table of all commands.
std::span<const Command> commands();

// Where the leader is, for every command that asks one: one of both.
constexpr Argument kRedis{"--redis", Argument::Kind::kValue, "HOST:PORT",
                          "the Redis port of the leader to ask (127.0.0.1:6400)"};
constexpr Argument kDirectory{
    "--data", Argument::Kind::kValue, "DIR",
    "the data directory of the leader to ask, also of a program that embeds it"};
constexpr Argument kUser{
    "--user", Argument::Kind::kValue, "NAME",
    "the user to be at the Redis port (default); its password is in ANABRANCH_PASSWORD, or in the "
    "file that --password-file names"};
constexpr Argument kPasswordFile{"--password-file", Argument::Kind::kValue, "FILE",
                                 "the password, without the end of its line; mode 0600"};
constexpr Argument kTls{"--tls", Argument::Kind::kSwitch, "", "speak TLS at the Redis port"};
constexpr Argument kTlsRoot{"--tls-ca-file", Argument::Kind::kValue, "FILE",
                            "the roots of the leader's certificate, PEM (those of the system)"};
constexpr Argument kTlsCertificate{"--tls-cert-file", Argument::Kind::kValue, "FILE",
                                   "a certificate to show to the leader, PEM"};
constexpr Argument kTlsKey{"--tls-key-file", Argument::Kind::kValue, "FILE", "its key, PEM"};
constexpr Argument kJson{"--json", Argument::Kind::kSwitch, "", "print JSON, for programs"};

// Returns the arguments of a command that asks a leader: its own, and where and how to ask.
inline std::vector<Argument> asking(std::vector<Argument> arguments) {
  arguments.insert(arguments.end(), {kRedis, kUser, kPasswordFile, kTls, kTlsRoot, kTlsCertificate,
                                     kTlsKey, kDirectory});
  return arguments;
}

// Prints "anabranch: message" on standard error, on one line whatever characters it has. Returns
// `code`.
ExitCode print_error(std::string_view message, ExitCode code = kFailed);
// The same for a failed operation. If the failure reports damaged data, adds advice and returns
// kDamaged.
ExitCode print_error(const core::Failure& failure);

// ---- The rows, one file each.
Command serve_command();
Command config_check_command();
Command status_command();
Command peer_pause_command();
Command peer_resume_command();
Command promote_command();
Command fork_list_command();
Command fork_resolve_command();
Command region_list_command();
Command region_retire_command();
Command region_restore_command();
Command policy_list_command();
Command policy_set_command();
Command policy_remove_command();
Command plugin_new_command();
Command plugin_check_command();
Command plugin_add_command();
Command plugin_list_command();
Command plugin_remove_command();
Command conflicts_list_command();
Command conflicts_show_command();
Command conflicts_put_back_command();
Command conflicts_export_command();
Command conflicts_stats_command();
Command show_command();
Command digest_command();
Command keys_new_command();
Command keys_reload_command();
Command verify_command();
Command repair_command();
Command salvage_command();
Command check_command();

}  // namespace anabranch::server::cli
