// The parameters of CONFIG: what Redis calls them, and the settings of the program by their own
// keys. Some can be set while the server runs; the others tell how it is. Of what does not exist
// here and nobody would notice, such as the size at which Redis packs a hash, the number is kept
// and told: applications set it and look.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/result.h"
#include "server/resp/host.h"

namespace anabranch::server {

struct Parameter {
  // How a number is written: as such, as "yes" and "no", with a unit of size or time, or as a level
  // of the log in our words or those of Redis. For a number of clients the system must have
  // descriptors.
  enum class Form : std::uint8_t { kNumber, kYesNo, kClients, kSize, kTime, kLevel, kRedisLevel };

  std::string_view name;
  std::string_view alias = {};                      // Another name of Redis for it; empty: none.
  std::string (*text)(const Host& host) = nullptr;  // Of one that cannot be set.
  std::int64_t (*number)(const Host& host) = nullptr;
  void (*set)(Host& host, std::int64_t number) = nullptr;
  Form form = Form::kNumber;
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  // The setting that has the value, where that can be set at the start only.
  std::string_view setting = {};
  // Of one that changes nothing: the number that Redis begins with. A number that was set is kept
  // by the host.
  std::optional<std::int64_t> kept = std::nullopt;

  [[nodiscard]] bool can_be_set() const { return set != nullptr || kept.has_value(); }
};

std::span<const Parameter> parameters();
// Returns the parameter of this name or alias in lower case; null if there is none.
const Parameter* find_parameter(std::string_view name);

// Returns why a setting of this name cannot be set while the server runs, and what to do.
std::string why_at_the_start(std::string_view setting);

std::string value_of(const Parameter& parameter, const Host& host);
// Returns the number in the text, for set_value(). Fails with a sentence if it cannot be set, or
// not to this.
core::Result<std::int64_t> parse_value(const Host& host, const Parameter& parameter,
                                       std::string_view text);
// `parameter` can be set.
void set_value(Host& host, const Parameter& parameter, std::int64_t number);

}  // namespace anabranch::server
