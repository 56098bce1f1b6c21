// The thread of a transport over ZeroMQ, and all that it owns; one .cc for each of its subjects:
// zmq_transport.cc for the thread, zmq_sending.cc, zmq_dialling.cc and zmq_accepting.cc.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/result.h"
#include "core/system/thread_without_signals.h"
#include "transport/apart_inbox.h"
#include "transport/counters.h"
#include "transport/frame.h"
#include "transport/inbox.h"
#include "transport/rate_limited_log.h"
#include "transport/zmq/accepted_links.h"
#include "transport/zmq/dialled.h"
#include "transport/zmq/outbox.h"
#include "transport/zmq/partial_bodies.h"
#include "transport/zmq/waiting_frames.h"
#include "transport/zmq/zmq_guard.h"
#include "transport/zmq/zmq_socket.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::transport {

// Fields below `thread_` belong to the thread once it has started.
class ZmqTransport final : public Transport {
 public:
  using Clock = std::chrono::steady_clock;

  explicit ZmqTransport(const ZmqOptions& options);
  ~ZmqTransport() override;

  core::Result<void> add_peer(const std::string& peer);
  core::Result<void> listen(const std::string& address);
  void start() {
    thread_ = core::start_quiet_thread([this] { run(); });
  }

  using Transport::send;
  void send(LinkId link, std::uint8_t message_kind, std::string body, Turn turn) override;
  void drop(LinkId link, Lane lane, std::uint64_t before) override;
  std::vector<Event> receive(std::size_t bytes_max) override;
  std::vector<Event> receive_apart(std::size_t most) override { return apart_.take(most); }
  [[nodiscard]] int apart_fd() const override { return apart_.fd(); }
  void reject(LinkId link, std::string why) override;
  void redial(LinkId link, std::string why) override {
    outbox_.push({Request::Kind::kRedial, link, 0, std::move(why)});
  }
  void doubt(LinkId link) override { outbox_.push({Request::Kind::kDoubt, link, 0, {}}); }
  void use_keys(const SharedKeys& keys) override;
  void wake() override { inbox_.poke(); }
  [[nodiscard]] int wake_fd() const override { return inbox_.fd(); }
  [[nodiscard]] std::string endpoint() const override { return endpoint_; }
  [[nodiscard]] TransportCounters counters() const override { return counters_.read(); }
  [[nodiscard]] std::vector<DialStatus> dials() const override {
    std::vector<DialStatus> all;
    for (const Dialled& dialled : dialled_) all.push_back(dialled.status());
    return all;
  }

 private:
  void run();
  void wait();
  [[nodiscard]] std::chrono::milliseconds timeout() const;
  void flush_events() { inbox_.push(events_); }
  void sweep();
  void end_endless(Clock::time_point now);
  void cut_invalid();
  void pause_or_resume();

  void handle_requests();
  // Ends a link that was rejected.
  void give_up(LinkId link, const std::string& why);
  void redial(const Request& request);
  void queue(Request& request);
  void bound_notes();
  void drop_waiting(const Request& request);
  OutLink* find_out(LinkId link);
  void end(LinkId link, const std::string& why);
  void flush_links();
  bool flush(LinkId id);
  bool tell_left(LinkId id, OutLink& out, Clock::time_point now);
  bool send_to_router(const std::string& routing_id, zmq::message_t frame);

  void dial_due();
  void dial(Dialled& dialled);
  void read_dialled(Dialled& dialled);
  bool take_dialled(Dialled& dialled, const Incoming& incoming);
  void hang_up(Dialled& dialled, const std::string& why, bool said = false);
  void warn(Dialled& dialled, const std::string& why);
  void lost(Dialled& dialled, int reason);
  Dialled* find_dialled(LinkId link);

  void read_router();
  void take_accepted(const Incoming& incoming);
  AcceptedLink* accept(const Incoming& incoming);
  void refuse(const Incoming& incoming, const std::string& why);
  void end_accepted(LinkId link);

  static constexpr const char* kTooMuchWaits = "more than any leader has under way";
  // A turn handles messages of one socket, until so much came of them: then others have theirs.
  static constexpr std::size_t kTurnBytesMax = std::size_t{8} << 20U;
  [[nodiscard]] bool has_turn() const { return !stop_ && !paused_ && turn_bytes_ < kTurnBytesMax; }
  void end_turn();
  // Whether messages were read that no turn has got to.
  [[nodiscard]] bool is_behind() const;
  core::Result<std::optional<Message>> add(LinkId link, std::string_view source,
                                           Assembler& assembler, const Frame& frame);
  void bound_bodies();
  void emit(Event event) { events_.push_back(std::move(event)); }
  void emit_whole(LinkId link, Hearing& hearing, Message message);
  void emit_part(LinkId link, Hearing& hearing, Clock::time_point now);
  void count_received(const Incoming& incoming);

  Outbox outbox_;             // ZeroMQ's thread wakes this one through it...
  zmq::context_t context_;    // ...and the context outlives the sockets.
  const std::string region_;  // Of this side, for the log.
  std::string endpoint_;
  Inbox inbox_;
  ApartInbox apart_;
  AtomicCounters counters_;
  std::atomic<bool> stop_{false};
  std::chrono::milliseconds silence_max_;
  std::chrono::milliseconds check_names_every_;
  std::thread thread_;

  Names names_;
  Guard guard_;  // Before the sockets that it guards.
  RateLimitedLog warnings_;
  WatchedSocket router_;   // Null when it does not listen.
  WaitingFrames waiting_;  // Read of it.
  AcceptedLinks accepted_;
  std::vector<Dialled> dialled_;  // Of constant size while the thread runs.
  PartialBodies partial_bodies_;
  std::vector<zmq::pollitem_t> items_;
  std::vector<Request> requests_;
  std::vector<Event> events_;
  Compressor compressor_;
  Compression compression_;
  std::uint64_t last_number_ = 0;  // Of links, streams and monitors.
  Clock::time_point next_look_;    // For messages without end.
  Clock::time_point next_sweep_;
  std::set<LinkId> sending_;  // With messages that wait, or with bodies of which is not told yet.
  Clock::time_point next_flush_ = Clock::time_point::max();
  bool paused_ = false;
  const BodyBytesMax body_bytes_max_;  // Null: all have the same.
  std::size_t turn_bytes_ = 0;         // Of bodies, decompressed, that came in this turn.
};

}  // namespace anabranch::transport
