// The leader: one region's replica with real storage, transport and clock around it.
//
// It has no thread of its own and is not thread-safe, but for read(): whoever owns it calls it from
// one thread at a time. The server's event loop owns one directly; Store owns one behind a lock,
// with a thread that calls turn(). A round goes: write through scope(), commit(), turn(), then
// sleep until wake_fd() is readable or the time that turn() gave is over.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <anabranch/options.h>
#include <anabranch/status.h>
#include <anabranch/transaction.h>

#include "core/result.h"
#include "regions/view.h"

namespace anabranch::regions {

class Leader {
 public:
  // Checks the options, opens directory and port and starts dialling. Fails as Store::open throws.
  static core::Result<std::unique_ptr<Leader>> open(const Options& options);
  ~Leader();
  Leader(const Leader&) = delete;
  Leader& operator=(const Leader&) = delete;

  // The open group: reads see all that it holds, atomically() stages a transaction in it, each
  // other write is a transaction of its own. Nothing is durable, visible outside or sent before
  // commit().
  [[nodiscard]] Transaction& scope();
  // Whether anything is staged that is not committed.
  [[nodiscard]] bool dirty() const;
  // Whether the group has reached its size and should be committed before more is staged.
  [[nodiscard]] bool group_full() const;
  // Commits the open group as one batch; nothing to do when nothing was written. After a failure
  // every transaction of the group is undone and the leader takes no more writes.
  core::Result<void> commit();

  // Calls the function with a view on the newest committed state. Thread-safe: readers wait for
  // nobody. Keep it short.
  void read(const std::function<void(const View&)>& function) const;

  // Takes what peers have sent, applies one slice of it, sends what is due. Nothing may be staged.
  // Returns how long the owner may sleep when wake_fd() stays silent.
  std::chrono::milliseconds turn();
  // Readable while messages wait. Owned by the leader.
  [[nodiscard]] int wake_fd() const;

  [[nodiscard]] StoreStatus status() const;
  // See Store::pause and Store::resume.
  bool pause(std::string_view peer);
  bool resume(std::string_view peer);
  // A hash over all that is visible here, as 32 hexadecimal digits: equal in regions that have
  // applied the same. Reads every row.
  [[nodiscard]] core::Result<std::string> digest() const;

 private:
  class Impl;
  explicit Leader(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace anabranch::regions
