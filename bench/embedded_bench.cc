// Measures the embedded store beside LMDB alone, in alternating samples, on the same disk.
//
//   embedded_bench WORKLOAD DIRECTORY [--rounds N] [--seconds S] [--keys N] [--lag-writes N]
//                  [--flush-bytes N]
//   embedded_bench live-bytes DIRECTORY
//
// The second form prints the bytes of pages in use in the tables of a data directory that no
// process has open. The workloads are in the table below; bench/README.md explains each figure.
// Every sample is one line of standard output: row, side, unit and value, separated by tabs.
// bench/run.sh runs all workloads and makes the table.

#include <array>
#include <atomic>
#include <iostream>
#include <stdexcept>

#include <anabranch/anabranch.h>

#include "bench/beside.h"
#include "bench/raw_lmdb.h"
#include "bench/replication.h"
#include "bench/sampler.h"
#include "bench/sides.h"

namespace anabranch::bench {
namespace {

constexpr int kThreads = 8;

// Single puts by many threads; the store forms the groups, LMDB gets ideal ones.
void measure_threads(const Settings& settings, int threads) {
  Sides sides(settings);
  std::atomic<std::uint64_t> puts = 0;
  const Side ours{"anabranch", threads, [&](int, Random& random) {
                    put_group(sides.store, random, settings.keys, 1);
                    ++puts;
                    return 1;
                  }};
  const std::string row = "put, " + threads_text(threads) + ", " + rows_text(settings.keys);
  const std::uint64_t records = sides.store.status().log_records;
  compare(settings, row, sides.raw_puts(settings, static_cast<std::size_t>(threads)), ours);
  const std::uint64_t commits = sides.store.status().log_records - records;
  report(row + ", in groups of", "anabranch", "puts/commit",
         static_cast<double>(puts) / static_cast<double>(commits));
}

// Transactions of `group` puts by one thread.
void measure_groups(const Settings& settings, std::size_t group,
                    Durability durability = Durability::kSync) {
  Sides sides(settings, durability);
  const std::string what = group == 1 ? "put" : "groups of " + std::to_string(group);
  const std::string how = durability == Durability::kSync ? "" : ", interval";
  compare(settings, what + ", " + rows_text(settings.keys) + how, sides.raw_puts(settings, group),
          sides.puts(settings, group));
}

void expect(bool found) {
  if (!found) throw std::runtime_error("a key that was written is not there");
}

// Gets of existing keys, each from the newest state.
void measure_gets(const Settings& settings, int threads) {
  Sides sides(settings);
  const std::string row = "get, " + threads_text(threads) + ", " + rows_text(settings.keys);
  std::vector<RawLmdb::Reader> readers;
  readers.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) readers.emplace_back(sides.raw);
  const Side raw{"LMDB", threads, [&](int thread, Random& random) {
                   auto& reader = readers[static_cast<std::size_t>(thread)];
                   expect(reader.get(key_of(random() % settings.keys)).size() == kValueBytes);
                   return 1;
                 }};
  const Side ours{"anabranch", threads, [&](int, Random& random) {
                    const Register<> handle{sides.store, key_of(random() % settings.keys)};
                    const std::optional<std::string> value = handle.get();
                    expect(value && value->size() == kValueBytes);
                    return 1;
                  }};
  compare(settings, row, raw, ours);
}

struct Workload {
  std::string_view name;
  void (*run)(const Settings& settings);
};

constexpr std::array kWorkloads{
    Workload{"put-8", [](const Settings& s) { measure_threads(s, kThreads); }},
    Workload{"groups-1", [](const Settings& s) { measure_groups(s, 1); }},
    Workload{"groups-50", [](const Settings& s) { measure_groups(s, 50); }},
    Workload{"groups-800", [](const Settings& s) { measure_groups(s, 800); }},
    Workload{"interval-1", [](const Settings& s) { measure_groups(s, 1, Durability::kInterval); }},
    Workload{"interval-50",
             [](const Settings& s) { measure_groups(s, 50, Durability::kInterval); }},
    Workload{"interval-800",
             [](const Settings& s) { measure_groups(s, 800, Durability::kInterval); }},
    Workload{"get-1", [](const Settings& s) { measure_gets(s, 1); }},
    Workload{"get-8", [](const Settings& s) { measure_gets(s, kThreads); }},
    Workload{"get-beside-1", [](const Settings& s) { measure_gets_beside_puts(s, 1); }},
    Workload{"get-beside-8", [](const Settings& s) { measure_gets_beside_puts(s, kThreads); }},
    Workload{"flush", measure_flush},
    Workload{"replicate", measure_replication},
    Workload{"lag", measure_lag},
};

Settings parse(int argc, char** argv) {
  Settings settings{.directory = argv[2]};
  for (int i = 3; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    const std::string value = argv[i + 1];
    if (flag == "--rounds") {
      settings.rounds = std::stoi(value);
    } else if (flag == "--seconds") {
      settings.seconds = std::stod(value);
    } else if (flag == "--keys") {
      settings.keys = std::stoull(value);
    } else if (flag == "--flush-bytes") {
      settings.flush_bytes = std::stoull(value);
    } else if (flag == "--lag-writes") {
      settings.lag_writes = std::stoi(value);
    } else {
      throw std::invalid_argument("unknown flag " + std::string(flag));
    }
  }
  return settings;
}

int run(int argc, char** argv) {
  if (argc == 3 && std::string_view(argv[1]) == "live-bytes") {
    std::cout << live_bytes(argv[2]) << '\n';
    return 0;
  }
  if (argc < 3) {
    std::cerr << "usage: embedded_bench WORKLOAD DIRECTORY [--rounds N] [--seconds S]"
                 " [--keys N] [--lag-writes N] [--flush-bytes N]\nworkloads:";
    for (const Workload& workload : kWorkloads) std::cerr << ' ' << workload.name;
    std::cerr << '\n';
    return 2;
  }
  for (const Workload& workload : kWorkloads) {
    if (workload.name != argv[1]) continue;
    workload.run(parse(argc, argv));
    return 0;
  }
  throw std::invalid_argument("unknown workload " + std::string(argv[1]));
}

}  // namespace
}  // namespace anabranch::bench

int main(int argc, char** argv) {
  try {
    return anabranch::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "embedded_bench: " << error.what() << '\n';
    return 1;
  }
}
