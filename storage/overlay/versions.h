// The published versions of some state: one writer publishes, and any number of readers hold the
// newest one each for as long as they like, without waiting for the writer or for each other.
//
// A reader notes the number of the newest version in a place of its own, takes the newest version,
// and begins again if the number has changed meanwhile. So a reader with the number n holds version
// n, or version n + 1: the writer makes a version the newest one before it raises the number, and
// the reader may have come in between.
//
// The writer uses memory again that was part of the versions from one number to another once no
// reader can hold one of these. Readers of other versions do not count: one that stays for hours
// keeps what it can see itself, and nothing that came and went since. (Epoch-based reclamation,
// K. Fraser, "Practical lock-freedom", 2004, with an interval for each piece as in H. Wen et al.,
// "Interval-based memory reclamation", 2018.)
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace anabranch::storage {

// The places in which readers note numbers. Thread-safe.
class ReaderPlaces {
 public:
  static constexpr std::size_t kPlaces = 128;  // Further readers share a list under a mutex.

  struct Entered {
    std::size_t place;
    std::uint64_t number;
  };
  // Notes the number that `newest` has, in a place of the reader.
  Entered enter(const std::atomic<std::uint64_t>& newest);
  void leave(std::size_t place);
  // Returns the lowest number from `from` on that a reader has noted; `newest` when there is no
  // lower one.
  [[nodiscard]] std::uint64_t lowest(std::uint64_t from, std::uint64_t newest) const;
  // Returns all numbers that readers have noted, in order.
  [[nodiscard]] std::vector<std::uint64_t> all() const;

 private:
  struct alignas(64) Place {  // Of its own in the cache: readers do not slow each other.
    std::atomic<std::uint64_t> number{0};  // 0: no reader.
  };

  // Returns the number of `newest` that the place has now; 0 when the place was not free.
  std::uint64_t take(std::size_t place, const std::atomic<std::uint64_t>& newest);
  // Calls the function with each number that is noted.
  template <typename Function>
  void for_each(const Function& function) const;

  std::array<Place, kPlaces> places_;
  std::atomic<std::size_t> ever_taken_{0};  // No place from this one on was ever taken.
  mutable std::mutex mutex_;
  std::map<std::size_t, std::uint64_t> listed_;  // {place from kPlaces on: number}
  std::size_t next_listed_ = kPlaces;
};

template <typename Version>
class Versions {
 public:
  // A version that a reader holds. Movable; may be released by any thread, before the Versions end.
  class Held {
   public:
    Held(Held&& other) noexcept
        : places_(std::exchange(other.places_, nullptr)),
          place_(other.place_),
          version_(other.version_) {}
    Held& operator=(Held&& other) noexcept {
      std::swap(places_, other.places_);
      std::swap(place_, other.place_);
      std::swap(version_, other.version_);
      return *this;
    }
    ~Held() {
      if (places_ != nullptr) places_->leave(place_);
    }
    const Version& operator*() const { return *version_; }
    const Version* operator->() const { return version_; }

   private:
    friend class Versions;
    Held(ReaderPlaces* places, std::size_t place, const Version* version)
        : places_(places), place_(place), version_(version) {}

    ReaderPlaces* places_;
    std::size_t place_;
    const Version* version_;
  };

  // The first version has the number 1.
  explicit Versions(Version first) {
    kept_.push_back({1, std::make_unique<const Version>(std::move(first))});
    newest_ = kept_.front().version.get();
  }

  // Returns the newest version. Any thread.
  [[nodiscard]] Held hold() const {
    for (;;) {
      const auto [place, number] = places_.enter(number_);
      const Version* const version = newest_.load();
      if (number_.load() == number) return Held(&places_, place, version);
      places_.leave(place);
    }
  }

  // ---- For the writer alone.

  // The number of the newest version.
  [[nodiscard]] std::uint64_t number() const { return number_.load(); }
  // Makes a version the newest one, under the next number, and frees those that no reader can hold.
  void publish(Version version) {
    kept_.push_back({number_.load() + 1, std::make_unique<const Version>(std::move(version))});
    // A reader that notes the new number must find the new version.
    newest_.store(kept_.back().version.get());
    number_.store(kept_.back().number);
    free();
  }
  // Returns the number of the oldest version that a reader may hold, of those from `from` on: a
  // reader of an older one is not counted.
  [[nodiscard]] std::uint64_t oldest(std::uint64_t from = 1) const {
    return places_.lowest(from - 1, number_.load());
  }

 private:
  struct Kept {
    std::uint64_t number;
    std::unique_ptr<const Version> version;
  };

  void free() {
    const std::uint64_t last = oldest();
    while (kept_.front().number < last) kept_.pop_front();
    // What came after the oldest reader: looked through when there is twice as much of it as the
    // last time, so that it costs a publishing no more than a few steps.
    if (kept_.size() < look_at_) return;
    const std::vector<std::uint64_t> held = places_.all();
    const auto is_held = [&](std::uint64_t number) {
      return std::ranges::binary_search(held, number) ||
             std::ranges::binary_search(held, number - 1);
    };
    std::erase_if(kept_, [&, newest = number_.load()](const Kept& each) {
      return each.number != newest && !is_held(each.number);
    });
    look_at_ = std::max(kLookAt, 2 * kept_.size());
  }

  static constexpr std::size_t kLookAt = 64;

  mutable ReaderPlaces places_;
  std::atomic<std::uint64_t> number_{1};
  std::atomic<const Version*> newest_{nullptr};
  std::deque<Kept> kept_;  // In the order of numbers, up to the newest.
  std::size_t look_at_ = kLookAt;
};

}  // namespace anabranch::storage
