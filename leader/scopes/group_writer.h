// Writes into a replica's open group: each becomes ops, and one that finds nothing to do makes
// none. Not thread-safe.
#pragma once

#include <anabranch/options.h>

#include "leader/scopes/view.h"
#include "regions/replica.h"
#include "rows/resolvers.h"

namespace anabranch::leader {

// Functions as in Scope.
class GroupWriter {
 public:
  // All references must outlive it.
  GroupWriter(regions::Replica& replica, const rows::Resolvers& resolvers, const Options& limits)
      : replica_(replica), resolvers_(resolvers), limits_(limits) {}

  // Runs the function in a transaction; in the one that runs, when there is one.
  void atomically(const std::function<void()>& function);
  [[nodiscard]] WriteName next_write() const;

  void put(const Key& row, std::string_view value);
  void remove(const Key& row);
  void add(const Key& row, std::int64_t amount);
  void add_real(const Key& row, double amount);
  void reset(const Key& row);
  void clear(const Key& prefix);
  bool expire(const Key& key, std::optional<std::int64_t> deadline_ms);

  // What the group shows, at the time of the open transaction.
  [[nodiscard]] View view() const;
  // What a key holds. Asked before most writes: what is about to be written is read once.
  [[nodiscard]] Type type(const Key& key) const;

 private:
  // Before something is written at a key where nothing is shown: clears what has expired, or takes
  // away an expiry that stands alone, so that none of it counts for what is written.
  void begin_anew(regions::Group& group, const core::Path& path);
  // Throws when there is no room for a transaction that removes, or that adds so many bytes.
  void check_room_to_remove() const;
  void check_room_to_add(std::size_t bytes) const;
  // Runs function(group) as a transaction, or in the one that runs, and checks its size.
  void write(const std::function<void(regions::Group&)>& function);

  regions::Replica& replica_;
  const rows::Resolvers& resolvers_;
  const Options& limits_;
};

}  // namespace anabranch::leader
