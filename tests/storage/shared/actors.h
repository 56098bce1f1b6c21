// Functions with a stack each. One runs at a time, on one thread, and hands over to another one
// where a test says so. Threads would do, but where a machine is busy each handing over takes a
// millisecond, and there are some hundred thousand.
#pragma once

#include <ucontext.h>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace anabranch::storage::test {

class Actors {
 public:
  Actors() = default;
  ~Actors();
  Actors(const Actors&) = delete;
  Actors& operator=(const Actors&) = delete;

  // Chooses one of those that have not ended.
  using Next = std::function<std::size_t(const std::vector<std::size_t>&)>;

  // Adds one, which begins when it is handed over to for the first time. Before run().
  void add(std::function<void()> body);
  // Runs all to their ends, the first one first. Where one ends, `next` names the one to go on.
  void run(const Next& next);
  // Lets another one run; returns when the caller is handed over to. For the one that runs.
  void hand_over_to(std::size_t actor);

  // Returns those that have not ended and do not run.
  [[nodiscard]] std::vector<std::size_t> others() const;

 private:
  struct Place {
    ucontext_t context{};
    const void* stack = nullptr;  // For the sanitizers, and so is the rest.
    std::size_t size = 0;
    void* fake_stack = nullptr;
    void* fiber = nullptr;
  };
  struct Actor {
    std::function<void()> body;
    std::unique_ptr<char[]> stack;
    Place place;
    bool ended = false;
  };

  static void begin(unsigned high, unsigned low);
  void live();
  // Where to go when the one that runs has ended.
  Place& behind();
  // Goes from one place to another; the first one is left for good where `ends`.
  static void go(Place& from, Place& to, bool ends);

  std::vector<std::unique_ptr<Actor>> all_;
  std::size_t runs_ = 0;
  Place outside_;
  const Next* next_ = nullptr;
};

}  // namespace anabranch::storage::test
