// The commented configuration: every setting with its explanation, default and names.
#pragma once

#include <string>
#include <string_view>

#include "server/config.h"

namespace anabranch::server::cli {

// Returns a TOML file: settings that `config` was given stand there with their values, all others
// as comments with their default, or an example.
std::string config_page(const Config& config);

// Returns a value as TOML: "text", 5, true, ["a", "b"].
std::string toml_value(const Setting& setting, const std::vector<std::string>& values);

// Breaks a text into lines that begin with `prefix` and have at most `columns` characters, words
// permitting.
std::string wrapped(std::string_view text, std::string_view prefix, std::size_t columns);

}  // namespace anabranch::server::cli
