// The common parts of all workloads: the length and number of samples, and the output of figures.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace anabranch::bench {

using Clock = std::chrono::steady_clock;

struct Settings {
  std::string directory;         // An empty one, on the measured disk.
  int rounds = 5;                // Samples of each figure; the sides alternate.
  double seconds = 1.0;          // Of one sample.
  std::uint64_t keys = 100'000;  // Written before the first sample.
  int lag_writes = 300;          // In one sample of the lag.
  std::uint64_t flush_bytes = std::uint64_t{64} << 20U;  // Options::flush_bytes_max of the store.
};

constexpr std::size_t kValueBytes = 100;

// Returns "key:000000012345", the form of redis-benchmark.
std::string key_of(std::uint64_t number);
// Returns 100 bytes that begin with a number.
std::string value_of(std::uint64_t number);

// The random numbers of one thread.
using Random = std::mt19937_64;

// Runs the function repeatedly in `threads` threads for `seconds`; the function returns the number
// of operations of each call. Returns the operations per second of all threads together.
using Work = std::function<std::uint64_t(int thread, Random&)>;
double per_second(int threads, double seconds, const Work& work);

// One of the two sides compared in a row.
struct Side {
  std::string name;
  int threads;
  Work work;
  // Returns when the side does nothing in the background. Its time counts as the side's own, and
  // the other side has the machine for itself.
  std::function<void()> settle = {};
};
// Reports a row for every round. The sides take turns of a tenth of a sample, so that other load on
// the machine affects both; of a whole sample where one has to settle.
void compare(const Settings& settings, std::string_view row, const Side& one, const Side& other);

// Returns the value below which the given share of the samples lies; there must be some.
double percentile(std::vector<double>& samples, double share);

// Prints one figure of one round: a line "row <tab> side <tab> unit <tab> value".
void report(std::string_view row, std::string_view side, std::string_view unit, double value);

double seconds_since(Clock::time_point begin);

}  // namespace anabranch::bench
