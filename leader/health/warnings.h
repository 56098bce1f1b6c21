// What is wrong with a leader, in words: the list `warnings` of its status. `anabranch doctor` and
// `anabranch status --check` say the same.
#pragma once

#include <anabranch/status.h>

#include <map>
#include <string>
#include <vector>

#include "leader/health/lag.h"

namespace anabranch::leader {

// Returns the warnings of a status that is complete but for them, critical ones first; `lags` are
// the alarms about regions that are behind.
std::vector<WarningStatus> warnings_in(const StoreStatus& status,
                                       const std::map<std::string, Lag::Alarm>& lags);

// Adds or removes the warning about a transaction that holds up all others, by transaction_ms.
void warn_of_transaction(StoreStatus& status);

// Adds a warning about concerns of writes that degrade now, by their words.
void warn_of_latched(StoreStatus& status, const std::vector<std::string>& concerns);

}  // namespace anabranch::leader
