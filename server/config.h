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
// the flags, the help, the commented configuration and the manual all come from its rows. A problem
// is one line with its place (file:line:column, variable or flag) and its description.
//
// Sizes and times may have a unit: "1GiB", "7d" (quantity.h).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <anabranch/http.h>
#include <anabranch/options.h>

#include "core/log.h"
#include "core/result.h"
#include "server/resp/server_options.h"

namespace anabranch::server {

enum class LogFormat : std::uint8_t { kText, kJson };

struct Config {
  Options store;
  // HOST:PORT of the Redis protocol; port 0 for a free one; empty: none.
  std::string redis = "127.0.0.1:6400";
  std::string redis_tls = {};     // The same with TLS.
  std::string redis_socket = {};  // The path of a socket; empty: none.
  std::uint32_t redis_socket_mode = ServerOptions{}.socket_mode;
  bool redis_insecure = false;  // Here and below see ServerOptions.
  std::string tls_cert_file = {};
  std::string tls_key_file = {};
  std::string tls_ca_file = {};
  TlsFiles::Clients tls_clients = TlsFiles::Clients::kUnasked;
  std::string sentinel_name = {};  // Here and below see ServerOptions.
  std::string sentinel = {};
  std::string sentinel_tls = {};
  bool redis_cluster = false;
  std::string acl_file = {};
  std::uint64_t clients_max = ServerOptions{}.clients_max;
  std::string http = {};       // Here and below see HttpOptions; empty: there is no HTTP port.
  bool http_tls = false;       // With the certificates above.
  bool http_insecure = false;  // See ServerOptions.
  std::vector<std::string> http_hosts = {};  // Further names of this machine.
  std::int64_t http_ready_lag_ms = HttpOptions{}.ready_lag_ms;
  std::uint64_t clients_bytes_max = ServerOptions{}.clients_bytes_max;
  std::uint64_t idle_ms_max = 0;
  std::uint64_t output_bytes_total = ServerOptions{}.output_bytes_total;
  std::uint64_t output_bytes_max = ServerOptions{}.output_bytes_max;
  std::uint64_t monitor_output_bytes_max = ServerOptions{}.monitor_output_bytes_max;
  std::uint64_t output_stall_ms = static_cast<std::uint64_t>(ServerOptions{}.output_stall.count());
  LogLevel log_level = LogLevel::kInfo;
  LogFormat log_format = LogFormat::kText;
  // Where each setting that was given comes from, by its key: "leader.toml:3",
  // "ANABRANCH_REGION", "--region".
  std::map<std::string, std::string, std::less<>> from = {};
};

// How a setting is stored and read.
struct Access {
  using Values = std::vector<std::string>;
  // Checks and stores values: exactly one, except for kTexts. Sizes are in bytes, times in
  // milliseconds.
  using Set = core::Result<void> (*)(Config& config, const Values& values);
  // Returns what is stored, in the form that is accepted; empty for an empty text or list.
  using Get = Values (*)(const Config& config);

  // NOLINTNEXTLINE(google-explicit-constructor): a row may name its function alone.
  constexpr Access(Set set_, Get get_ = nullptr) : set(set_), get(get_) {}

  Set set;
  Get get;
};

// One setting.
struct Setting {
  // kSwitch: true or false; its flag has no value and means true. kSize and kTime are numbers that
  // may have a unit.
  enum class Kind : std::uint8_t { kText, kTexts, kNumber, kSwitch, kSize, kTime };

  std::string_view key;         // In the file; upper case and with ANABRANCH_ in the environment.
  std::string_view flag;        // "--region"; kTexts may be given several times.
  std::string_view value_name;  // For the help: "NAME".
  std::string_view help;        // One sentence; the default is added to it.
  Kind kind;
  Access access;
  // A second name, equal to the first: for a setting that is a list in the file and a repeated flag
  // on the command line.
  std::string_view also = {};       // Of the key.
  std::string_view also_flag = {};  // Of the flag.
  // For the commented configuration, where there is no default.
  std::string_view example = {};
};

std::span<const Setting> settings();

// Returns the files of the certificates of the Redis port.
[[nodiscard]] inline TlsFiles tls_files(const Config& config) {
  return {config.tls_cert_file, config.tls_key_file, config.tls_ca_file, config.tls_clients};
}
// Returns the values of a setting, sizes and times in their greatest unit. Empty if there is none.
std::vector<std::string> values_in(const Config& config, const Setting& setting);
// Returns the keys of all settings, and their values in one text: those of a list with commas.
std::vector<std::pair<std::string, std::string>> settings_in(const Config& config);
// Returns the help of a setting with its default: "where Redis clients connect (127.0.0.1:6400)".
// The view stays valid.
std::string_view full_help(const Setting& setting);

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
