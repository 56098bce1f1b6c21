// The verdict of `anabranch status --check`: one line and an exit code, as monitoring systems take
// them from plugins (Nagios, Icinga, Sensu and others).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>

namespace anabranch::server::cli {

enum class Health : int { kWell = 0, kWarning = 1, kCritical = 2, kUnknown = 3 };

struct Verdict {
  Health health = Health::kWell;
  std::string line;  // Without its end; foreign text in it is printable, and has no '|'.
};

// Judges a status by its warnings. With `lag_ms_max` a region that lacks older writes is a warning,
// in place of those by lag_alarm_ms. Throws nlohmann::json::exception if it is no status.
Verdict verdict_of(const nlohmann::json& status, std::optional<std::int64_t> lag_ms_max);
// Returns the verdict on a leader that cannot be asked, for this reason.
Verdict unknown_verdict(std::string_view why);

}  // namespace anabranch::server::cli
