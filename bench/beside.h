// Workloads in which something else goes on: reads beside a writer, writes beside a flush.
#pragma once

#include "bench/sampler.h"

namespace anabranch::bench {

// Gets of rows that are in the tables on disk, while one thread writes other rows at full speed, in
// synced groups of 50: the gets per second of all threads, and how long one took.
void measure_gets_beside_puts(const Settings& settings, int threads);
// Single synced puts, while memory is not being written to the tables and while it is, beside
// syncs of as many bytes at the end of a file: how long each took.
void measure_flush(const Settings& settings);

}  // namespace anabranch::bench
