// Workloads with two leaders in this process, connected over loopback.
#pragma once

#include "bench/sampler.h"

namespace anabranch::bench {

// Operations per second until both leaders have everything: one writing, then both.
void measure_replication(const Settings& settings);
// From the return of a write here until a read there shows it, while nothing else happens and while
// 10,000 other writes per second are made here.
void measure_lag(const Settings& settings);

}  // namespace anabranch::bench
