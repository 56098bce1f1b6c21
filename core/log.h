// The log of the process (<anabranch/log.h>), for all layers: one line per event, about the store
// of a region, or about the process when the region is empty. Thread-safe. Only log.cc includes the
// library behind it.
#pragma once

#include <string_view>

#include <anabranch/log.h>

namespace anabranch::core {

void log_debug(std::string_view region, std::string_view message);
void log_info(std::string_view region, std::string_view message);
void log_warning(std::string_view region, std::string_view message);
void log_error(std::string_view region, std::string_view message);

}  // namespace anabranch::core
