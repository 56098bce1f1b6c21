#include "bench/replication.h"

#include <atomic>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <thread>

#include <anabranch/anabranch.h>

#include "bench/raw_lmdb.h"
#include "bench/sides.h"

namespace anabranch::bench {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kGroup = 100;
constexpr auto kTimeout = 60s;

// Opens a leader with a data folder of its own.
std::unique_ptr<Store> open(const Settings& settings, const std::string& region,
                            std::vector<std::string> peers) {
  return std::unique_ptr<Store>(new Store(Store::open({.path = settings.directory + "/" + region,
                                                       .region = region,
                                                       .listen = "tcp://127.0.0.1:0",
                                                       .peers = std::move(peers)})));
}

template <typename Holds>
void wait_until(const char* what, const Holds& holds) {
  const Clock::time_point begin = Clock::now();
  while (!holds()) {
    if (Clock::now() - begin > kTimeout) throw std::runtime_error(std::string("never: ") + what);
    std::this_thread::sleep_for(1ms);
  }
}

struct Pair {
  explicit Pair(const Settings& settings)
      : eu(open(settings, "eu", {})), us(open(settings, "us", {eu->status().endpoint})) {
    eu->put(Key("hello").of(Type::kString), "hello");
    wait_until("the first write arrives", [&] { return us->contains(hello()); });
  }
  static Key hello() { return Key("hello").of(Type::kString); }

  // Whether both leaders have applied the same.
  [[nodiscard]] bool equal() const {
    const auto vector_of = [](const Store& store) {
      std::vector<std::pair<std::string, std::uint64_t>> vector;
      for (const AppliedStatus& each : store.status().applied) {
        if (each.seq > 0) vector.emplace_back(each.origin, each.seq);
      }
      return vector;
    };
    return vector_of(*eu) == vector_of(*us);
  }

  std::unique_ptr<Store> eu;
  std::unique_ptr<Store> us;
};

// Lets the given leaders write for the time of a sample; returns operations per second, counted
// until both leaders have all writes.
double writes_until_equal(const Settings& settings, Pair& pair,
                          const std::vector<Store*>& writers) {
  const Clock::time_point begin = Clock::now();
  const double rate = per_second(
      static_cast<int>(writers.size()), settings.seconds, [&](int thread, Random& random) {
        put_group(*writers[static_cast<std::size_t>(thread)], random, settings.keys, kGroup);
        return kGroup;
      });
  const double writing = seconds_since(begin);
  wait_until("both have everything", [&] { return pair.equal(); });
  return rate * writing / seconds_since(begin);
}

// The same puts in LMDB alone.
double raw_writes(const Settings& settings, RawLmdb& raw) {
  return per_second(1, settings.seconds, [&](int, Random& random) {
    put_group(raw, random, settings.keys, kGroup);
    return kGroup;
  });
}

}  // namespace

void measure_replication(const Settings& settings) {
  const std::string folder = settings.directory + "/raw";
  std::filesystem::create_directories(folder);
  RawLmdb raw(folder);
  Pair pair(settings);
  const auto measure = [&](std::string_view row, const std::vector<Store*>& writers) {
    report(row, "LMDB, groups of 100", "ops/s", raw_writes(settings, raw));
    report(row, "anabranch, groups of 100", "ops/s", writes_until_equal(settings, pair, writers));
  };
  for (int round = 0; round < settings.rounds; ++round) {
    measure("replicated, one leader writes", {pair.eu.get()});
    measure("replicated, both leaders write", {pair.eu.get(), pair.us.get()});
  }
}

namespace {

// Writes one key here and polls it there, in a closed loop. Returns the milliseconds from the
// return of each put until a read there shows it.
std::vector<double> ping(Pair& pair, int writes) {
  Register<std::uint64_t> here{*pair.eu, "ping"};
  Register<std::uint64_t> there{*pair.us, "ping"};
  std::uint64_t number = here.get().value_or(0);
  std::vector<double> lags;
  for (int i = 0; i < writes; ++i) {
    here.put(++number);
    const Clock::time_point acknowledged = Clock::now();
    while (there.get() != number) std::this_thread::sleep_for(20us);
    lags.push_back(seconds_since(acknowledged) * 1000);
    std::this_thread::sleep_for(2ms);  // So each write begins with idle links.
  }
  return lags;
}

void report_lags(const std::string& row, std::vector<double> lags) {
  report(row + ", p50", "anabranch", "ms", percentile(lags, 0.50));
  report(row + ", p99", "anabranch", "ms", percentile(lags, 0.99));
}

// Makes 10,000 puts per second while it lives: four threads, each with a transaction of ten puts
// every 4 ms.
class SteadyWriters {
 public:
  SteadyWriters(const Settings& settings, Store& store) {
    for (int i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this, i, &settings, &store] { write(settings, store, i); });
    }
  }
  // Ends the writers, and returns the puts per second that they reached.
  double end() {
    ends_ = true;
    for (std::thread& thread : threads_) thread.join();
    return static_cast<double>(puts_) / seconds_since(begin_);
  }

 private:
  static constexpr int kThreads = 4;
  static constexpr std::uint64_t kPuts = 10;
  static constexpr auto kPause = 4ms;

  void write(const Settings& settings, Store& store, int thread) {
    Random random(static_cast<std::uint64_t>(thread));
    for (Clock::time_point next = begin_ + thread * kPause / kThreads; !ends_; next += kPause) {
      std::this_thread::sleep_until(next);
      put_group(store, random, settings.keys, kPuts);
      puts_ += kPuts;
    }
  }

  Clock::time_point begin_ = Clock::now();
  std::atomic<bool> ends_ = false;
  std::atomic<std::uint64_t> puts_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace

void measure_lag(const Settings& settings) {
  Pair pair(settings);
  for (int round = 0; round < settings.rounds; ++round) {
    report_lags("lag of an idle pair", ping(pair, settings.lag_writes));
    SteadyWriters writers(settings, *pair.eu);
    report_lags("lag at 10,000 writes/s", ping(pair, settings.lag_writes));
    report("writes/s meanwhile", "anabranch", "ops/s", writers.end());
  }
}

}  // namespace anabranch::bench
