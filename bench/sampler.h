// What every workload needs: how long a sample lasts, how many there are, and where figures go.
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
  std::string directory;         // An empty one, on the disk that is measured.
  int rounds = 5;                // Samples of each figure; the sides alternate.
  double seconds = 1.0;          // Of one sample.
  std::uint64_t keys = 100'000;  // Written before anything is measured.
  int lag_writes = 300;          // Of one sample of the lag.
};

constexpr std::size_t kValueBytes = 100;

// "key:000000012345", as redis-benchmark names them.
std::string key_of(std::uint64_t number);
// 100 bytes that begin with a number.
std::string value_of(std::uint64_t number);

// One thread's numbers.
using Random = std::mt19937_64;

// Runs the function over and over in `threads` threads for `seconds`; it gives how many operations
// each call was. Gives operations per second of all together.
using Work = std::function<std::uint64_t(int thread, Random&)>;
double per_second(int threads, double seconds, const Work& work);

// One of the two that a row compares.
struct Side {
  std::string name;
  int threads;
  Work work;
};
// Reports a row for every round. The sides take turns of a tenth of a sample, so that whatever else
// the machine does meanwhile hits both.
void compare(const Settings& settings, std::string_view row, const Side& one, const Side& other);

// Prints one figure of one round: a line "row <tab> side <tab> unit <tab> value".
void report(std::string_view row, std::string_view side, std::string_view unit, double value);

double seconds_since(Clock::time_point begin);

}  // namespace anabranch::bench
