#include "bench/sampler.h"

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>

namespace anabranch::bench {

std::string key_of(std::uint64_t number) {
  constexpr std::size_t kDigits = 12;
  const std::string digits = std::to_string(number);
  return "key:" + std::string(kDigits - digits.size(), '0') + digits;
}

std::string value_of(std::uint64_t number) {
  std::string value = std::to_string(number);
  value.resize(kValueBytes, 'x');
  return value;
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

double per_second(int threads, double seconds, const Work& work) {
  std::atomic<std::uint64_t> operations = 0;
  const Clock::time_point begin = Clock::now();
  const auto run = [&](int thread) {
    Random random(static_cast<std::uint64_t>(begin.time_since_epoch().count() + thread));
    std::uint64_t done = 0;
    while (seconds_since(begin) < seconds) done += work(thread, random);
    operations += done;
  };
  std::vector<std::thread> workers;
  for (int thread = 1; thread < threads; ++thread) workers.emplace_back(run, thread);
  run(0);
  for (std::thread& worker : workers) worker.join();
  return static_cast<double>(operations) / seconds_since(begin);
}

namespace {

// Returns the operations per second of one turn, until the side has settled.
double rate_of_turn(const Side& side, double seconds) {
  const Clock::time_point begin = Clock::now();
  const double rate = per_second(side.threads, seconds, side.work);
  if (!side.settle) return rate;
  const double working = seconds_since(begin);
  side.settle();
  return rate * working / seconds_since(begin);
}

}  // namespace

void compare(const Settings& settings, std::string_view row, const Side& one, const Side& other) {
  const int turns = one.settle || other.settle ? 1 : 10;
  for (int round = 0; round < settings.rounds; ++round) {
    double rates[2] = {};
    for (int turn = 0; turn < turns; ++turn) {
      rates[0] += rate_of_turn(one, settings.seconds / turns);
      rates[1] += rate_of_turn(other, settings.seconds / turns);
    }
    report(row, one.name, "ops/s", rates[0] / turns);
    report(row, other.name, "ops/s", rates[1] / turns);
  }
}

double percentile(std::vector<double>& samples, double share) {
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(samples.size() - 1));
  std::nth_element(samples.begin(), samples.begin() + at, samples.end());
  return samples[static_cast<std::size_t>(at)];
}

void report(std::string_view row, std::string_view side, std::string_view unit, double value) {
  std::printf("%.*s\t%.*s\t%.*s\t%.6g\n", static_cast<int>(row.size()), row.data(),
              static_cast<int>(side.size()), side.data(), static_cast<int>(unit.size()),
              unit.data(), value);
  std::fflush(stdout);
}

}  // namespace anabranch::bench
