// Look-ups of names, which may take minutes where a name server does not answer: each on a thread
// of its own that owns all it uses, so that nobody waits for it, also at the end of the transport,
// which leaves it behind. ZeroMQ never sees a name: it would look it up on the thread of all links.
//
// At most kThreadsMax are under way, the others wait in turn. A name that is being looked up is not
// looked up a second time meanwhile.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace anabranch::transport {

// The outcome of a look-up: numeric hosts in the order in which to try them, IPv6 in brackets; or
// why there are none.
struct Found {
  std::vector<std::string> hosts;
  std::string why;
};
using Resolve = std::function<Found(const std::string& name)>;

// Asks the system. Blocks for as long as that takes.
Found resolve(const std::string& name);

// One look-up. Not yet known, or known for good.
class Lookup;

class Names {
 public:
  static constexpr std::size_t kThreadsMax = 8;

  // A null function is resolve().
  explicit Names(Resolve function);
  // What waits is dropped; what is under way is left alone.
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  // Begins to look a name up, or joins the look-up that is under way.
  [[nodiscard]] std::shared_ptr<const Lookup> ask(const std::string& name);
  // Returns null until the answer has come.
  [[nodiscard]] static const Found* answer(const Lookup& lookup);
  // Readable when an answer has come since calm().
  [[nodiscard]] int fd() const;
  void calm() const;

 private:
  struct Shared;

  static void work(const std::shared_ptr<Shared>& shared, std::shared_ptr<Lookup> lookup);

  std::shared_ptr<Shared> shared_;  // With the threads.
};

}  // namespace anabranch::transport
