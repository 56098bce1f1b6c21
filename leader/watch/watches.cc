#include "leader/watch/watches.h"

namespace anabranch::leader {

WatchesStatus Watches::status() const {
  const LogReader::Counts read = reader->counts();
  const CallThreads::Counts calls = threads.counts();
  WatchesStatus status;
  status.watches = read.watches;
  status.documents = read.documents;
  status.behind = read.behind;
  status.lost = read.lost + dropped;
  status.failed = read.failed;
  status.slow = calls.slow;
  status.ever_slow = calls.ever_slow;
  status.thrown = thrown;
  return status;
}

}  // namespace anabranch::leader
