// The peer that a line of the log is about, told apart from the text: a sink that wants it as a
// field asks for it while it is called.
//
//   const LogPeer about("us");
//   core::log_info(region, "region us is gone");
#pragma once

#include <string_view>
#include <utility>

namespace anabranch::transport {

// Names the peer of the lines that this thread logs, as long as the object lives: its region, or
// its address while that is unknown. The name must live as long.
class LogPeer {
 public:
  explicit LogPeer(std::string_view peer) : before_(std::exchange(current_, peer)) {}
  LogPeer(const LogPeer&) = delete;
  LogPeer& operator=(const LogPeer&) = delete;
  ~LogPeer() { current_ = before_; }

  // Returns the peer of the line that this thread logs; empty when it is about none.
  [[nodiscard]] static std::string_view current() { return current_; }

 private:
  inline static thread_local std::string_view current_;
  std::string_view before_;
};

}  // namespace anabranch::transport
