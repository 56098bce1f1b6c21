#include "bench/sides.h"

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <thread>
#include <vector>

namespace anabranch::bench {
namespace {

using namespace std::chrono_literals;

std::string folder(const Settings& settings, const char* name) {
  std::string path = settings.directory + "/" + name;
  std::filesystem::create_directories(path);
  return path;
}

// Calls the function with the rows of all keys, some at a time.
template <typename Write>
void for_groups(std::uint64_t keys, const Write& write) {
  constexpr std::uint64_t kGroup = 1000;
  for (std::uint64_t from = 0; from < keys; from += kGroup) {
    std::vector<RawRow> rows;
    for (std::uint64_t i = from; i < std::min(from + kGroup, keys); ++i) {
      rows.push_back({key_of(i), value_of(i)});
    }
    write(rows);
  }
}

}  // namespace

Sides::Sides(const Settings& settings, Durability durability)
    : raw(folder(settings, "raw"), durability == Durability::kSync),
      store(Store::open({.path = folder(settings, "store"),
                         .region = "eu",
                         .durability = durability,
                         .flush_bytes_max = settings.flush_bytes})) {
  for_groups(settings.keys, [&](const std::vector<RawRow>& rows) { raw.write_group(rows); });
  fill(store, settings.keys);
}

Side Sides::raw_puts(const Settings& settings, std::size_t group) {
  return {"LMDB, groups of " + std::to_string(group), 1,
          [this, group, keys = settings.keys](int, Random& random) {
            put_group(raw, random, keys, group);
            return group;
          }};
}

Side Sides::puts(const Settings& settings, std::size_t group) {
  return {"anabranch", 1,
          [this, group, keys = settings.keys](int, Random& random) {
            put_group(store, random, keys, group);
            return group;
          },
          [this] { await_flush(store); }};
}

void fill(Store& store, std::uint64_t keys) {
  for_groups(keys, [&](const std::vector<RawRow>& rows) {
    store.transact([&](Transaction& txn) {
      for (const RawRow& row : rows) Register<>{txn, row.key}.put(row.value);
    });
  });
  await_flush(store);
}

void put_group(Store& store, Random& random, std::uint64_t keys, std::size_t group) {
  if (group == 1) {
    Register<>{store, key_of(random() % keys)}.put(value_of(random()));
    return;
  }
  store.transact([&](Transaction& txn) {
    for (std::size_t i = 0; i < group; ++i) {
      Register<>{txn, key_of(random() % keys)}.put(value_of(random()));
    }
  });
}

void put_group(RawLmdb& raw, Random& random, std::uint64_t keys, std::size_t group) {
  std::vector<RawRow> rows(group);
  for (RawRow& row : rows) row = {key_of(random() % keys), value_of(random())};
  raw.write_group(rows);
}

bool flushes(const Store& store) { return store.status().storage_flushing; }

void await_flush(const Store& store) {
  constexpr auto kLimit = 60s;
  const Clock::time_point begin = Clock::now();
  while (flushes(store)) {
    if (Clock::now() - begin > kLimit) throw std::runtime_error("a flush does not end");
    std::this_thread::sleep_for(1ms);
  }
}

std::string rows_text(std::uint64_t rows) {
  constexpr std::size_t kDigits = 3;
  std::string text = std::to_string(rows);
  for (std::size_t at = text.size(); at > kDigits;) text.insert(at -= kDigits, ",");
  return text + " rows";
}

std::string threads_text(int threads) {
  return std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

}  // namespace anabranch::bench
