// The published versions of some state: one writer publishes, and any number of readers hold the
// newest one each for as long as they like, without waiting for the writer or for each other.
//
// A reader first notes the number of the newest version in a place of its own, then takes the
// newest version: that one or a later one. The writer uses the memory of what is no longer part of
// a version again once no place has a number below that version. (Epoch-based reclamation,
// K. Fraser, "Practical lock-freedom", 2004, with numbers of versions as the epochs.)
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <utility>

namespace anabranch::storage {

// The places in which readers note numbers. Thread-safe.
class ReaderPlaces {
 public:
  static constexpr std::size_t kPlaces = 128;  // Further readers share a list under a mutex.

  // Notes the number that `newest` has, in a place of the reader, and returns the place.
  std::size_t enter(const std::atomic<std::uint64_t>& newest);
  void leave(std::size_t place);
  // Returns the lowest number that a reader has noted; `newest` when none has noted a lower one.
  [[nodiscard]] std::uint64_t oldest(std::uint64_t newest) const;

 private:
  struct alignas(64) Place {  // Of its own in the cache: readers do not slow each other.
    std::atomic<std::uint64_t> number{0};  // 0: no reader.
  };

  // Returns whether the place was free, and has the number of `newest` now.
  bool take(std::size_t place, const std::atomic<std::uint64_t>& newest);

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
  explicit Versions(Version first) : kept_(1) {
    kept_.front() = std::make_unique<const Version>(std::move(first));
    newest_ = kept_.front().get();
  }

  // Returns the newest version. Any thread.
  [[nodiscard]] Held hold() const {
    const std::size_t place = places_.enter(number_);
    return Held(&places_, place, newest_.load());
  }

  // ---- For the writer alone.

  // The number of the newest version.
  [[nodiscard]] std::uint64_t number() const { return number_.load(); }
  // Makes a version the newest one, under the next number, and frees those that no reader can hold.
  void publish(Version version) {
    kept_.push_back(std::make_unique<const Version>(std::move(version)));
    // A reader that notes the new number must find the new version.
    newest_.store(kept_.back().get());
    number_.store(number_.load() + 1);
    const std::uint64_t first = number_.load() - (kept_.size() - 1);
    const std::uint64_t last = oldest();
    for (std::uint64_t each = first; each < last; ++each) kept_.pop_front();
  }
  // Returns the number of the oldest version that a reader may hold.
  [[nodiscard]] std::uint64_t oldest() const { return places_.oldest(number_.load()); }

 private:
  mutable ReaderPlaces places_;
  std::atomic<std::uint64_t> number_{1};
  std::atomic<const Version*> newest_{nullptr};
  std::deque<std::unique_ptr<const Version>> kept_;  // In the order of numbers, up to the newest.
};

}  // namespace anabranch::storage
