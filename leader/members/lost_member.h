// The member that an operator declares lost: by the name of its newest card, or by its node, which
// also the list of regions has.
#pragma once

#include <string_view>

#include "core/hash.h"
#include "core/result.h"
#include "leader/members/card_table.h"
#include "regions/members/region_list.h"

namespace anabranch::leader {

// Returns the node of a member of a region. Fails with kInvalid, with a sentence that tells the
// remedy: where no member, or more than one, is called so; where it shows fresh cards, so that it
// is there, anywhere in the mesh, and leads or may lead; where it is this member, whose card is
// `own`; and where the list has no origin of it, so that nobody waits for it.
[[nodiscard]] core::Result<core::Hash128> lost_member(const CardTable& cards,
                                                      const regions::MemberCard& own,
                                                      const regions::RegionList& list,
                                                      std::string_view region,
                                                      std::string_view called, core::Millis now);

}  // namespace anabranch::leader
