// The configuration of `anabranch serve`, from three sources: a TOML file, overridden by the
// environment, overridden by flags.
//
//   region = "eu"                            ANABRANCH_REGION=eu            --region eu
//   peers = ["tcp://127.0.0.1:7401"]         ANABRANCH_PEERS=tcp://...      --peer tcp://...
//
// A setting has one name in all three sources, and may have a second one, again in all three: peers
// is also called peer.
//
// One table, settings(), holds every setting. The keys of the file, the names in the environment,
// the flags and the help all come from its rows. A problem is one line with its place
// (file:line:column, variable or flag) and its description.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/options.h>

#include "core/log.h"
#include "core/result.h"
#include "server/resp/socket/tls_context.h"

namespace anabranch::server {

struct Config {
  Options store;
  // HOST:PORT of the Redis protocol; port 0 for a free one; empty: none.
  std::string redis = "127.0.0.1:6400";
  std::string redis_tls;     // The same with TLS.
  std::string redis_socket;  // The path of a socket; empty: none.
  std::uint32_t redis_socket_mode = 0600;
  bool redis_insecure = false;  // See ServerOptions.
  std::string tls_cert_file;
  std::string tls_key_file;
  std::string tls_ca_file;
  std::string tls_clients = "no";       // Whether clients show a certificate: no, optional, yes.
  std::string acl_file;                 // The users of the Redis port; empty: no file.
  std::uint64_t clients_bytes_max = 0;  // See ServerOptions.
  std::uint64_t idle_seconds_max = 0;
  std::uint64_t output_bytes_total = 0;  // See ServerOptions; 0: its default.
  std::uint64_t output_bytes_max = 0;
  std::uint64_t monitor_output_bytes_max = 0;
  std::uint64_t output_stall_ms = 0;
  LogLevel log_level = LogLevel::kInfo;
};

// One setting.
struct Setting {
  // kSwitch: true or false; its flag has no value and means true.
  enum class Kind : std::uint8_t { kText, kTexts, kNumber, kSwitch };

  std::string_view key;         // In the file; upper case and with ANABRANCH_ in the environment.
  std::string_view flag;        // "--region"; kTexts may be given several times.
  std::string_view value_name;  // For the help: "NAME".
  std::string_view help;
  Kind kind;
  // Checks and stores values: exactly one, except for kTexts.
  core::Result<void> (*set)(Config& config, const std::vector<std::string>& values);
  // A second name, equal to the first: for a setting that is a list in the file and a repeated flag
  // on the command line.
  std::string_view also = {};       // Of the key.
  std::string_view also_flag = {};  // Of the flag.
};

std::span<const Setting> settings();

// Returns the files of the certificates of the Redis port.
TlsFiles tls_files(const Config& config);

// "ANABRANCH_REGION", for the key "region".
std::string environment_name(std::string_view key);

// Applies the text of a TOML file. Returns its errors in the order of its lines, each as
// "name:line:column: description"; empty if there are none.
std::vector<std::string> apply_toml(std::string_view text, std::string_view name, Config& config);
// The same for a file; a file that cannot be read is an error as well.
std::vector<std::string> apply_file(const std::string& path, Config& config);

// Applies the environment. `variable` returns the value of a variable, or null: std::getenv. Lists
// are separated by commas.
core::Result<void> apply_environment(const std::function<const char*(const char*)>& variable,
                                     Config& config);

// Returns a sentence for each name of an environment variable that begins like a setting but is
// none, and so has no effect. Ignores the variables of tests, ANABRANCH_TEST_*.
std::vector<std::string> unknown_variables(const std::vector<std::string>& names);

// Applies a flag given with these values.
core::Result<void> apply_flag(const Setting& setting, const std::vector<std::string>& values,
                              Config& config);

// Fails if a setting is missing that every leader needs.
core::Result<void> check_complete(const Config& config);

// Returns the one of `names` that was probably meant; empty if none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> names);

}  // namespace anabranch::server
