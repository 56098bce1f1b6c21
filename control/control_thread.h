// The thread that serves the control socket of an embedded store.
//
// Bounds: kVisitorsMax clients, each with the limits of visitor.h; further ones get an error. A
// client that sends and takes nothing for kIdle is closed. The verbs that read wait for no writer,
// and no writer waits for a client: a verb that needs the leader holds it as long as the function
// of Store that does the same.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "control/listener.h"
#include "control/owner.h"
#include "control/visitor.h"
#include "leader/store_service.h"

namespace anabranch::control {

class ControlThread final : public leader::StoreService {
 public:
  static constexpr std::size_t kVisitorsMax = 8;
  static constexpr std::chrono::milliseconds kIdle{60'000};

  // Throws Error{kIo} if the system has no thread or descriptor left.
  ControlThread(Listener listener, std::unique_ptr<Owner> owner, std::string region);
  // Finishes the verb that is running, closes all clients and removes the socket.
  ~ControlThread() override;
  ControlThread(const ControlThread&) = delete;
  ControlThread& operator=(const ControlThread&) = delete;

 private:
  void serve();
  void accept();
  void drop_idle(Visitor::Time now);

  const std::string region_;
  std::unique_ptr<Owner> owner_;
  Listener listener_;
  File stop_;
  std::vector<std::unique_ptr<Visitor>> visitors_;  // Of the thread.
  bool accepting_ = true;  // Until the system lacks descriptors; again after a pause.
  bool warned_ = false;
  std::thread thread_;
};

}  // namespace anabranch::control
