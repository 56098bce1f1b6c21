// Calls of the system that fail on demand, with any errno: the program's own open, rename, stat and
// so on stand before those of the C library.
#pragma once

#include <string>

namespace anabranch::test {

enum class SystemCall {
  kOpen,  // Of a file that is there, or of a folder.
  kCreate,
  kRename,
  kUnlink,
  kStat,
  kFallocate,
  kWrite,
  kSync,
  kThread,
};

// While it lives, calls of a kind fail in this process: once, or all. One at a time.
class FailingCalls {
 public:
  enum class Times : bool { kOnce, kAll };

  // `within`: a part of the path of the file; of none for kThread.
  FailingCalls(SystemCall call, std::string within, int error, Times times = Times::kOnce);
  FailingCalls(const FailingCalls&) = delete;
  FailingCalls& operator=(const FailingCalls&) = delete;
  ~FailingCalls();

  // Returns whether a call has failed.
  [[nodiscard]] bool failed() const;
};

}  // namespace anabranch::test
