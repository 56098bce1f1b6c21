// Sizes and times as people read them.
#pragma once

#include <cstdint>
#include <string>

namespace anabranch::leader {

// "1.5 MiB"; whole bytes below 1 KiB.
std::string byte_size(std::uint64_t bytes);

// "3 d 4 h": the two greatest units of a time span; "0 s" below a second.
std::string time_span(std::int64_t time_ms);

}  // namespace anabranch::leader
