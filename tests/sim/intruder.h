// A peer with a valid key and bad intent, or with another program than it should run: a script that
// greets like a leader, reads the messages that it gets, and answers with one kind of harm. Its
// messages must be refused, or cost no other leader anything; the others must not even notice.
//
// It knows only facts that a peer can know: vectors and hashes that it was shown, and the seal of
// its own region. Deterministic. Not thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/batch.h"
#include "regions/wire/message.h"
#include "tests/crdt/random.h"
#include "tests/sim/seals.h"

namespace anabranch::test {

enum class Malice : std::uint8_t {
  kRubbish,      // Bytes that are no message, or no batch.
  kWrongCounts,  // Batches with another number of ops than they claim.
  kGaps,         // Batches with nothing before them.
  kForgery,      // Batches and positions in the names of others.
  kRewriting,    // Other hashes of others' writes, and batches that continue these.
  kFuture,       // Writes of its own, in 2099.
  kGreed,        // Requests without end.
  kBoasting,     // Shows a vector that it does not have, and sends invalid snapshots.
  kFalseDigest,  // Claims to hold other rows after the same writes.
};

// A frame to send, not always one that a leader can read.
struct Frame {
  std::uint8_t kind = 0;
  std::string body;
  bool rubbish = false;  // A leader must reject the link of its sender.
  std::string written;   // The batch that it has written by its own right with this, if any.
};

class Intruder {
 public:
  // Its region is named by `number`. With keys, its own batches come with signed positions.
  Intruder(Malice malice, std::uint64_t number, std::uint64_t seed, bool keys);

  [[nodiscard]] const std::string& region() const { return region_; }
  // A part of the names of all intruders.
  static constexpr std::string_view kName = "mallory";

  // Its first frames.
  std::vector<Frame> greet();
  // Its answers to a message.
  std::vector<Frame> hear(const regions::Message& message);

 private:
  using Frames = std::vector<Frame>;
  // The last vector that a leader has shown.
  struct Shown {
    core::Origin origin = 0;
    std::uint64_t nonce = 0;
    core::VersionVector applied;
    std::vector<core::ChainHash> chains;
  };
  // An entry of a vector, and the hash there.
  struct Entry {
    core::Origin origin = 0;
    core::Seq seq = 0;
    core::ChainHash chain{};
  };

  // One for each kind of malice, at each heartbeat that comes.
  void send_rubbish(Frames& frames);
  void miscount(Frames& frames);
  void leave_gaps(Frames& frames);
  void forge(Frames& frames);
  void rewrite(Frames& frames);
  void write_in_future(Frames& frames);
  void ask_without_end(Frames& frames);
  void boast(Frames& frames);
  void deny_digest(Frames& frames);

  void show(Frames& frames, core::VersionVector applied, core::Millis wall_ms = 0);
  void send(Frames& frames, const regions::Message& message);
  void send_batch(Frames& frames, const core::Batch& batch);
  void sign(Frames& frames, const std::string& region, core::Origin origin, core::Seq seq,
            const core::ChainHash& chain);
  // Sends its own batches from a seq on.
  void serve(Frames& frames, core::Seq from);
  void answer(Frames& frames, const regions::SnapshotRequest& request);
  // A batch of `ops` ops.
  [[nodiscard]] core::Batch batch(core::Origin origin, core::Seq first, std::size_t ops);
  // Any entry of the shown vectors; one of origin 0 when there is none.
  [[nodiscard]] Entry any_entry();

  static constexpr std::array<void (Intruder::*)(Frames&), 9> kActs = {
      &Intruder::send_rubbish,    &Intruder::miscount, &Intruder::leave_gaps,
      &Intruder::forge,           &Intruder::rewrite,  &Intruder::write_in_future,
      &Intruder::ask_without_end, &Intruder::boast,    &Intruder::deny_digest};

  Malice malice_;
  Random random_;
  bool keys_;
  std::string region_;
  Seals seals_;
  core::Origin origin_;
  Shown shown_;
  std::optional<core::Hash128> digest_;  // As it was shown.
  std::uint64_t streams_ = 0;
  std::vector<std::string> written_;  // Batches of one op each.
  core::ChainHash chain_{};           // Behind the last of them.
};

}  // namespace anabranch::test
