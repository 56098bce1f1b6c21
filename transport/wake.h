// A file descriptor that one thread makes readable to wake another that polls it (an eventfd).
// All functions are thread-safe.
#pragma once

namespace anabranch::transport {

class Wake {
 public:
  // Throws Error{kIo} when the process has no descriptor left.
  Wake();
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  // signal() makes the descriptor readable until reset().
  void signal() const;
  void reset() const;
  [[nodiscard]] int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace anabranch::transport
