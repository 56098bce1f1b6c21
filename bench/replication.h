// Workloads with two leaders in this process, connected over loopback.
#pragma once

#include "bench/sampler.h"

namespace anabranch::bench {

// Measures operations per second until both leaders have everything: one writing, then both.
void measure_replication(const Settings& settings);
// Measures the time from the return of a write here until a read there shows it, while both are
// idle and while 10,000 other writes per second are made here.
void measure_lag(const Settings& settings);

}  // namespace anabranch::bench
