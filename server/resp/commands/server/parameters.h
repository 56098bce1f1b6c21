// The parameters of CONFIG: what Redis calls them, and the settings of the program by their own
// keys. Some can be set while the server runs; the others tell how it is.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "server/resp/host.h"

namespace anabranch::server {

struct Parameter {
  // How a number is written: as such, with a unit of size or time, or as a level of the log in our
  // words or those of Redis. For a number of clients the system must have descriptors.
  enum class Form : std::uint8_t { kNumber, kClients, kSize, kTime, kLevel, kRedisLevel };

  std::string_view name;
  std::string (*text)(const Host& host) = nullptr;  // Of one that cannot be set.
  std::int64_t (*number)(const Host& host) = nullptr;
  void (*set)(Host& host, std::int64_t number) = nullptr;
  Form form = Form::kNumber;
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  // The setting that has the value, where that can be set at the start only.
  std::string_view setting = {};
};

std::span<const Parameter> parameters();
// Returns the parameter of this name in lower case; null if there is none.
const Parameter* find_parameter(std::string_view name);
// Returns whether Redis has a parameter of this name for what does not exist here, so that setting
// it changes nothing.
bool is_without_effect(std::string_view name);

// Returns why a setting of this name cannot be set while the server runs, and what to do.
std::string why_at_the_start(std::string_view setting);

std::string value_of(const Parameter& parameter, const Host& host);
// Returns the number in the text, for `set`. Fails with a sentence if it cannot be set, or not to
// this.
core::Result<std::int64_t> parse_value(const Host& host, const Parameter& parameter,
                                       std::string_view text);

}  // namespace anabranch::server
