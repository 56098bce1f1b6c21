// Measures the embedded store beside LMDB alone, in alternating samples, on the same disk.
//
//   embedded_bench WORKLOAD DIRECTORY [--rounds N] [--seconds S] [--keys N] [--lag-writes N]
//
// The workloads are in the table below; bench/README.md explains each figure. Every sample is one
// line of standard output: row, side, unit and value, separated by tabs. bench/run.sh runs all
// workloads and makes the table.

#include <array>
#include <atomic>
#include <filesystem>
#include <iostream>
#include <stdexcept>

#include <anabranch/anabranch.h>

#include "bench/raw_lmdb.h"
#include "bench/replication.h"
#include "bench/sampler.h"

namespace anabranch::bench {
namespace {

constexpr int kThreads = 8;

// A store and LMDB alone, filled with the same keys and values.
struct Sides {
  explicit Sides(const Settings& settings)
      : raw(folder(settings, "raw")),
        store(Store::open({.path = folder(settings, "store"), .region = "eu"})) {
    constexpr std::uint64_t kGroup = 1000;
    for (std::uint64_t from = 0; from < settings.keys; from += kGroup) {
      std::vector<RawRow> rows;
      for (std::uint64_t i = from; i < from + kGroup; ++i) rows.push_back({key_of(i), value_of(i)});
      raw.write_group(rows);
      store.transact([&](Transaction& txn) {
        for (const RawRow& row : rows) Register<>{txn, row.key}.put(row.value);
      });
    }
  }

  static std::string folder(const Settings& settings, const char* name) {
    std::string path = settings.directory + "/" + name;
    std::filesystem::create_directories(path);
    return path;
  }

  RawLmdb raw;
  Store store;
};

// Writes with one synced commit for each group of this size.
Side raw_puts(const Settings& settings, RawLmdb& raw, std::size_t group) {
  return {"LMDB, groups of " + std::to_string(group), 1, [=, &raw](int, Random& random) {
            std::vector<RawRow> rows(group);
            for (RawRow& row : rows) row = {key_of(random() % settings.keys), value_of(random())};
            raw.write_group(rows);
            return group;
          }};
}

// Single puts by many threads; the store forms the groups, LMDB gets ideal ones.
void measure_puts(const Settings& settings, int threads, const std::string& row) {
  Sides sides(settings);
  std::atomic<std::uint64_t> puts = 0;
  const Side ours{"anabranch", threads, [&](int, Random& random) {
                    const std::string key = key_of(random() % settings.keys);
                    Register<>{sides.store, key}.put(value_of(random()));
                    ++puts;
                    return 1;
                  }};
  const std::uint64_t records = sides.store.status().log_records;
  compare(settings, row, raw_puts(settings, sides.raw, static_cast<std::size_t>(threads)), ours);
  const std::uint64_t commits = sides.store.status().log_records - records;
  report(row + ", groups as they were", "anabranch", "puts/commit",
         static_cast<double>(puts) / static_cast<double>(commits));
}

// Transactions of `group` puts.
void measure_transactions(const Settings& settings, std::size_t group, const std::string& row) {
  Sides sides(settings);
  const Side ours{"anabranch", 1, [&](int, Random& random) {
                    sides.store.transact([&](Transaction& txn) {
                      for (std::size_t i = 0; i < group; ++i) {
                        const std::string key = key_of(random() % settings.keys);
                        Register<>{txn, key}.put(value_of(random()));
                      }
                    });
                    return group;
                  }};
  compare(settings, row, raw_puts(settings, sides.raw, group), ours);
}

void expect(bool found) {
  if (!found) throw std::runtime_error("a key that was written is not there");
}

// Gets of existing keys, each from the newest state.
void measure_gets(const Settings& settings, int threads, const std::string& row) {
  Sides sides(settings);
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
    Workload{"put", [](const Settings& s) { measure_puts(s, 1, "put, 1 thread"); }},
    Workload{"put-8", [](const Settings& s) { measure_puts(s, kThreads, "put, 8 threads"); }},
    Workload{"transact-100",
             [](const Settings& s) { measure_transactions(s, 100, "transactions of 100 puts"); }},
    Workload{"transact-1000",
             [](const Settings& s) { measure_transactions(s, 1000, "transactions of 1000 puts"); }},
    Workload{"get", [](const Settings& s) { measure_gets(s, 1, "get, 1 thread"); }},
    Workload{"get-8", [](const Settings& s) { measure_gets(s, kThreads, "get, 8 threads"); }},
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
    } else if (flag == "--lag-writes") {
      settings.lag_writes = std::stoi(value);
    } else {
      throw std::invalid_argument("unknown flag " + std::string(flag));
    }
  }
  return settings;
}

int run(int argc, char** argv) {
  if (argc < 3) {
    std::cerr << "usage: embedded_bench WORKLOAD DIRECTORY [--rounds N] [--seconds S]"
                 " [--keys N] [--lag-writes N]\nworkloads:";
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
