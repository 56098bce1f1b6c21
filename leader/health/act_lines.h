// Log lines about acts of operators and applications on a leader; the line of a verb, with its
// user and address, comes from the layers above. And those about the end of a leader.
#pragma once

#include <string>
#include <string_view>

#include "core/dot.h"
#include "core/result.h"
#include "regions/members/region_list.h"

namespace anabranch::leader {

// `region` is that of the leader.
void log_paused(const std::string& region, std::string_view peer);
void log_resumed(const std::string& region, std::string_view peer);
void log_promoted(const std::string& region);
// What its log had lost is told no more.
void log_forgotten(const std::string& region);
void log_retired(const std::string& region, std::string_view other, regions::Retirement retirement);
// After the storage was closed (Storage::close); `flushes`: it was to write to its tables.
void log_closed(const std::string& region, const core::Result<bool>& closed, bool flushes);

}  // namespace anabranch::leader
