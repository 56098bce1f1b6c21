// Policies of the public API as those of rows, and back.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include <anabranch/options.h>
#include <anabranch/policy.h>

#include "core/result.h"
#include "regions/policies.h"
#include "rows/policy/policy_rows.h"
#include "rows/resolvers.h"
#include "rows/row_reader.h"

namespace anabranch::leader {

// Fails with kInvalid for a database out of range.
core::Result<void> check_database(std::uint8_t database);
// The same for a policy that can only be listed, and for a native one without a name.
core::Result<void> check_policy(std::uint8_t database, const Policy& policy);

// Returns the keys of a policy. The database must be in range.
[[nodiscard]] rows::PolicyScope scope_of(std::uint8_t database, std::string_view prefix);
// Returns the policy as rows have it. It must have passed check_policy().
[[nodiscard]] rows::Policy row_policy(const Policy& policy);
// Returns the proposals of options that have been checked.
[[nodiscard]] regions::Policies::Proposals proposals_of(const Options& options);

// Returns all policies of a state, as Store::policies does. `resolvers` are those of this leader.
[[nodiscard]] std::vector<PolicyAt> list_policies(const rows::RowReader& rows,
                                                  const rows::Resolvers& resolvers);

}  // namespace anabranch::leader
