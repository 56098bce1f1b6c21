// The last two minutes of a leader, second by second, for small drawings.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>

namespace anabranch::http {

// Thread-safe. Holds kSecondsMax points.
class History {
 public:
  static constexpr std::size_t kSecondsMax = 120;

  // Adds the status of a time, in milliseconds since 1970. The first one gives no point: all
  // figures are differences.
  void add(const nlohmann::ordered_json& status, std::int64_t time_ms);
  // Notes that there was no status: the next one gives no point either.
  void add_gap();

  // Returns one array for each figure, all of the same length, the newest last: time_ms; per second
  // writes (operations of this leader), reads (keys looked up by Redis clients; null of an embedded
  // store), applied (operations of other leaders), commits; and, at that time, behind_ms and
  // behind_ops (the greatest and the sum over all peers) and connected (peers).
  [[nodiscard]] nlohmann::ordered_json json() const;

 private:
  // Figures that only grow.
  struct Sums {
    std::int64_t time_ms = 0;
    std::uint64_t written = 0;
    std::uint64_t applied = 0;
    std::uint64_t commits = 0;
    std::optional<std::uint64_t> read = {};
  };
  struct Point {
    std::int64_t time_ms = 0;
    double writes = 0;
    double applied = 0;
    double commits = 0;
    std::optional<double> reads = {};
    std::int64_t behind_ms = 0;
    std::uint64_t behind_ops = 0;
    std::uint64_t connected = 0;
  };

  static Sums sums_of(const nlohmann::ordered_json& status, std::int64_t time_ms);

  mutable std::mutex mutex_;
  std::optional<Sums> last_;
  std::deque<Point> points_;
};

}  // namespace anabranch::http
