// The state shared by the watches of a store.
#pragma once

#include <anabranch/status.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "leader/threads/call_threads.h"
#include "leader/threads/lock_order.h"
#include "leader/watch/log_reader.h"

namespace anabranch::leader {

// Lives until the last watch is gone, also after the store.
struct Watches {
  static constexpr std::size_t kQueuedBytesMax = std::size_t{64} << 20U;

  Watches(const LogSource& source, StoreId id)
      : store(id),
        region(source.region),
        reader(std::make_shared<LogReader>(source, id)),
        threads(source.region, id) {}

  // From then on no function is called.
  void close() {
    reader->close();
    threads.close();
  }
  [[nodiscard]] WatchesStatus status() const;

  const StoreId store;
  const std::string region;  // Of the store, for the log.
  const std::shared_ptr<LogReader> reader;
  CallThreads threads;
  std::atomic<std::size_t> queued_bytes = 0;
  std::atomic<std::uint64_t> thrown = 0;
  std::atomic<std::uint64_t> dropped = 0;  // Queues of observers of documents.
};

}  // namespace anabranch::leader
