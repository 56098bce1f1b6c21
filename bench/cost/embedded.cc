// The operations of the library to be counted by callgrind: each a fixed number of times.
//
//   cost_embedded DIRECTORY [MODULE]
//
// callgrind dumps its counters at each call of cost_mark(). For each dump a line of standard output
// names the operation and the number of its executions, separated by a tab; lines with 0 are
// preparations. The first line describes the build of the program. MODULE is the file of a plugin
// that shows the highest of bids.

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include <anabranch/anabranch.h>

#include "bench/cost/foreign.h"
#include "leader/leader.h"

// The function's name for callgrind.
extern "C" [[gnu::noinline]] void cost_mark() { asm volatile("" ::: "memory"); }

namespace anabranch::bench {
namespace {

constexpr std::uint64_t kKeys = 10'000;
constexpr std::size_t kMapBytes = std::size_t{1}
                                  << 30U;  // callgrind has no room for the usual one.

std::string key_of(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return "key:" + std::string(12 - digits.size(), '0') + digits;
}

std::string value_of(std::uint64_t number) {
  std::string value = std::to_string(number);
  value.resize(100, 'x');
  return value;
}

// Counts a function that does `times` operations.
void count(const std::string& operation, std::uint64_t times,
           const std::function<void()>& function) {
  cost_mark();
  std::cout << "preparation\t0\n";
  function();
  cost_mark();
  std::cout << operation << '\t' << times << '\n';
}

Options options(const std::string& folder) {
  std::filesystem::create_directories(folder);
  return {.path = folder, .region = "eu", .map_bytes = kMapBytes};
}

struct Row {
  std::string key;
  std::string value;
};
using Rows = std::vector<Row>;

// Returns all keys in order.
Rows all_rows() {
  Rows rows;
  for (std::uint64_t i = 0; i < kKeys; ++i) rows.push_back({key_of(i), value_of(i)});
  return rows;
}

// Returns existing keys with new values: the same ones in each run.
Rows some_rows(std::uint64_t count) {
  std::mt19937_64 random(count);
  Rows rows;
  for (std::uint64_t i = 0; i < count; ++i) rows.push_back({key_of(random() % kKeys), value_of(i)});
  return rows;
}

void put_alone(Store& store, const Rows& rows) {
  for (const Row& row : rows) Register<>{store, row.key}.put(row.value);
}

void put_in_groups(Store& store, const Rows& rows, std::size_t size) {
  for (std::size_t from = 0; from < rows.size(); from += size) {
    store.transact([&](Transaction& txn) {
      for (std::size_t i = from; i < from + size; ++i) {
        Register<>{txn, rows[i].key}.put(rows[i].value);
      }
    });
  }
}

void remove_all(Store& store, const Rows& rows) {
  store.transact([&](Transaction& txn) {
    for (const Row& row : rows) Register<>{txn, row.key}.erase();
  });
}

void get(Store& store, const Rows& rows) {
  for (const Row& row : rows) {
    if (!Register<>{store, row.key}.get()) throw std::runtime_error("a key is not there");
  }
}

void count_store(const std::string& folder) {
  Store store = Store::open(options(folder));
  put_in_groups(store, all_rows(), 500);
  const Rows alone = some_rows(1000);
  const Rows in_50 = some_rows(2000);
  const Rows in_800 = some_rows(3200);
  count("embedded put, alone", alone.size(), [&] { put_alone(store, alone); });
  count("embedded put, groups of 50", in_50.size(), [&] { put_in_groups(store, in_50, 50); });
  count("embedded put, groups of 800", in_800.size(), [&] { put_in_groups(store, in_800, 800); });
  count("embedded get", alone.size(), [&] { get(store, alone); });
}

// New keys that come before many that were removed lately.
void count_beside_removed(const std::string& folder) {
  Store store = Store::open(options(folder));
  Rows rows = all_rows();
  put_in_groups(store, rows, 500);
  const auto half = rows.begin() + kKeys / 2;
  const Rows later(half, rows.end());
  rows.erase(half, rows.end());
  remove_all(store, rows);
  remove_all(store, later);
  Rows fresh;
  for (std::uint64_t i = 0; i < 2000; ++i) fresh.push_back({"a " + key_of(i), value_of(i)});
  count("embedded put, beside removed", fresh.size(), [&] { put_in_groups(store, fresh, 50); });
}

// Returns a value of 100 bytes that the plugin takes for a bid.
std::string bid_of(std::uint64_t number) {
  std::string bid = std::to_string(number) + ":";
  bid.resize(100, 'x');
  return bid;
}

std::string bytes_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (!file || bytes.empty()) throw std::runtime_error("cannot read " + path);
  return bytes;
}

// The value with the greatest number at its beginning.
std::string highest(const Conflict& conflict) {
  const auto number = [](const Sibling& each) { return std::strtoll(each.value.c_str(), {}, 10); };
  return std::ranges::max_element(conflict.siblings, {}, number)->value;
}

void put_and_close(const Options& options, const Rows& rows) {
  Store store = Store::open(options);
  put_in_groups(store, rows, 500);
}

// Reads of keys with two concurrent values, between which a function decides, then a plugin, if
// there is one: the first read of each key, and the next one.
void count_conflicts(const std::string& folder, const std::string& module) {
  constexpr std::uint64_t kTimes = 1000;
  Rows here;
  Rows there;
  for (std::uint64_t i = 0; i < kTimes; ++i) {
    here.push_back({key_of(i), bid_of(i)});
    there.push_back({key_of(i), bid_of(i + 1)});
  }
  Options other = options(folder + "/us");
  other.region = "us";
  put_and_close(other, there);
  Options own = options(folder + "/eu");
  put_and_close(own, here);
  {
    ForeignBatches batches(other.path, own.path, kMapBytes);
    batches.apply(batches.size());
    batches.check_all_applied();
  }
  own.functions = {Resolver("highest", highest)};
  Store store = Store::open(own);
  store.set_policy("key:", Policy::native("highest"));
  if (Register<>{store, here.front().key}.siblings().size() != 2) {
    throw std::runtime_error("there is no conflict");
  }
  count("embedded get, conflict", kTimes, [&] { get(store, here); });
  count("embedded get, kept answer", kTimes, [&] { get(store, here); });
  if (module.empty()) return;
  store.set_policy("key:", Policy::wasm1(store.add_plugin(bytes_of(module))));
  count("embedded get, plugin", kTimes, [&] { get(store, here); });
  count("embedded get, plugin, kept", kTimes, [&] { get(store, here); });
  const PluginsStatus plugins = store.status().plugins;
  if (plugins.values != kTimes) throw std::runtime_error("the plugin was not asked for each key");
}

void count_idle_turns(const std::string& folder) {
  constexpr std::uint64_t kTimes = 1000;
  const std::unique_ptr<leader::Leader> leader =
      leader::Leader::open(options(folder)).value_or_raise();
  const auto turn = [&leader] {
    for (std::uint64_t i = 0; i < kTimes; ++i) (void)leader->turn();
  };
  turn();  // Finishes the work left over from opening.
  count("idle turn", kTimes, turn);
}

// Batches of another region, each of one put, and each applied by itself.
void count_foreign_batches(const std::string& folder) {
  constexpr std::uint64_t kTimes = 1000;
  const std::string source = folder + "/us";
  {
    Store store = Store::open(options(source));
    put_in_groups(store, all_rows(), 500);
    put_alone(store, some_rows(kTimes));
  }
  ForeignBatches batches(source, folder + "/eu", kMapBytes);
  batches.apply(batches.size() - kTimes);
  count("foreign batch of one put", kTimes, [&] { batches.apply(kTimes); });
  batches.check_all_applied();
}

// The same batches, of which each tenth, or each, meets a value that was written here; with the
// conflict log, with one that is full, and without.
void count_logging(const std::string& folder) {
  constexpr std::uint64_t kTimes = 1000;
  const std::string source = folder + "/us";
  // Each key once, so that no put ends the conflict of an earlier one.
  const Rows rows = all_rows();
  const Rows written(rows.begin(), rows.begin() + kTimes);
  struct Log {
    const char* name;
    std::uint64_t bytes_max;
    std::size_t every;  // Of so many batches one meets a value.
  };
  constexpr std::array kLogs{Log{"foreign batch, 1 of 10 lost", std::uint64_t{64} << 20U, 10},
                             Log{"the same without a log", 0, 10},
                             Log{"foreign batch, lost, log full", 10'000, 1}};
  {
    Store store = Store::open(options(source));
    put_in_groups(store, rows, 500);
    put_alone(store, written);
  }
  for (const Log& log : kLogs) {
    ForeignBatches batches(source, folder + "/" + std::to_string(log.bytes_max), kMapBytes,
                           log.bytes_max);
    batches.apply(batches.size() - kTimes);
    std::vector<std::string> met;
    for (std::size_t i = 0; i < written.size(); i += log.every) met.push_back(written[i].key);
    batches.write_here(met);
    count(log.name, kTimes, [&] { batches.apply(kTimes); });
    batches.check_all_applied();
  }
}

std::string built_with() {
#if defined(__clang__)
  const std::string compiler = "clang " + std::to_string(__clang_major__);
#else
  const std::string compiler = "g++ " + std::to_string(__GNUC__);
#endif
#if defined(__x86_64__)
  return compiler + (__builtin_cpu_supports("avx2") ? ", x86_64 with AVX2" : ", x86_64");
#else
  return compiler + ", not x86_64";
#endif
}

}  // namespace
}  // namespace anabranch::bench

int main(int argc, char** argv) {
  using namespace anabranch::bench;
  if (argc != 2 && argc != 3) {
    std::cerr << "usage: cost_embedded DIRECTORY [MODULE]\n";
    return 2;
  }
  try {
    const std::string folder = argv[1];
    std::cout << built_with() << '\n';
    count_store(folder + "/store");
    count_beside_removed(folder + "/removed");
    count_conflicts(folder + "/conflicts", argc == 3 ? argv[2] : "");
    count_idle_turns(folder + "/idle");
    count_foreign_batches(folder + "/foreign");
    count_logging(folder + "/logging");
  } catch (const std::exception& error) {
    std::cerr << "cost_embedded: " << error.what() << '\n';
    return 1;
  }
}
