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

// Adds warnings about concerns of writes: those that degrade now, by their words, and sentences
// about those that cannot be met.
void warn_of_concerns(StoreStatus& status, const std::vector<std::string>& latched,
                      const std::vector<std::string>& troubles);

}  // namespace anabranch::leader
