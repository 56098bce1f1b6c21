// The part of a turn that goes on with what takes several turns, and with those who wait for that.

#include <algorithm>
#include <chrono>
#include <utility>

#include "server/resp/concern/held_answer.h"
#include "server/resp/loop.h"

namespace anabranch::server {
namespace {

constexpr std::chrono::milliseconds kRemovalTime{5};   // In one turn.
constexpr std::chrono::milliseconds kReadTime{5};      // For long reads in one turn, at least,
constexpr std::chrono::milliseconds kReadTimeMax{50};  // and at most.

// A client that sends nothing more has its answer if that takes no longer: it may only have said
// that it is done, as in `nc -N`.
constexpr std::chrono::seconds kLeftTime{2};

}  // namespace

void Loop::stage_some() {
  if (!turn_.staging()) {
    if (!turn_.committing()) turn_.remove_some(steady_now() + kRemovalTime);
    return;
  }
  Connection& connection = *connections_.at(turn_.staged_client().id);
  room_.allow(connection);
  const Client* const ended = turn_.stage_some(steady_now() + options_.write_slice_max);
  connection.client().reply.set_room(SIZE_MAX);
  if (ended == nullptr) return;
  if (connection.client().held_back) {
    hold_back(connection);
  } else if (connection.client().wait) {
    waiting_.add(connection);
  } else {
    connection.client().reply_mode.end_request();
  }
  schedule(connection);
}

void Loop::attempt_waiting() {
  host_.concerns.look();
  waiting_.attempt_all([this](Connection& connection) { schedule(connection); });
}

void Loop::end_waits() {
  for (const auto& [id, connection] : connections_) {
    if (!connection->gone && end_wait(connection->client())) answer(*connection);
  }
}

void Loop::let_go_on() {
  look_at_handover();
  if (!behind_removals_.empty() && !turn_.removing()) {
    for (Connection* connection : std::exchange(behind_removals_, {})) go_on(*connection);
  }
  const SteadyTime now = steady_now();
  if (!paused_.empty() && now >= host_.pause.until && !host_.hands_over) {
    for (Connection* connection : std::exchange(paused_, {})) go_on(*connection);
  }
  if (!room_.anybody_waits()) return;
  room_.relieve(now, connections_, [this](Connection& connection) {
    connection.gone = true;
    schedule(connection);
  });
  room_.release(now, [this](Connection& connection) { go_on(connection); });
}

void Loop::go_on(Connection& connection) {
  connection.held = false;
  schedule(connection);
}

void Loop::hold_back(Connection& connection) {
  const HeldBack why = *std::exchange(connection.client().held_back, std::nullopt);
  connection.put_back();
  if (why.until == HeldBack::Until::kRoom) return room_.hold(connection, why.bytes);
  if (why.until == HeldBack::Until::kChecked) return;  // It goes on whenever it is served.
  if (why.until == HeldBack::Until::kCommitted) return turn_.wait_for_commit(connection.client());
  connection.held = true;
  if (why.until == HeldBack::Until::kRemoved) behind_removals_.push_back(&connection);
  if (why.until == HeldBack::Until::kUnpaused) paused_.push_back(&connection);
}

void Loop::read_some(SteadyTime begun) {
  if (!turn_.reading()) return;
  const SteadyTime now = steady_now();
  // Half of a long turn's time, so that long transactions of other clients do not delay reads for
  // ever.
  const auto time = std::clamp<SteadyTime::duration>((now - begun) / 2, kReadTime, kReadTimeMax);
  const auto room = [this](const Client& client) {
    return room_.for_draft(*connections_.at(client.id));
  };
  turn_.read_some(now + time, room, [this](Client& client, bool over) {
    Connection& connection = *connections_.at(client.id);
    room_.count(connection);
    const bool has_gone = client.left && steady_now() - *client.left >= kLeftTime;
    if (has_gone) connection.gone = true;
    if (!over && !has_gone) return;
    if (over) client.drafting = client.drafted;
    if (const auto none = std::exchange(client.held_back, std::nullopt)) {
      room_.hold(connection, none->bytes);
    } else {
      go_on(connection);
    }
  });
}

}  // namespace anabranch::server
