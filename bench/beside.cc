#include "bench/beside.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "bench/sides.h"

namespace anabranch::bench {
namespace {

constexpr std::size_t kGroup = 50;

// Puts rows until the store begins to write memory to its tables.
void put_until_flush(Store& store, std::uint64_t keys, Random& random) {
  while (!flushes(store)) put_group(store, random, keys, kGroup);
}

// A thread that writes until it is destroyed.
class Writer {
 public:
  explicit Writer(std::function<void(Random&)> write)
      : thread_([this, write = std::move(write)] {
          Random random;
          while (!ends_) write(random);
        }) {}
  ~Writer() {
    ends_ = true;
    thread_.join();
  }
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

 private:
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

// Reads the value at the key of this number, and throws when it is not there.
using Get = std::function<void(int thread, std::uint64_t number)>;

// Gets by several threads for the time of a sample, at random numbers of the upper half.
void measure_gets(const Settings& settings, const std::string& row, const std::string& side,
                  int threads, const Get& get) {
  std::vector<std::vector<double>> times(static_cast<std::size_t>(threads));
  const double rate = per_second(threads, settings.seconds, [&](int thread, Random& random) {
    const Clock::time_point begin = Clock::now();
    get(thread, settings.keys / 2 + random() % (settings.keys / 2));
    times[static_cast<std::size_t>(thread)].push_back(seconds_since(begin) * 1000);
    return 1;
  });
  std::vector<double> all;
  for (const std::vector<double>& each : times) all.insert(all.end(), each.begin(), each.end());
  report(row, side, "ops/s", rate);
  report(row + ", p99", side, "ms", percentile(all, 0.99));
  report(row + ", longest", side, "ms", percentile(all, 1));
}

void expect(std::size_t value_bytes) {
  if (value_bytes != kValueBytes) throw std::runtime_error("a value that was written is not there");
}

}  // namespace

void measure_gets_beside_puts(const Settings& settings, int threads) {
  Sides sides(settings);
  const std::uint64_t written = settings.keys / 2;
  {
    Random random;
    put_until_flush(sides.store, written, random);
    await_flush(sides.store);
  }
  std::vector<RawLmdb::Reader> readers;
  readers.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) readers.emplace_back(sides.raw);
  const Get raw_get = [&](int thread, std::uint64_t number) {
    expect(readers[static_cast<std::size_t>(thread)].get(key_of(number)).size());
  };
  const Get get = [&](int, std::uint64_t number) {
    expect(Register<>{sides.store, key_of(number)}.get().value_or("").size());
  };
  const std::string row = "get while one writes, " + threads_text(threads);
  for (int round = 0; round < settings.rounds; ++round) {
    {
      const Writer writer([&](Random& random) { put_group(sides.raw, random, written, kGroup); });
      measure_gets(settings, row, "LMDB", threads, raw_get);
    }
    {
      const Writer writer([&](Random& random) { put_group(sides.store, random, written, kGroup); });
      measure_gets(settings, row, "anabranch", threads, get);
    }
    await_flush(sides.store);
  }
}

namespace {

// A file of zeros, overwritten from its beginning, each write synced: the least that a synced write
// costs on this disk.
class SyncedFile {
 public:
  explicit SyncedFile(const std::string& path)
      : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, kMode)) {
    const std::string zeros(kBytes, '\0');
    write(zeros, 0);
  }
  ~SyncedFile() { ::close(file_); }
  SyncedFile(const SyncedFile&) = delete;
  SyncedFile& operator=(const SyncedFile&) = delete;

  void append() {
    write(std::string(kWrite, 'x'), at_);
    at_ = (at_ + kWrite) % kBytes;
  }

 private:
  static constexpr mode_t kMode = 0600;
  static constexpr std::size_t kBytes = std::size_t{16} << 20U;
  static constexpr std::size_t kWrite = 512;  // As much as a put writes to the log, about.

  void write(const std::string& bytes, std::size_t at) const {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(at));
    if (written == static_cast<ssize_t>(bytes.size()) && ::fdatasync(file_) == 0) return;
    throw std::system_error(errno, std::generic_category(), "a write that is synced");
  }

  int file_;
  std::size_t at_ = 0;
};

// Calls the function as long as `more` returns true; returns the milliseconds of each call.
template <typename More, typename Write>
std::vector<double> times_of(const More& more, const Write& write) {
  std::vector<double> times;
  while (more(times.size())) {
    const Clock::time_point begin = Clock::now();
    write();
    times.push_back(seconds_since(begin) * 1000);
  }
  return times;
}

}  // namespace

void measure_flush(const Settings& settings) {
  Store store = Store::open({.path = settings.directory + "/store",
                             .region = "eu",
                             .flush_bytes_max = settings.flush_bytes});
  SyncedFile file(settings.directory + "/synced");
  Random random;
  fill(store, settings.keys);
  const auto enough = [&](std::size_t done) {
    return done < static_cast<std::size_t>(settings.lag_writes);
  };
  const auto put = [&] { put_group(store, random, settings.keys, 1); };
  for (int round = 0; round < settings.rounds; ++round) {
    std::vector<double> disk = times_of(enough, [&] { file.append(); });
    std::vector<double> outside = times_of(enough, put);
    put_until_flush(store, settings.keys, random);
    // At least one, should the flush end at once.
    std::vector<double> inside =
        times_of([&](std::size_t done) { return done == 0 || flushes(store); }, put);
    const double base = percentile(disk, 0.99);
    report("put, p99 outside a flush", "sync of 512 bytes", "ms", base);
    report("put, p99 outside a flush", "anabranch", "ms", percentile(outside, 0.99));
    report("put, p99 in a flush", "sync of 512 bytes", "ms", base);
    report("put, p99 in a flush", "anabranch", "ms", percentile(inside, 0.99));
    report("put in a flush, longest", "anabranch", "ms", percentile(inside, 1));
  }
}

}  // namespace anabranch::bench
