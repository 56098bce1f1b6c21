// The configuration of `anabranch serve`, from three sources: a TOML file, overridden by the
// environment, overridden by flags.
//
//   region = "eu"                            ANABRANCH_REGION=eu            --region eu
//   peers = ["tcp://127.0.0.1:7401"]         ANABRANCH_PEERS=tcp://...      --peer tcp://...
//
// A setting has one name in all three, and may have a second one, again in all three: peers is also
// called peer.
//
// One table, settings(), holds everything that can be configured. The keys of the file, the names
// in the environment, the flags and the help all come from its rows. A problem is one line that
// says where (file:line:column, variable or flag) and what.
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

namespace anabranch::server {

struct Config {
  Options store;
  std::string redis = "127.0.0.1:6400";  // HOST:PORT of the Redis protocol; port 0 for a free one.
  std::uint64_t output_bytes_total = 0;  // See ServerOptions; 0: what is there.
  std::uint64_t output_stall_ms = 0;
  core::LogLevel log_level = core::LogLevel::kInfo;
};

// One thing that can be configured.
struct Setting {
  // kSwitch: true or false; its flag has no value and says true.
  enum class Kind : std::uint8_t { kText, kTexts, kNumber, kSwitch };

  std::string_view key;         // In the file; upper case and with ANABRANCH_ in the environment.
  std::string_view flag;        // "--region"; kTexts may be given several times.
  std::string_view value_name;  // For the help: "NAME".
  std::string_view help;
  Kind kind;
  // Checks and stores. There is exactly one value, but of kTexts.
  core::Result<void> (*set)(Config& config, const std::vector<std::string>& values);
  // A second name, which is as good as the first: for what a file calls one thing and a flag, given
  // once for each, another.
  std::string_view also = {};       // Of the key.
  std::string_view also_flag = {};  // Of the flag.
};

std::span<const Setting> settings();

// "ANABRANCH_REGION", for the key "region".
std::string environment_name(std::string_view key);

// Applies the text of a TOML file. Returns what is wrong with it in the order of its lines, each
// "name:line:column: what"; empty when all is well.
std::vector<std::string> apply_toml(std::string_view text, std::string_view name, Config& config);
// The same for a file; one that cannot be read is a problem too.
std::vector<std::string> apply_file(const std::string& path, Config& config);

// Applies what the environment holds. `variable` returns its value, or null: std::getenv. Lists
// are separated by commas.
core::Result<void> apply_environment(const std::function<const char*(const char*)>& variable,
                                     Config& config);

// What is said of variables of the environment, by their names: a sentence for each that begins as
// settings do but is none, so that it does nothing. Those of tests, ANABRANCH_TEST_*, are let be.
std::vector<std::string> unknown_variables(const std::vector<std::string>& names);

// Applies a flag that was given with these values.
core::Result<void> apply_flag(const Setting& setting, const std::vector<std::string>& values,
                              Config& config);

// Fails when something is missing without which no leader starts.
core::Result<void> check_complete(const Config& config);

// The one of `names` that was probably meant; empty when none is near.
std::string_view nearest(std::string_view word, std::span<const std::string_view> names);

}  // namespace anabranch::server
