// Measures what one element of a large collection costs beside one of a small collection: in a set,
// a map and a sorted set, each single act on a store of its own.
//
//   size_bench DIRECTORY [SIZE ...]
//
// The sizes are 1000 and 1000000 unless others are given. Prints a table: the median time of each
// act in microseconds, and the ratio of the last size to the first. A write is a transaction of its
// own, so most of its time is its sync; "of 100" is a write in a transaction of 100.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <iomanip>
#include <iostream>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/anabranch.h>

namespace anabranch::bench {
namespace {

constexpr int kTimes = 101;
constexpr int kTimesOfHundred = 5;
constexpr std::size_t kPage = 100;

using Random = std::mt19937_64;
using Act = std::function<void(Scope&, std::uint64_t size, Random&)>;

struct Measured {
  std::string name;
  bool writes;
  Act act;
};
struct Collection {
  std::string name;
  std::function<void(Scope&, std::uint64_t)> fill;  // With one element.
  std::vector<Measured> acts;
};

std::string name_of(std::uint64_t element) {
  std::string digits = std::to_string(element * 0x9E3779B97F4A7C15U);
  return digits.insert(0, 20 - digits.size(), '0');
}
// Elements are counted from 0; these are not there yet.
std::string fresh(Random& random) { return name_of((random() >> 8U) | std::uint64_t{1} << 40U); }
std::string any(std::uint64_t size, Random& random) { return name_of(random() % size); }

// Each time another one, so that a thousand in a row are all there.
std::string next(std::uint64_t size) {
  static std::uint64_t removed = 0;
  return name_of(removed++ % size);
}

Collection set() {
  const auto at = [](Scope& scope) { return Set<>{scope, "set"}; };
  return {"set",
          [=](Scope& s, std::uint64_t i) { at(s).insert(name_of(i)); },
          {{"add", true, [=](Scope& s, std::uint64_t, Random& r) { at(s).insert(fresh(r)); }},
           {"remove", true, [=](Scope& s, std::uint64_t n, Random&) { at(s).erase(next(n)); }},
           {"test", false,
            [=](Scope& s, std::uint64_t n, Random& r) { (void)at(s).contains(any(n, r)); }},
           {"count", false, [=](Scope& s, std::uint64_t, Random&) { (void)at(s).size(); }},
           {"page", false, [=](Scope& s, std::uint64_t n, Random& r) {
              (void)at(s).elements(Span::after(any(n, r)), kPage);
            }}}};
}

Collection map() {
  const auto at = [](Scope& scope) { return Map{scope, "map"}; };
  const auto put = [=](Scope& s, const std::string& field) {
    at(s).at<Register<>>(field).put("value");
  };
  return {"map",
          [=](Scope& s, std::uint64_t i) { put(s, name_of(i)); },
          {{"add", true, [=](Scope& s, std::uint64_t, Random& r) { put(s, fresh(r)); }},
           {"remove", true, [=](Scope& s, std::uint64_t n, Random&) { at(s).erase(next(n)); }},
           {"test", false,
            [=](Scope& s, std::uint64_t n, Random& r) { (void)at(s).contains(any(n, r)); }},
           {"count", false, [=](Scope& s, std::uint64_t, Random&) { (void)at(s).size(); }},
           {"page", false, [=](Scope& s, std::uint64_t n, Random& r) {
              (void)at(s).fields(Span::after(any(n, r)), kPage);
            }}}};
}

Collection sorted_set() {
  const auto at = [](Scope& scope) { return SortedSet<>{scope, "scores"}; };
  const auto score = [](std::uint64_t i) { return static_cast<double>(i * 7919 % 1'000'003); };
  return {
      "sorted set",
      [=](Scope& s, std::uint64_t i) { at(s).put(name_of(i), score(i)); },
      {{"add", true, [=](Scope& s, std::uint64_t, Random& r) { at(s).put(fresh(r), score(r())); }},
       {"increment", true,
        [=](Scope& s, std::uint64_t n, Random& r) { at(s).add(any(n, r), score(r())); }},
       {"remove", true, [=](Scope& s, std::uint64_t n, Random&) { at(s).erase(next(n)); }},
       {"test", false,
        [=](Scope& s, std::uint64_t n, Random& r) { (void)at(s).contains(any(n, r)); }},
       {"rank", false, [=](Scope& s, std::uint64_t n, Random& r) { (void)at(s).rank(any(n, r)); }},
       {"count", false, [=](Scope& s, std::uint64_t, Random&) { (void)at(s).size(); }},
       {"count of scores", false,
        [=](Scope& s, std::uint64_t, Random& r) { (void)at(s).count({.min = score(r())}); }},
       {"page by rank", false,
        [=](Scope& s, std::uint64_t n, Random& r) {
          const std::uint64_t from = r() % n;
          (void)at(s).range_by_rank(from, from + kPage);
        }},
       {"page by score", false, [=](Scope& s, std::uint64_t, Random& r) {
          (void)at(s).range({.min = score(r())}, kPage);
        }}}};
}

void fill(Store& store, const Collection& collection, std::uint64_t size) {
  constexpr std::uint64_t kGroup = 1000;
  for (std::uint64_t from = 0; from < size; from += kGroup) {
    store.transact([&](Transaction& txn) {
      for (std::uint64_t i = from; i < std::min(size, from + kGroup); ++i) collection.fill(txn, i);
    });
  }
}

double microseconds(const std::function<void()>& function) {
  const auto from = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count();
}

double median(int times, const std::function<double()>& sample) {
  std::vector<double> samples;
  for (int i = 0; i < times; ++i) samples.push_back(sample());
  std::ranges::nth_element(samples, samples.begin() + times / 2);
  return samples[static_cast<std::size_t>(times / 2)];
}

using Row = std::pair<std::string, double>;

std::vector<Row> measure(const Collection& collection, std::uint64_t size,
                         const std::string& directory) {
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  Store store = Store::open({.path = directory, .region = "eu"});
  fill(store, collection, size);
  Random random(size);
  std::vector<Row> rows;
  std::vector<Measured> acts = collection.acts;
  std::ranges::stable_partition(acts, [](const Measured& each) { return !each.writes; });
  for (const Measured& each : acts) {
    const auto once = [&] { return microseconds([&] { each.act(store, size, random); }); };
    rows.emplace_back(collection.name + ", " + each.name, median(kTimes, once));
    if (!each.writes) continue;
    const auto hundred = [&] {
      return microseconds([&] {
               store.transact([&](Transaction& txn) {
                 for (int i = 0; i < 100; ++i) each.act(txn, size, random);
               });
             }) /
             100;
    };
    rows.emplace_back(rows.back().first + ", of 100", median(kTimesOfHundred, hundred));
  }
  return rows;
}

void compare(const Collection& collection, const std::vector<std::uint64_t>& sizes,
             const std::string& directory) {
  std::vector<std::vector<Row>> columns;
  for (const std::uint64_t size : sizes) {
    columns.push_back(measure(collection, size, directory + "/size"));
  }
  for (std::size_t row = 0; row < columns.front().size(); ++row) {
    std::cout << std::left << std::setw(30) << columns.front()[row].first << std::right
              << std::fixed << std::setprecision(1);
    for (const auto& column : columns) std::cout << std::setw(12) << column[row].second;
    std::cout << std::setw(8) << std::setprecision(2)
              << columns.back()[row].second / columns.front()[row].second << std::endl;
  }
}

void run(const std::string& directory, const std::vector<std::uint64_t>& sizes) {
  std::cout << std::left << std::setw(30) << "microseconds at" << std::right;
  for (const std::uint64_t size : sizes) std::cout << std::setw(12) << size;
  std::cout << std::setw(8) << "ratio" << std::endl;
  for (const Collection& each : {set(), map(), sorted_set()}) compare(each, sizes, directory);
}

}  // namespace
}  // namespace anabranch::bench

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::cerr << "usage: size_bench DIRECTORY [SIZE ...]\n";
    return 2;
  }
  std::vector<std::uint64_t> sizes;
  for (int i = 2; i < argc; ++i) sizes.push_back(std::stoull(argv[i]));
  if (sizes.empty()) sizes = {1000, 1'000'000};
  anabranch::bench::run(argv[1], sizes);
  return 0;
} catch (const std::exception& error) {
  std::cerr << "size_bench: " << error.what() << '\n';
  return 1;
}
