// Presence: short-lived messages between the leaders of a mesh, such as the places of cursors. They
// cost no disk and no log.
//
//   PresenceWatch others = store.listen("board/7/", [](const PresenceMessage& message) {
//     show_cursor(message.region, message.body);
//   });
//   store.publish("board/7/cursor", place);
//
// Best effort: a message comes once or not at all, in any order, to all leaders and followers that
// are connected now, also over others in between, by at most 16 links. One that is over 5 s old is
// dropped; so are messages that come faster than links carry them. Nothing is repeated, and nothing
// kept for those who come later: publish the present state again, every few seconds.
//
// A message is signed by nobody. Any member of the mesh can send some in the name of another
// region: use them to show things, never to decide.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace anabranch {

struct PresenceMessage {
  std::string channel;
  std::string body;
  std::string region;   // The region of its publisher.
  bool remote = false;  // Published by another leader or follower, not by this store.
  // How many messages this watch has missed since the one before, since its function was slow.
  std::uint64_t missed = 0;
};

// A watch of presence lives as long as this object, and no longer than its store. Movable.
class [[nodiscard]] PresenceWatch {
 public:
  class Impl;
  explicit PresenceWatch(std::shared_ptr<Impl> impl);
  // Ends the watch. Returns once the function is not running any more and will not be called
  // again; within the function itself, and within a transaction of its store, as ~Watch().
  ~PresenceWatch();
  PresenceWatch(PresenceWatch&&) noexcept;
  PresenceWatch& operator=(PresenceWatch&&) noexcept;

 private:
  void end();
  std::shared_ptr<Impl> impl_;
};

// Called on the threads that call the functions of watches (watch.h), one call at a time for each
// watch. It may use the store. An exception of it is logged, and the watch continues. While
// it runs, up to 1000 messages of 1 MiB in all wait; beyond, the oldest are missed.
using OnPresence = std::function<void(const PresenceMessage&)>;

}  // namespace anabranch
