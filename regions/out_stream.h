// The producing side of a subscription: one consumer's origins, served in the order of this
// leader's log, which never puts a batch before those it depends on (origin by origin, a shared
// window deadlocks). No more than the window is under way unacknowledged; when nothing is, one
// batch may be larger than the window. Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "regions/message.h"
#include "storage/storage.h"

namespace anabranch::regions {

class OutStream {
 public:
  // Starts anew as the consumer asks; its streams are numbered upwards from 1, and one that is not
  // newer than the last changes nothing.
  void subscribe(const Subscribe& wanted, const storage::Storage& log);
  void cancel() { wanted_.clear(); }
  // Takes an ack in; those of older streams say nothing about this one.
  void acknowledge(const Ack& ack);

  // Sends what the window allows of the records up to `end`.
  void pump(const storage::Storage& log, storage::Position end,
            const std::function<void(BatchMessage)>& send);

  // Origins that cannot be served any more: the log no longer has what the consumer lacks.
  [[nodiscard]] const std::vector<core::Origin>& trimmed() const { return trimmed_; }

 private:
  [[nodiscard]] bool may_send(std::size_t bytes) const;
  // Whether a record is the one this consumer waits for next.
  bool wants(const storage::StoredRecord& record);

  std::uint64_t id_ = 0;
  std::uint64_t window_ = 0;
  std::uint64_t sent_ = 0;   // Bytes, in this stream.
  std::uint64_t taken_ = 0;  // Bytes, acknowledged.
  storage::Position cursor_ = 0;
  std::map<core::Origin, core::Seq> wanted_;  // The next seq to send of each origin.
  std::vector<core::Origin> trimmed_;
};

}  // namespace anabranch::regions
