// Expiry times as given in commands: in seconds or milliseconds, from now on or since 1970.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace anabranch::server {

struct TimeForm {
  enum class Unit : std::uint8_t { kSeconds, kMillis };
  Unit unit = Unit::kSeconds;
  bool absolute = false;  // Since 1970; else from now on.
  bool operator==(const TimeForm&) const = default;
};

// Returns the form for an option of SET: EX, PX, EXAT or PXAT in any case; nullopt for other words.
std::optional<TimeForm> time_form(std::string_view word);

// Returns milliseconds since 1970; nullopt if 64 bits cannot hold them. A time after the last
// deadline that can be stored, in the year 10889, becomes that one: Redis accepts such times.
std::optional<std::int64_t> deadline_of(TimeForm form, std::int64_t number, std::int64_t now_ms);

// "ERR invalid expire time in 'set' command".
std::string invalid_expiry(std::string_view command);

}  // namespace anabranch::server
