// Measures the cost of one element of a large collection beside one of a small collection: in a
// set, a map and a sorted set, each operation on a store of its own.
//
//   size_bench DIRECTORY [--limit RATIO] [--only NAME] [SIZE ...]
//
// The sizes are 1000 and 1000000 by default. Prints a table: for each size the least, median and
// greatest time of an operation in microseconds over all rounds, and the median of the ratios of
// the last size to the first within one round. A write is a transaction of its own, so most of its
// time is its sync; "of 100" is a write in a transaction of 100. The first rows are LMDB alone,
// with keys and values as long as those of the set: the cost of memory and of the storage's tree at
// each size, without any code above.
//
// With a limit it fails if an operation grows by more than that factor over the growth of a lookup
// in LMDB alone in the same run; least times are compared, since a busy machine changes them least.
// Rows "of 100" are not limited.
// With a name it measures the rows whose names begin with it, such as "sorted set, rank".

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <anabranch/anabranch.h>

#include "bench/raw_lmdb.h"

namespace anabranch::bench {
namespace {

constexpr int kRounds = 5;
constexpr double kReadMicroseconds = 20'000;  // A sample of a reading operation.
constexpr std::size_t kReadsAtOnce = 32;      // Between two readings of the clock.
constexpr int kWrites = 21;
constexpr int kWritesOfHundred = 3;
constexpr std::size_t kPage = 100;
constexpr double kScores = 1'000'003;
constexpr std::size_t kRowBytes = 15;  // Of an element of a set.

using Random = std::mt19937_64;

std::string name_of(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return digits.insert(0, 20 - digits.size(), '0');
}

// The input of an operation, made before its time is taken.
struct Argument {
  std::string name;
  double score = 0;
  std::uint64_t rank = 0;
};
enum class Which : std::uint8_t { kAny, kNew, kAdded };

// The elements of one collection: the initial ones, in the order of their names and, in a sorted
// set, of their scores; and those added later.
class Elements {
 public:
  explicit Elements(std::uint64_t size) : size_(size), random_(size) {}

  [[nodiscard]] std::uint64_t size() const { return size_; }

  [[nodiscard]] Argument at(std::uint64_t i) const {
    const std::uint64_t step = UINT64_MAX / size_;
    const std::uint64_t scatter = i * 0x9E3779B97F4A7C15U % step;
    return {name_of(i * step + scatter),
            kScores * static_cast<double>(i) / static_cast<double>(size_), i};
  }

  Argument choose(Which which) {
    Argument chosen = at(random_() % size_);
    if (which == Which::kNew) added_.push_back(chosen.name = name_of(random_()));
    if (which == Which::kAdded) {
      chosen.name = std::move(added_.front());
      added_.pop_front();
    }
    // A new score.
    chosen.score = std::uniform_real_distribution(0.0, kScores)(random_);
    return chosen;
  }

 private:
  std::uint64_t size_;
  Random random_;
  std::deque<std::string> added_;  // Added and not removed yet.
};

struct Measured {
  using Act = std::function<void(Scope&, const Argument&)>;
  std::string name;
  Which which;
  bool writes;
  Act act;
};
struct Collection {
  std::string name;
  Measured::Act fill;  // Adds one element.
  std::vector<Measured> acts;
};

Collection set() {
  const auto at = [](Scope& scope) { return Set<>{scope, "set"}; };
  const auto insert = [=](Scope& s, const Argument& a) { at(s).insert(a.name); };
  return {
      "set",
      insert,
      {{"test", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).contains(a.name); }},
       {"count", Which::kAny, false, [=](Scope& s, const Argument& /*a*/) { (void)at(s).size(); }},
       {"page", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).elements(Span::after(a.name), kPage); }},
       {"add", Which::kNew, true, insert},
       {"remove", Which::kAdded, true, [=](Scope& s, const Argument& a) { at(s).erase(a.name); }}}};
}

Collection map() {
  const auto at = [](Scope& scope) { return Map{scope, "map"}; };
  const auto put = [=](Scope& s, const Argument& a) { at(s).at<Register<>>(a.name).put("value"); };
  return {
      "map",
      put,
      {{"test", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).contains(a.name); }},
       {"get", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).at<Register<>>(a.name).get(); }},
       {"count", Which::kAny, false, [=](Scope& s, const Argument& /*a*/) { (void)at(s).size(); }},
       {"page", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).fields(Span::after(a.name), kPage); }},
       {"add", Which::kNew, true, put},
       {"remove", Which::kAdded, true, [=](Scope& s, const Argument& a) { at(s).erase(a.name); }}}};
}

Collection sorted_set() {
  const auto at = [](Scope& scope) { return SortedSet<>{scope, "scores"}; };
  const auto put = [=](Scope& s, const Argument& a) { at(s).put(a.name, a.score); };
  return {
      "sorted set",
      put,
      {{"test", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).contains(a.name); }},
       {"score", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).score(a.name); }},
       {"rank", Which::kAny, false, [=](Scope& s, const Argument& a) { (void)at(s).rank(a.name); }},
       {"count", Which::kAny, false, [=](Scope& s, const Argument& /*a*/) { (void)at(s).size(); }},
       {"count of scores", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).count({.min = a.score}); }},
       {"page by rank", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).range_by_rank(a.rank, a.rank + kPage); }},
       {"page by score", Which::kAny, false,
        [=](Scope& s, const Argument& a) { (void)at(s).range({.min = a.score}, kPage); }},
       {"add", Which::kNew, true, put},
       {"increment", Which::kAny, true,
        [=](Scope& s, const Argument& a) { at(s).add(a.name, a.score); }},
       {"remove", Which::kAdded, true, [=](Scope& s, const Argument& a) { at(s).erase(a.name); }}}};
}

double microseconds(const std::function<void()>& function) {
  const auto from = std::chrono::steady_clock::now();
  function();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - from).count();
}

double median(std::vector<double> samples) {
  const auto middle = samples.begin() + static_cast<std::ptrdiff_t>(samples.size() / 2);
  std::ranges::nth_element(samples, middle);
  return *middle;
}

// Returns the time of a reading operation: the median of many short runs, since in most of them no
// other process had the processor.
double sample_reads(const std::function<Argument()>& choose,
                    const std::function<void(const Argument&)>& act) {
  std::vector<double> samples;
  std::vector<Argument> arguments(kReadsAtOnce);
  for (double total = 0; total < kReadMicroseconds; total += samples.back()) {
    std::ranges::generate(arguments, choose);
    samples.push_back(microseconds([&] { std::ranges::for_each(arguments, act); }));
  }
  return median(std::move(samples)) / kReadsAtOnce;
}

// Returns the median time of `transactions` transactions of `writes` writes each, per write.
double sample_writes(Store& store, Elements& elements, const Measured& measured, int transactions,
                     std::size_t writes) {
  std::vector<double> samples;
  std::vector<Argument> arguments(writes);
  for (int i = 0; i < transactions; ++i) {
    std::ranges::generate(arguments, [&] { return elements.choose(measured.which); });
    const auto all = [&](Scope& scope) {
      for (const Argument& each : arguments) measured.act(scope, each);
    };
    samples.push_back(microseconds([&] { writes == 1 ? all(store) : store.transact(all); }) /
                      static_cast<double>(writes));
  }
  return median(std::move(samples));
}

// ---- The table.

// One row of the table: the times of an operation by size and round.
struct Line {
  std::string name;
  bool limited = true;
  std::vector<std::vector<double>> times;

  // The ratio of the least times.
  [[nodiscard]] double least_ratio() const {
    return std::ranges::min(times.back()) / std::ranges::min(times.front());
  }
  [[nodiscard]] double ratio() const {
    std::vector<double> ratios;
    for (std::size_t round = 0; round < times.front().size(); ++round) {
      ratios.push_back(times.back()[round] / times.front()[round]);
    }
    return median(std::move(ratios));
  }
};

void print(const Line& line) {
  std::cout << std::left << std::setw(29) << line.name << std::right << std::fixed;
  for (const std::vector<double>& at_size : line.times) {
    const auto [least, greatest] = std::ranges::minmax(at_size);
    std::cout << "  ";
    for (const double each : {least, median(at_size), greatest}) {
      std::cout << std::setw(9) << std::setprecision(each < 100 ? 2 : 0) << each;
    }
  }
  std::cout << std::setw(8) << std::setprecision(2) << line.ratio() << std::endl;
}

using Lines = std::vector<Line>;

// ---- The collections.

// Calls function(i) for all elements in the order of their insertion into a collection: twice along
// the names, so that pages are split as in any order, yet the second half comes soon.
void for_each_to_fill(std::uint64_t size, const std::function<void(std::uint64_t)>& function) {
  for (const std::uint64_t first : {0, 1}) {
    for (std::uint64_t i = first; i < size; i += 2) function(i);
  }
}

// One collection of one size, in a store of its own.
class Filled {
 public:
  Filled(const Collection& collection, std::uint64_t size, const std::string& directory)
      : elements_(size), store_(Store::open({.path = directory, .region = "eu"})) {
    std::vector<std::uint64_t> group;
    const auto write = [&] {
      store_.transact([&](Transaction& txn) {
        for (const std::uint64_t i : group) collection.fill(txn, elements_.at(i));
      });
      group.clear();
    };
    for_each_to_fill(size, [&](std::uint64_t i) {
      group.push_back(i);
      if (group.size() == kGroup) write();
    });
    if (!group.empty()) write();
  }

  double sample(const Measured& measured) {
    if (measured.writes) return sample_writes(store_, elements_, measured, kWrites, 1);
    return sample_reads([&] { return elements_.choose(measured.which); },
                        [&](const Argument& argument) { measured.act(store_, argument); });
  }
  double sample_of_hundred(const Measured& measured) {
    return sample_writes(store_, elements_, measured, kWritesOfHundred, 100);
  }

 private:
  static constexpr std::size_t kGroup = 1000;
  Elements elements_;
  Store store_;
};

std::string new_directory(const std::string& directory, std::uint64_t size) {
  std::string path = directory + "/" + std::to_string(size);
  std::filesystem::remove_all(path);
  std::filesystem::create_directories(path);
  return path;
}

Lines measure(const Collection& collection, const std::vector<std::uint64_t>& sizes,
              const std::string& directory) {
  std::deque<Filled> filled;
  for (const std::uint64_t size : sizes) {
    filled.emplace_back(collection, size, new_directory(directory, size));
  }
  Lines lines;
  for (const Measured& each : collection.acts) {
    const std::string name = collection.name + ", " + each.name;
    lines.push_back({name, true, std::vector<std::vector<double>>(sizes.size())});
    if (each.writes) lines.push_back({name + ", of 100", false, lines.back().times});
  }
  for (int round = 0; round < kRounds; ++round) {
    auto line = lines.begin();
    for (const Measured& each : collection.acts) {
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        line->times[i].push_back(filled[i].sample(each));
      }
      ++line;
      if (!each.writes) continue;
      for (std::size_t i = 0; i < sizes.size(); ++i) {
        line->times[i].push_back(filled[i].sample_of_hundred(each));
      }
      ++line;
    }
  }
  return lines;
}

// LMDB alone, with rows like those of a set.
class FilledLmdb {
 public:
  FilledLmdb(std::uint64_t size, const std::string& directory)
      : elements_(size), lmdb_(directory), reader_(lmdb_) {
    constexpr std::size_t kGroup = 10'000;
    std::vector<RawRow> group;
    for_each_to_fill(size, [&](std::uint64_t i) {
      group.push_back(row_of(elements_.at(i)));
      if (group.size() < kGroup) return;
      lmdb_.write_group(group);
      group.clear();
    });
    lmdb_.write_group(group);
  }

  double sample_get() {
    const auto choose = [&] {
      Argument argument = elements_.choose(Which::kAny);
      argument.name = key_of(argument.name);
      return argument;
    };
    return sample_reads(choose, [&](const Argument& key) { (void)reader_.get(key.name); });
  }
  double sample_put(int transactions, std::size_t puts) {
    std::vector<double> samples;
    for (int i = 0; i < transactions; ++i) {
      std::vector<RawRow> rows(puts);
      std::ranges::generate(rows, [&] { return row_of(elements_.choose(Which::kNew)); });
      samples.push_back(microseconds([&] { lmdb_.write_group(rows); }) / static_cast<double>(puts));
    }
    return median(std::move(samples));
  }

 private:
  static std::string key_of(const std::string& name) {
    return std::string(Key("set").element(name, Type::kSet).encoded());
  }
  static RawRow row_of(const Argument& argument) {
    return {key_of(argument.name), std::string(kRowBytes, 'v')};
  }

  Elements elements_;
  RawLmdb lmdb_;
  RawLmdb::Reader reader_;
};

Lines measure_lmdb(const std::vector<std::uint64_t>& sizes, const std::string& directory) {
  std::deque<FilledLmdb> filled;
  for (const std::uint64_t size : sizes) filled.emplace_back(size, new_directory(directory, size));
  Lines lines;
  for (const char* name : {"get", "put", "put, of 100"}) {
    lines.push_back({std::string("LMDB alone, ") + name, false, {}});
    lines.back().times.resize(sizes.size());
  }
  for (int round = 0; round < kRounds; ++round) {
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      lines[0].times[i].push_back(filled[i].sample_get());
      lines[1].times[i].push_back(filled[i].sample_put(kWrites, 1));
      lines[2].times[i].push_back(filled[i].sample_put(kWritesOfHundred, 100));
    }
  }
  return lines;
}

struct Choice {
  std::string directory;
  std::vector<std::uint64_t> sizes;
  std::optional<double> limit;
  std::string only;
};

// Returns whether all limited rows are within the limit.
bool run(const Choice& choice) {
  std::cout << std::left << std::setw(29) << "microseconds at" << std::right;
  for (const std::uint64_t size : choice.sizes) std::cout << std::setw(29) << size;
  std::cout << std::setw(8) << "ratio" << std::endl;
  const Lines lmdb = measure_lmdb(choice.sizes, choice.directory);
  std::ranges::for_each(lmdb, print);
  const double unavoidable = std::max(1.0, lmdb.front().least_ratio());
  bool within = true;
  for (Collection each : {set(), map(), sorted_set()}) {
    std::erase_if(each.acts, [&](const Measured& act) {
      return !(each.name + ", " + act.name).starts_with(choice.only);
    });
    if (each.acts.empty()) continue;
    for (const Line& line : measure(each, choice.sizes, choice.directory)) {
      print(line);
      if (!choice.limit || !line.limited) continue;
      if (line.least_ratio() <= *choice.limit * unavoidable) continue;
      within = false;
      std::cout << "  grows over " << *choice.limit << " times as much as LMDB alone" << std::endl;
    }
  }
  return within;
}

}  // namespace
}  // namespace anabranch::bench

int main(int argc, char** argv) try {
  if (argc < 2) {
    std::cerr << "usage: size_bench DIRECTORY [--limit RATIO] [--only NAME] [SIZE ...]\n";
    return 2;
  }
  anabranch::bench::Choice choice{argv[1], {}, {}, {}};
  for (int i = 2; i < argc; ++i) {
    const std::string word = argv[i];
    if (word == "--limit" && i + 1 < argc) {
      choice.limit = std::stod(argv[++i]);
    } else if (word == "--only" && i + 1 < argc) {
      choice.only = argv[++i];
    } else {
      choice.sizes.push_back(std::stoull(word));
    }
  }
  if (choice.sizes.empty()) choice.sizes = {1000, 1'000'000};
  return anabranch::bench::run(choice) ? 0 : 1;
} catch (const std::exception& error) {
  std::cerr << "size_bench: " << error.what() << '\n';
  return 1;
}
