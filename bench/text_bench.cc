// Measures texts: a trace of 259,778 single edits through an open document, its replication, its
// size in memory and on disk, and concurrent writers at one place.
//
//   text_bench DIRECTORY [--edits N] [--letters N] [--writers N] [--seed S] [--limit RATIO]
//
// Also the cost of opening a text of 100,000 letters that were typed one by one at random places,
// each a row of its own, beside a scan of the same rows in LMDB alone. With --edits 0 that alone.
//
// Every figure is a line: row, unit and value, separated by tabs. Fails if texts differ, or if the
// opening takes more than so many times the scan.

#include <malloc.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <anabranch/anabranch.h>

#include "bench/raw_lmdb.h"
#include "bench/text_trace.h"

namespace anabranch::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Trace = std::vector<TraceBurst>;

constexpr auto kTimeout = 120s;

struct Settings {
  std::string directory;
  std::size_t edits = kTraceInserts + kTraceDeletes;
  std::size_t letters = 100'000;
  std::size_t writers = 3;  // At once, at most; 1: no measurement of such.
  double limit = 0;
  std::uint64_t seed = 1;

  [[nodiscard]] Trace trace(std::uint64_t number, std::size_t of_all) const {
    const std::size_t all = of_all * (kTraceInserts + kTraceDeletes);
    return make_trace(seed + number, kTraceInserts * edits / all, kTraceDeletes * edits / all);
  }
};

void report(const std::string& row, const std::string& unit, double value) {
  std::cout << row << '\t' << unit << '\t' << value << std::endl;
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void expect(bool holds, const char* what) {
  if (!holds) throw std::runtime_error(std::string("this does not hold: ") + what);
}

template <typename Holds>
void wait_until(const char* what, const Holds& holds) {
  const Clock::time_point begin = Clock::now();
  while (!holds()) {
    if (Clock::now() - begin > kTimeout) throw std::runtime_error(std::string("never: ") + what);
    std::this_thread::sleep_for(2ms);
  }
}

std::unique_ptr<Store> open(const Settings& settings, const std::string& region,
                            std::vector<std::string> peers,
                            std::uint64_t flush_bytes = Options{}.flush_bytes_max) {
  const std::string path = settings.directory + "/" + region;
  std::filesystem::create_directories(path);
  return std::unique_ptr<Store>(new Store(Store::open({.path = path,
                                                       .region = region,
                                                       .listen = "tcp://127.0.0.1:0",
                                                       .peers = std::move(peers),
                                                       .flush_bytes_max = flush_bytes})));
}

// Has all that a region has written in its tables on disk: a row more is put until a flush has
// begun and ended.
void write_to_tables(const Settings& settings, const std::string& region) {
  const auto store = open(settings, region, {}, std::uint64_t{1} << 20U);
  Register filler{*store, "filler"};
  const std::string value(std::size_t{64} << 10U, 'x');
  const std::uint64_t flushes = store->status().storage_flushes;
  wait_until("all is in the tables", [&] {
    filler.put(value);
    return store->status().storage_flushes >= flushes + 2;  // The first may have begun before.
  });
}

void apply(TextDocument& document, const TraceBurst& burst, std::uint64_t behind = 0) {
  document.edit([&](TextEdit& edit) {
    for (const TraceEdit& each : burst) {
      if (each.inserted != '\0') {
        edit.insert(behind + each.position, {&each.inserted, 1});
      } else {
        edit.erase(behind + each.position, 1);
      }
    }
  });
}

// Measures the memory of an open document, and the time to open it.
void measure_opening(Store& store, const std::string& text) {
  const std::size_t before = mallinfo2().uordblks;
  const Clock::time_point begin = Clock::now();
  auto document = std::make_unique<TextDocument>(store, "text");
  report("opening", "seconds", seconds_since(begin));
  expect(document->str() == text, "a document that was opened shows what was written");
  const std::size_t after = mallinfo2().uordblks;
  report("memory of an open document", "bytes/character",
         static_cast<double>(after - before) / static_cast<double>(text.size()));
}

void measure_trace(const Settings& settings) {
  const Trace trace = settings.trace(0, 1);
  const std::string text = trace_text(trace);
  std::size_t edits = 0;
  for (const TraceBurst& burst : trace) edits += burst.size();
  report("single edits", "count", static_cast<double>(edits));
  report("transactions", "count", static_cast<double>(trace.size()));
  report("characters at the end", "count", static_cast<double>(text.size()));
  {
    const auto eu = open(settings, "eu", {});
    {
      TextDocument document(*eu, "text");
      const Clock::time_point begin = Clock::now();
      for (const TraceBurst& burst : trace) apply(document, burst);
      report("trace in one region", "seconds", seconds_since(begin));
      expect(document.str() == text, "the trace makes its text");
    }
    measure_opening(*eu, text);
    const Clock::time_point begin = Clock::now();
    const auto us = open(settings, "us", {eu->status().endpoint});
    TextDocument there(*us, "text");
    wait_until("the second region has the text", [&] { return there.str() == text; });
    report("replicated to a second region that was empty", "seconds", seconds_since(begin));
    expect(Text(*us, "text").str() == text, "the rows there are the text");
  }
  write_to_tables(settings, "eu");
  const TableSize rows = size_of_table(settings.directory + "/eu", "rows");
  report("rows", "count", static_cast<double>(rows.entries));
  report("disk", "bytes/character",
         static_cast<double>(rows.bytes) / static_cast<double>(text.size()));
}

// Types letters at random places; each becomes a row.
std::string type_letters(TextDocument& document, const Settings& settings) {
  constexpr std::size_t kAtOnce = 500;
  std::mt19937_64 random(settings.seed);
  for (std::size_t left = settings.letters; left > 0;) {
    const std::size_t now = std::min(left, kAtOnce);
    document.edit([&](TextEdit& edit) {
      for (std::size_t i = 0; i < now; ++i) {
        const std::string letter(1, static_cast<char>('a' + random() % 26));
        edit.insert(random() % (edit.size() + 1), letter);
      }
    });
    left -= now;
  }
  return document.str();
}

void measure_letters(const Settings& settings) {
  std::string text;
  {
    const auto store = open(settings, "letters", {});
    TextDocument document(*store, "text");
    const Clock::time_point begin = Clock::now();
    text = type_letters(document, settings);
    report("letters typed", "seconds", seconds_since(begin));
  }
  write_to_tables(settings, "letters");
  const std::string path = settings.directory + "/letters";
  const double scan = seconds_of_scan(path, "rows");
  report("rows of the letters", "count", static_cast<double>(size_of_table(path, "rows").entries));
  report("scan of the letters in LMDB alone", "milliseconds", scan * 1000);
  const auto store = open(settings, "letters", {});
  double opening = 0;
  double bytes = 0;
  constexpr int kOpenings = 50;
  for (int i = 0; i < kOpenings; ++i) {
    const std::size_t before = mallinfo2().uordblks;
    const Clock::time_point begin = Clock::now();
    const TextDocument document(*store, "text");
    const double seconds = seconds_since(begin);
    opening = i == 0 ? seconds : std::min(opening, seconds);
    bytes = static_cast<double>(mallinfo2().uordblks - before);
    expect(document.str() == text, "a document of single letters shows what was typed");
  }
  report("opening of the letters", "milliseconds", opening * 1000);
  report("opening of the letters", "times the scan", opening / scan);
  report("memory of the letters", "bytes/letter", bytes / static_cast<double>(text.size()));
  if (settings.limit != 0) {
    expect(opening < settings.limit * scan, "opening takes less than the limit");
  }
}

// Writers in regions of their own, each on a thread, all behind the same first line.
void measure_writers(const Settings& settings, std::size_t count) {
  std::vector<std::unique_ptr<Store>> stores;
  std::vector<std::unique_ptr<TextDocument>> documents;
  for (std::size_t i = 0; i < count; ++i) {
    std::vector<std::string> peers;
    peers.reserve(stores.size());
    for (const auto& store : stores) peers.push_back(store->status().endpoint);
    stores.push_back(open(settings, "w" + std::to_string(count) + std::to_string(i), peers));
    documents.push_back(std::make_unique<TextDocument>(*stores.back(), "text"));
    if (i == 0) documents.front()->insert(0, "|");
    wait_until("all know the first line", [&] { return documents.back()->size() == 1; });
  }
  const Clock::time_point begin = Clock::now();
  std::vector<std::thread> threads;
  std::size_t characters = 1;
  for (std::size_t i = 0; i < count; ++i) {
    const Trace trace = settings.trace(i + 1, 2 * count);
    characters += trace_text(trace).size();
    threads.emplace_back([&, trace, i] {
      // Positions are taken modulo the present size: so all writers edit the same places.
      for (const TraceBurst& burst : trace) {
        documents[i]->edit([&](TextEdit& edit) {
          for (const TraceEdit& each : burst) {
            const std::uint64_t at = 1 + each.position % edit.size();
            if (each.inserted != '\0') {
              edit.insert(at, {&each.inserted, 1});
            } else if (at < edit.size()) {
              edit.erase(at, 1);
            }
          }
        });
      }
    });
  }
  for (std::thread& each : threads) each.join();
  const std::string row = std::to_string(count) + " writers at once";
  report(row, "seconds", seconds_since(begin));
  wait_until("all regions show one text", [&] {
    const std::string text = documents.front()->str();
    for (std::size_t i = 0; i < count; ++i) {
      if (documents[i]->str() != text || Text(*stores[i], "text").str() != text) return false;
    }
    return true;
  });
  report(row + ", one text", "seconds", seconds_since(begin));
}

int run(int argc, char** argv) {
  if (argc < 2 || argc % 2 != 0) {
    std::cerr << "usage: text_bench DIRECTORY [--edits N] [--letters N] [--writers N] [--seed S]"
                 " [--limit RATIO]\n";
    return 2;
  }
  Settings settings{.directory = argv[1]};
  for (int i = 2; i + 1 < argc; i += 2) {
    const std::string_view flag = argv[i];
    if (flag == "--edits") {
      settings.edits = std::stoull(argv[i + 1]);
    } else if (flag == "--letters") {
      settings.letters = std::stoull(argv[i + 1]);
    } else if (flag == "--writers") {
      settings.writers = std::stoull(argv[i + 1]);
    } else if (flag == "--limit") {
      settings.limit = std::stod(argv[i + 1]);
    } else if (flag == "--seed") {
      settings.seed = std::stoull(argv[i + 1]);
    } else {
      throw std::invalid_argument("unknown flag " + std::string(flag));
    }
  }
  measure_letters(settings);
  if (settings.edits == 0) return 0;
  measure_trace(settings);
  for (std::size_t count = 2; count <= settings.writers; ++count) measure_writers(settings, count);
  return 0;
}

}  // namespace
}  // namespace anabranch::bench

int main(int argc, char** argv) {
  try {
    return anabranch::bench::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "text_bench: " << error.what() << '\n';
    return 1;
  }
}
