// Faults of clocks: a clock goes wrong, and its effects on keys that expire. Each fault strikes
// once and returns whether anything happened. Clocks stay wrong: nothing may depend on them.
#pragma once

#include "tests/sim/scene.h"

namespace anabranch::test {

bool jump_clock(Scene& scene);
bool set_clock_back(Scene& scene);
bool stop_clock(Scene& scene);
bool hurry_clock(Scene& scene);
// By ten years, or a day, and at times back again.
bool leap_ahead(Scene& scene);
bool fall_behind(Scene& scene);

// The deadline of a key passes while a region whose clock is, or was, wrong may not be asked: it is
// away from shortly before or after, and lets the key live longer. Time passes meanwhile.
bool pass_deadline(Scene& scene);

}  // namespace anabranch::test
