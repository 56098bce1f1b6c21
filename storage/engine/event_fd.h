// A descriptor that tells another thread's poll that something has happened (eventfd(2)).
// Thread-safe.
#pragma once

namespace anabranch::storage {

class EventFd {
 public:
  EventFd();
  EventFd(const EventFd&) = delete;
  EventFd& operator=(const EventFd&) = delete;
  ~EventFd();

  // Readable between signal() and clear(); -1 when the system had no descriptor for it.
  [[nodiscard]] int fd() const { return fd_; }
  void signal() const;
  void clear() const;

 private:
  const int fd_;
};

}  // namespace anabranch::storage
