// The origins of the leaders in tests of single parts, and the link to another leader.
#pragma once

#include "core/dot.h"
#include "regions/wire/effect.h"

namespace anabranch::test {

constexpr core::Origin kEu = 1;
constexpr core::Origin kUs = 2;
constexpr core::Origin kAp = 3;
constexpr regions::LinkId kLink = 1;

}  // namespace anabranch::test
