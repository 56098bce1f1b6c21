// A peer with a valid key and bad intent, or with another program than it should run: a script that
// greets like a leader, reads what it is sent, and answers with one kind of harm. What it sends
// must be refused, or cost nobody anything; the others must not even notice.
//
// It knows what a peer can know: vectors and hashes that it was shown, and the seal of its own
// region. Deterministic. Not thread-safe.
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
  kWrongCounts,  // Batches that hold another number of ops than they say.
  kGaps,         // Batches with nothing before them.
  kForgery,      // Batches and positions in the names of others.
  kRewriting,    // Other hashes of what others wrote, and batches that continue these.
  kFuture,       // Writes of its own, in 2099.
  kGreed,        // Requests without end.
  kBoasting,     // Shows what it does not have, and sends snapshots that are none.
  kFalseDigest,  // Says that it holds other rows after the same writes.
};

// What it sends, not always what a leader can read.
struct Frame {
  std::uint8_t kind = 0;
  std::string body;
  bool rubbish = false;  // Nobody may go on with who sends this.
  std::string written;   // The batch that it has written by its own right with this, if any.
};

class Intruder {
 public:
  // Its region is named by `number`. With keys, its own batches come with signed positions.
  Intruder(Malice malice, std::uint64_t number, std::uint64_t seed, bool keys);

  [[nodiscard]] const std::string& region() const { return region_; }
  // A part of the names of all of them.
  static constexpr std::string_view kName = "mallory";

  // What it says first.
  std::vector<Frame> greet();
  // What it answers.
  std::vector<Frame> hear(const regions::Message& message);

 private:
  using Frames = std::vector<Frame>;
  // What a leader has shown last.
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
  // What it has written from a seq on.
  void serve(Frames& frames, core::Seq from);
  void answer(Frames& frames, const regions::SnapshotRequest& request);
  // A batch of `ops` ops.
  [[nodiscard]] core::Batch batch(core::Origin origin, core::Seq first, std::size_t ops);
  // Any entry of what was shown; one of nobody when there is none.
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
