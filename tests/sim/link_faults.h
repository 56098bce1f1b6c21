// Faults of the network: its weather, and single links. Each strikes once, for a while, and returns
// whether anything happened.
#pragma once

#include <optional>

#include "tests/sim/scene.h"

namespace anabranch::test {

// Cuts the link between two regions, and heals it after `duration`.
void cut_for(Scene& scene, Network::Index one, Network::Index other, core::Millis duration);
// Cuts a region off from all others but one, or from all.
void cut_off(Scene& scene, Network::Index whom, std::optional<Network::Index> but,
             core::Millis duration);

// The weather.
bool lose(Scene& scene);
bool repeat(Scene& scene);
bool reorder(Scene& scene);
bool delay(Scene& scene);
bool slow(Scene& scene);
bool swizzle(Scene& scene);

// Links.
bool cut(Scene& scene);
bool isolate(Scene& scene);
bool split(Scene& scene);
bool flap(Scene& scene);
bool mute(Scene& scene);
bool deafen(Scene& scene);
bool replay(Scene& scene);
bool pause(Scene& scene);

}  // namespace anabranch::test
