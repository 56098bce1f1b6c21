#include "bench/text_trace.h"

#include <algorithm>
#include <random>

namespace anabranch::bench {

namespace {

class Writer {
 public:
  Writer(std::uint64_t seed, std::size_t inserts, std::size_t deletes)
      : random_(seed), inserts_(inserts), deletes_(deletes) {}

  std::vector<TraceBurst> write() {
    while (inserts_ > 0 || deletes_ > 0) {
      if (size_ > 0 && chance(0.25)) jump();
      burst_.clear();
      if (inserts_ == 0 || (size_ > 400 && chance(0.1))) {
        delete_back(around(30));  // A selection, or a word.
      } else {
        type(around(22));
        if (chance(0.6)) {
          delete_back(around(11));
          type(around(10));
        }
      }
      if (!burst_.empty()) bursts_.push_back(burst_);
    }
    return std::move(bursts_);
  }

 private:
  bool chance(double probability) {
    return std::uniform_real_distribution<double>()(random_) < probability;
  }
  std::size_t below(std::size_t size) { return random_() % size; }
  // Returns 1 or more, `mean` on average.
  std::size_t around(double mean) {
    return 1 + std::geometric_distribution<std::size_t>(1 / mean)(random_);
  }

  void jump() {
    if (chance(0.3)) {
      cursor_ = size_;
    } else if (chance(0.7)) {
      cursor_ -= std::min(cursor_, around(300));
    } else {
      cursor_ = below(size_ + 1);
    }
  }

  void type(std::size_t count) {
    for (count = std::min(count, inserts_); count > 0; --count, --inserts_) {
      const char letter = chance(0.17) ? ' ' : static_cast<char>('a' + below(26));
      burst_.push_back({static_cast<std::uint32_t>(cursor_++), letter});
      ++size_;
    }
  }

  void delete_back(std::size_t count) {
    if (cursor_ == 0) cursor_ = size_;
    for (count = std::min({count, deletes_, cursor_}); count > 0; --count, --deletes_) {
      burst_.push_back({static_cast<std::uint32_t>(--cursor_)});
      --size_;
    }
  }

  std::mt19937_64 random_;
  std::size_t inserts_;
  std::size_t deletes_;
  std::size_t size_ = 0;
  std::size_t cursor_ = 0;
  TraceBurst burst_;
  std::vector<TraceBurst> bursts_;
};

}  // namespace

std::vector<TraceBurst> make_trace(std::uint64_t seed, std::size_t inserts, std::size_t deletes) {
  return Writer(seed, inserts, deletes).write();
}

std::string trace_text(const std::vector<TraceBurst>& bursts) {
  std::string text;
  for (const TraceBurst& burst : bursts) {
    for (const TraceEdit& edit : burst) {
      if (edit.inserted != '\0') {
        text.insert(text.begin() + edit.position, edit.inserted);
      } else {
        text.erase(edit.position, 1);
      }
    }
  }
  return text;
}

}  // namespace anabranch::bench
