#include "transport/zmq/dialled.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "core/log.h"
#include "transport/log_peer.h"

namespace anabranch::transport {

namespace {
// Monitor events and timers come a little late or early.
constexpr std::chrono::milliseconds kSlack{100};
}  // namespace

bool Dialled::is_due(Clock::time_point now) {
  if (redial.at() > now) return false;
  switch (name.look(now)) {
    case DialledName::State::kReady:
      said_slow_ = false;
      return true;
    case DialledName::State::kFailed:
      said_slow_ = false;
      redial.fail(now);
      next_try_ = redial.at();
      count_failure(name.why(), now);
      say_away();
      return false;
    case DialledName::State::kWaiting:
      break;
  }
  const auto slow = name.slow_at();
  if (slow && now >= *slow && !std::exchange(said_slow_, true)) {
    count_failure("no name server answers for " + name.name(), now);
    say_away();
  }
  return false;
}

Dialled::Clock::time_point Dialled::due_at() const {
  const auto slow = name.slow_at();
  if (!slow || redial.at() > Clock::now()) return redial.at();
  return said_slow_ ? Clock::time_point::max() : *slow;
}

void Dialled::count_failure(const std::string& why, Clock::time_point now) {
  absence_.failed(now);
  absence_.because(why);
}

void Dialled::is_up() {
  hung_up_ = false;
  name.works();
  publish();
  const LogPeer about(called());
  if (!misled(Clock::now())) core::log_info(here, "connected to " + address);
}

void Dialled::say_lost(const std::string& why, bool news) const {
  const LogPeer about(called());
  if (news || !misled(Clock::now())) core::log_info(here, "lost " + address + ": " + why);
}

bool Dialled::misleads(const std::string& why, bool& is_new) {
  if (!name.is_name()) return false;
  const auto now = Clock::now();
  is_new = !misled(now) || why_misled_ != why;
  if (!misled(now)) misled_pause_ = Redial::kPauseMax / 2;
  misled_pause_ = std::min<std::chrono::milliseconds>(misled_pause_ * 2, std::chrono::minutes(1));
  misled_ = now;
  misleads_ = true;
  why_misled_ = why;
  name.forget();
  return true;
}

bool Dialled::has_moved(Clock::time_point now, std::chrono::milliseconds every) {
  if (link == 0 || !doubted_ || now < next_check_) return false;
  const bool moved = name.has_moved(now);
  if (!name.asking()) next_check_ = now + every;
  return moved;
}

void Dialled::is_of_use() {
  redial.be_of_use();
  complaint.clear();
  if (!absence_.since()) return;
  absence_.end();
  publish();
}

void Dialled::was_not_reached(std::chrono::milliseconds pause) {
  const auto now = Clock::now();
  next_try_ = now + pause;
  hung_up_ = false;
  absence_.failed(now);
  probe_.ask(name.number(), now);
  if (name.is_name()) {
    socket.close();
    if (name.fails(now)) {
      redial.wait_until(now);
    } else {
      redial.fail(now);
    }
    next_try_ = redial.at();
  }
  if (std::optional<std::string> why = probe_.take()) absence_.because(*std::move(why));
  if (probe_.asking()) return publish();  // The probe will report the reason in a moment.
  say_away();
}

void Dialled::is_over(const std::string& why, bool said) {
  const auto now = Clock::now();
  if (link != 0) {
    absence_.begin(now);
    name.breaks(now);
  } else {
    absence_.failed(now);
    name.fails(now);
  }
  absence_.answered();
  absence_.because(why);
  if (said) absence_.said(now);
  const bool was_up = std::exchange(link, 0) != 0;
  doubted_ = false;
  // A process that is just starting or ending hangs up once, whatever it wants.
  const bool perhaps_ending = !was_up && !std::exchange(hung_up_, true);
  waiting.clear();
  assembler = {};
  out = {};
  descriptor = -1;
  socket.close();
  redial.fail(now);
  if (std::exchange(misleads_, false)) redial.wait_until(now + misled_pause_);
  next_try_ = redial.at();
  if (was_up || perhaps_ending) return publish();  // The next attempt shows whether it is away.
  say_away();
}

std::string Dialled::why_refused(int event) const {
  // ZeroMQ ends a handshake in which nothing comes, and tells that as any other end of one. This
  // thread may have heard of its beginning late; but the error of a far side that hangs up is
  // known.
  const bool has_error = event == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
  const bool may_be_silent = has_error || event == ZMQ_EVENT_DISCONNECTED;
  const bool hung_up = handshake_error == EPIPE || handshake_error == ECONNRESET;
  const bool waited = Clock::now() - began_at >= kHandshakeMost - kSlack;
  if (may_be_silent && (waited || (has_error && !hung_up))) {
    return "no answer: its machine takes connections, and the process there says nothing, as one "
           "that is stopped or overloaded";
  }
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) {
    return key ? "it does not know the key of this region, or not as valid"
               : "it lets nobody in without a key";
  }
  if (event == ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL) {
    return key ? "it speaks without keys, or another protocol"
               : "it wants keys, which this leader does not have, or speaks another protocol";
  }
  return key ? "it has not proven to be region " + region
             : "it hung up during the handshake: it wants keys, which this leader does not have, "
               "or speaks another protocol";
}

void Dialled::say_away() {
  const auto line = absence_.line(address, Clock::now());
  const LogPeer about(called());
  if (line) line->warns ? core::log_warning(here, line->text) : core::log_info(here, line->text);
  publish();
}

void Dialled::publish() {
  const std::lock_guard lock(published_->mutex);
  published_->status.address = address;
  published_->status.connected = link != 0;
  published_->status.why = absence_.why();
  published_->status.tries = absence_.tries();
  published_->status.elsewhere = misled(Clock::now()) ? why_misled_ : std::string();
  published_->since = absence_.since();
  published_->next_try = next_try_;
}

DialStatus Dialled::status() const {
  const std::lock_guard lock(published_->mutex);
  const auto in_ms = [](Clock::duration time) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  };
  DialStatus status = published_->status;
  status.address = address;
  const auto now = Clock::now();
  if (published_->since) status.away_ms = in_ms(now - *published_->since);
  if (!status.connected) {
    status.next_try_ms = std::max<std::int64_t>(0, in_ms(published_->next_try - now));
  }
  return status;
}

}  // namespace anabranch::transport
