// An embedded store, as its control socket uses it. All functions throw the errors of the store.
#pragma once

#include <functional>
#include <string>

#include <anabranch/scope.h>
#include <anabranch/status.h>

#include "leader/leader.h"
#include "leader/threads/lock_order.h"

namespace anabranch::control {

// Thread-safe.
class Owner {
 public:
  virtual ~Owner() = default;
  [[nodiscard]] virtual StoreStatus status() = 0;
  // The data directory of the store.
  [[nodiscard]] virtual const std::string& directory() const = 0;
  // Names the store, as for its locks.
  [[nodiscard]] virtual leader::StoreId store() const = 0;
  // Calls the function with the leader, for its thread-safe functions.
  virtual void look(const std::function<void(leader::Leader&)>& function) = 0;
  // The same, with one committed state. Waits for no writer.
  virtual void read(const std::function<void(leader::Leader&, Scope&)>& function) = 0;
  // Commits the open group and calls the function, which stages nothing. Throws Error{kTimeout}
  // while a transaction runs for over 10 s.
  virtual void between(const std::function<void(leader::Leader&)>& function) = 0;
  // Calls the function and commits its writes; returns when they are on the disk.
  virtual void write(const std::function<void(leader::Leader&)>& function) = 0;
};

}  // namespace anabranch::control
