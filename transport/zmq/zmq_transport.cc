#include "transport/zmq/zmq_transport.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "core/log.h"
#include "transport/address.h"
#include "transport/counters.h"
#include "transport/frame.h"
#include "transport/inbox.h"
#include "transport/log_peer.h"
#include "transport/zmq/accepted_links.h"
#include "transport/zmq/dialled.h"
#include "transport/zmq/outbox.h"
#include "transport/zmq/rate_limited_log.h"
#include "transport/zmq/thread_without_signals.h"
#include "transport/zmq/zmq_guard.h"
#include "transport/zmq/zmq_socket.h"

namespace anabranch::transport {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kSweepInterval{1000};
constexpr std::size_t kRoutingIdSize = 5;
constexpr std::size_t kThreads = 3;  // That of this transport, and two of ZeroMQ.
constexpr const char* kNoThreads =
    "the system begins no more threads (see ulimit -u, and the limits of the container)";

constexpr int kDialledEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED |
                               ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                               ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_CONNECT_RETRIED;

// Returns the host at the other end of a ROUTER's connection; empty when ZeroMQ does not report it.
std::string peer_address(const Incoming& incoming) {
  const char* address = zmq_msg_gets(incoming.frame.handle(), "Peer-Address");
  return address == nullptr ? std::string() : address;
}

// Fields below `thread_` belong to the thread once it has started.
class ZmqTransport final : public Transport {
 public:
  explicit ZmqTransport(const ZmqOptions& options);
  ~ZmqTransport() override;

  core::Result<void> add_peer(const std::string& peer);
  core::Result<void> listen(const std::string& address);
  void start() {
    thread_ = start_quiet_thread([this] { run(); });
  }

  void send(LinkId link, std::uint8_t message_kind, std::string body) override;
  std::vector<Event> receive(std::size_t bytes_max) override;
  void reject(LinkId link) override;
  void use_keys(const SharedKeys& keys) override;
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
  [[nodiscard]] milliseconds timeout() const;
  void flush_events() { inbox_.push(events_); }
  void sweep();
  void cut_invalid();
  void pause_or_resume();

  void handle_requests();
  void give_up(LinkId link);
  void send_frames(const Request& request);
  [[nodiscard]] bool compresses(bool is_local) const;
  bool send_frame(Dialled* dialled, const AcceptedLink* accepted, std::string frame);
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
  void take_accepted(Incoming& incoming);
  AcceptedLink* accept(const Incoming& incoming);
  void refuse(const Incoming& incoming, const std::string& why);
  void end_accepted(LinkId link);

  void emit(Event event) { events_.push_back(std::move(event)); }
  void count_received(const Incoming& incoming);

  zmq::context_t context_;    // First, so that it outlives the sockets.
  const std::string region_;  // Of this side, for the log.
  std::string endpoint_;
  Inbox inbox_;
  Outbox outbox_;
  AtomicCounters counters_;
  std::atomic<bool> stop_{false};
  milliseconds silence_max_;
  std::thread thread_;

  Guard guard_;  // Before the sockets that it guards.
  RateLimitedLog warnings_;
  WatchedSocket router_;  // Null when it does not listen.
  AcceptedLinks accepted_;
  std::vector<Dialled> dialled_;  // Of constant size while the thread runs.
  std::vector<zmq::pollitem_t> items_;
  std::vector<Request> requests_;
  std::vector<Event> events_;
  Compressor compressor_;
  Compression compression_;
  std::uint64_t last_number_ = 0;  // Of links, streams and monitors.
  Clock::time_point next_sweep_;
  bool paused_ = false;
};

Seconds wall_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

ZmqTransport::ZmqTransport(const ZmqOptions& options)
    : region_(options.region),
      silence_max_(options.silence_max),
      guard_(context_, options.keys, options.wall_clock ? options.wall_clock : wall_seconds,
             counters_),
      warnings_(options.region),
      compression_(options.compression) {
  context_.set(zmq::ctxopt::io_threads, 1);
  context_.set(zmq::ctxopt::blocky, 0);
}

core::Result<void> ZmqTransport::add_peer(const std::string& text) {
  core::Result<PeerAddress> peer = parse_peer(text);
  if (!peer.ok()) return peer.failure();
  if (guard_.has_keys() && peer.value().region.empty()) {
    return core::invalid("peer " + text + " has no region: with keys it must say whose key is " +
                         "expected there, as REGION@" + text);
  }
  Dialled& dialled = dialled_.emplace_back();
  dialled.here = region_;
  dialled.address = std::move(peer.value().address);
  dialled.region = std::move(peer.value().region);
  dialled.is_local = is_loopback(dialled.address);
  return {};
}

ZmqTransport::~ZmqTransport() {
  stop_ = true;
  outbox_.poke();
  if (thread_.joinable()) thread_.join();
}

core::Result<void> ZmqTransport::listen(const std::string& address) {
  router_ = {context_, zmq::socket_type::router, Guard::kEvents, ++last_number_};
  set_options(*router_, address);
  if (auto prepared = guard_.prepare_listener(context_, *router_); !prepared.ok()) return prepared;
  router_->set(zmq::sockopt::router_mandatory, true);  // libzmq cannot read this option back.
  if (zmq_bind(router_->handle(), address.c_str()) != 0) {
    const int error = zmq_errno();
    const std::string message = "cannot listen on " + address + ": " + zmq_strerror(error);
    return core::Failure{error == EADDRINUSE ? ErrorCode::kBusy : ErrorCode::kInvalid, message};
  }
  endpoint_ = router_->get(zmq::sockopt::last_endpoint);
  guard_.listen_at(endpoint_);
  return {};
}

void ZmqTransport::send(LinkId link, std::uint8_t message_kind, std::string body) {
  ANABRANCH_ASSERT(body.size() <= kMessageSizeMax);
  outbox_.push({Request::Kind::kSend, link, message_kind, std::move(body)});
}

std::vector<Event> ZmqTransport::receive(std::size_t bytes_max) {
  bool drained = false;
  std::vector<Event> events = inbox_.take(bytes_max, drained);
  if (drained) outbox_.poke();
  return events;
}

void ZmqTransport::reject(LinkId link) { outbox_.push({Request::Kind::kReject, link, 0, {}}); }

void ZmqTransport::use_keys(const SharedKeys& keys) {
  outbox_.push({Request::Kind::kKeys, 0, 0, {}, keys});
}

void ZmqTransport::run() {
  while (!stop_) {
    dial_due();
    wait();
    guard_.serve();
    handle_requests();
    if (router_) read_router();
    for (Dialled& dialled : dialled_) {
      if (dialled.socket) read_dialled(dialled);
    }
    sweep();
    pause_or_resume();
  }
  for (Dialled& dialled : dialled_) dialled.socket.close();
  router_.close();
}

// Sleeps until there is work. While the inbox is full, messages stay in the sockets, but
// connections are still watched.
void ZmqTransport::wait() {
  const short messages = paused_ ? 0 : ZMQ_POLLIN;
  items_.clear();
  items_.push_back({nullptr, outbox_.fd(), ZMQ_POLLIN, 0});
  if (guard_.handle() != nullptr) items_.push_back({guard_.handle(), 0, ZMQ_POLLIN, 0});
  if (router_) {
    items_.push_back({router_->handle(), 0, messages, 0});
    items_.push_back({router_.events_handle(), 0, ZMQ_POLLIN, 0});
  }
  for (Dialled& dialled : dialled_) {
    if (!dialled.socket) continue;
    items_.push_back({dialled.socket->handle(), 0, messages, 0});
    items_.push_back({dialled.socket.events_handle(), 0, ZMQ_POLLIN, 0});
  }
  // A failure (EINTR) is a wake-up like any other.
  zmq_poll(items_.data(), static_cast<int>(items_.size()), timeout().count());
}

// Returns the time to sleep; -1 is for ever.
milliseconds ZmqTransport::timeout() const {
  auto next = Clock::time_point::max();
  bool is_linked = !accepted_.empty() || guard_.is_watching();
  for (const Dialled& dialled : dialled_) {
    if (!dialled.socket) next = std::min(next, dialled.redial.at());
    is_linked = is_linked || dialled.link != 0;
  }
  if (is_linked) next = std::min(next, next_sweep_);
  if (next == Clock::time_point::max()) return milliseconds{-1};
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(next - Clock::now()));
}

// Gives up links that were silent for too long, or with a key that is no longer valid.
void ZmqTransport::sweep() {
  const auto now = Clock::now();
  if (now < next_sweep_) return;
  next_sweep_ = now + std::min(kSweepInterval, silence_max_);
  guard_.end_endless(paused_);
  cut_invalid();
  if (paused_) return;
  for (Dialled& dialled : dialled_) {
    if (dialled.link != 0 && dialled.heard <= now - silence_max_) hang_up(dialled, "it is silent");
  }
  for (const LinkId link : accepted_.silent_since(now - silence_max_)) {
    core::log_info(region_, "an accepted link is silent and was given up");
    end_accepted(link);
  }
  flush_events();
}

// Cuts the links of keys that are no longer known or valid.
void ZmqTransport::cut_invalid() {
  if (!guard_.has_keys()) return;
  for (Dialled& dialled : dialled_) {
    if (!dialled.key || guard_.is_valid(*dialled.key)) continue;
    dialled.key.reset();
    warn(dialled, "its key is no longer valid");
  }
  std::vector<LinkId> invalid;
  for (const auto& [id, link] : accepted_.all()) {
    if (!guard_.region(link.user_id)) invalid.push_back(id);
  }
  for (const LinkId id : invalid) {
    const AcceptedLink& link = *accepted_.find(id);
    const std::string region = link.user_id.substr(0, link.user_id.find(' '));
    const LogPeer about(region);
    core::log_warning(region_, "cut the link of region " + region + ": its key is no longer valid");
    ++counters_.keys_expired;
    guard_.shut(link.descriptor);
    end_accepted(id);
  }
  flush_events();
}

void ZmqTransport::pause_or_resume() {
  const bool was_paused = std::exchange(paused_, inbox_.full());
  if (paused_ || !was_paused) return;
  // A paused reader has heard no link, so none was silent.
  accepted_.refresh(Clock::now());
  for (Dialled& dialled : dialled_) dialled.heard = Clock::now();
}

void ZmqTransport::handle_requests() {
  outbox_.take(requests_);
  for (const Request& request : requests_) {
    switch (request.kind) {
      case Request::Kind::kSend:
        send_frames(request);
        break;
      case Request::Kind::kReject:
        give_up(request.link);
        break;
      case Request::Kind::kKeys:
        guard_.use(request.keys);
        cut_invalid();
        break;
    }
  }
  requests_.clear();
  flush_events();
}

void ZmqTransport::give_up(LinkId link) {
  ++counters_.frames_rejected;
  if (Dialled* dialled = find_dialled(link); dialled != nullptr) {
    warn(*dialled, "it sent a message that means nothing");
  } else if (accepted_.find(link) != nullptr) {
    warnings_.warn("an accepted link sent a message that means nothing and was given up");
    end_accepted(link);
  }
}

void ZmqTransport::send_frames(const Request& request) {
  Dialled* dialled = find_dialled(request.link);
  const AcceptedLink* accepted = accepted_.find(request.link);
  bool is_sent = dialled != nullptr || accepted != nullptr;
  std::optional<std::string> packed;
  if (is_sent && compresses(dialled != nullptr ? dialled->is_local : accepted->is_local)) {
    packed = compressor_.compress(request.body);
  }
  encode_frames(request.message_kind, packed ? *packed : request.body,
                packed ? BodyForm::kCompressed : BodyForm::kPlain, ++last_number_,
                [&](std::string frame) {
                  is_sent = is_sent && send_frame(dialled, accepted, std::move(frame));
                });
  if (is_sent) return;
  ++counters_.sends_failed;
  if (accepted != nullptr) end_accepted(request.link);
}

bool ZmqTransport::compresses(bool is_local) const {
  return compression_ == Compression::kAlways ||
         (compression_ == Compression::kRemote && !is_local);
}

bool ZmqTransport::send_frame(Dialled* dialled, const AcceptedLink* accepted, std::string frame) {
  const std::size_t size = frame.size();
  zmq::message_t message = to_message(std::move(frame));
  const bool is_sent = dialled != nullptr
                           ? dialled->socket->send(message, zmq::send_flags::dontwait).has_value()
                           : send_to_router(accepted->routing_id, std::move(message));
  if (!is_sent) return false;
  ++counters_.frames_sent;
  counters_.bytes_sent += size;
  return true;
}

// Sends a frame. Returns false when the connection is gone.
bool ZmqTransport::send_to_router(const std::string& routing_id, zmq::message_t frame) try {
  constexpr auto kMore = zmq::send_flags::sndmore | zmq::send_flags::dontwait;
  return router_->send(zmq::buffer(routing_id), kMore).has_value() &&
         router_->send(frame, zmq::send_flags::dontwait).has_value();
} catch (const zmq::error_t&) {
  return false;
}

void ZmqTransport::dial_due() {
  for (Dialled& dialled : dialled_) {
    if (!dialled.socket && dialled.redial.at() <= Clock::now()) dial(dialled);
  }
}

void ZmqTransport::dial(Dialled& dialled) try {
  WatchedSocket socket{context_, zmq::socket_type::dealer, kDialledEvents, ++last_number_};
  set_options(*socket, dialled.address);
  const auto key = guard_.prepare_dialler(*socket, dialled.region, dialled.failures);
  if (!key.ok()) return warn(dialled, key.failure().message);
  dialled.key = key.value();
  socket->connect(dialled.address);
  dialled.socket = std::move(socket);
} catch (const zmq::error_t& error) {
  warn(dialled, error.what());
}

// Messages are read before the monitor: if it then reports a break and a new connection, messages
// read later could belong to either.
void ZmqTransport::read_dialled(Dialled& dialled) {
  std::vector<Incoming> messages;
  if (!paused_) messages = receive_messages(*dialled.socket, false);
  int broken = 0;  // The first event that reports a break.
  while (const auto event = dialled.socket.next()) {
    if (event->id == ZMQ_EVENT_CONNECT_RETRIED) {
      if (broken == 0) dialled.was_not_reached(milliseconds(event->descriptor));
    } else if (event->id != ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      if (broken == 0) broken = event->id;
    } else if (broken != 0) {
      messages.clear();
    } else {
      dialled.link = ++last_number_;
      dialled.heard = Clock::now();
      dialled.is_up();
      const LogPeer about(dialled.name());
      core::log_info(region_, "connected to " + dialled.address);
      emit({.kind = Event::Kind::kUp,
            .link = dialled.link,
            .body = {},
            .address = dialled.address,
            .region = dialled.region});
    }
  }
  for (const Incoming& incoming : messages) {
    if (!take_dialled(dialled, incoming)) break;
  }
  if (broken != 0 && dialled.socket) lost(dialled, broken);
  flush_events();
}

// Hangs up after the event `reason`.
void ZmqTransport::lost(Dialled& dialled, int reason) {
  if (dialled.link != 0) return hang_up(dialled, "the connection broke");
  if (!dialled.key) return hang_up(dialled, dialled.why_refused(reason));
  ++dialled.failures;  // The next attempt expects the region's next key.
  warn(dialled, dialled.why_refused(reason));
}

// Handles a message of a dialled peer. Returns false when the link is over.
bool ZmqTransport::take_dialled(Dialled& dialled, const Incoming& incoming) {
  if (incoming.frame.size() == 0 && !incoming.has_more_parts) {
    dialled.redial.slow_down();
    hang_up(dialled, "it gave the link up");
    return false;
  }
  const core::Result<Frame> frame = incoming.decode();
  core::Result<std::optional<Message>> message =
      frame.ok() ? dialled.assembler.add(frame.value()) : frame.failure();
  if (!message.ok()) {
    ++counters_.frames_rejected;
    warn(dialled, "it sent " + message.failure().message);
    return false;
  }
  count_received(incoming);
  dialled.heard = Clock::now();
  dialled.is_of_use();
  if (std::optional<Message>& whole = message.value(); whole) {
    emit({Event::Kind::kMessage, dialled.link, whole->kind, std::move(whole->body), {}});
  }
  return true;
}

// Closes the socket; dial_due() makes another.
void ZmqTransport::hang_up(Dialled& dialled, const std::string& why, bool said) {
  if (dialled.link != 0) {
    const LogPeer about(dialled.name());
    core::log_info(region_, "lost " + dialled.address + ": " + why);
    emit({.kind = Event::Kind::kDown, .link = dialled.link, .body = {}, .address = {}});
  }
  dialled.is_over(why, said);
}

// Hangs up on a peer that is of no use, and logs the reason unless it is that of the last
// complaint.
void ZmqTransport::warn(Dialled& dialled, const std::string& why) {
  const LogPeer about(dialled.name());
  const bool is_new = std::exchange(dialled.complaint, why) != why;
  if (is_new) core::log_warning(region_, "hung up on " + dialled.address + ": " + why);
  dialled.redial.slow_down();
  hang_up(dialled, why, is_new);
}

Dialled* ZmqTransport::find_dialled(LinkId link) {
  const auto at = std::ranges::find(dialled_, link, &Dialled::link);
  return at == dialled_.end() || link == 0 ? nullptr : &*at;
}

// Messages are read before the monitor, and handled after it: when a new connection has got the
// descriptor of a broken one, the descriptor is then known to be free.
void ZmqTransport::read_router() {
  std::vector<Incoming> messages;
  if (!paused_) messages = receive_messages(*router_, true);
  while (const auto event = router_.next()) {
    guard_.on_event(*event);
    const AcceptedLink* link = accepted_.at_descriptor(event->descriptor);
    if (link != nullptr) end_accepted(link->id);
  }
  for (Incoming& incoming : messages) {
    if (!accepted_.is_ignored(incoming.routing_id)) take_accepted(incoming);
  }
  flush_events();
}

void ZmqTransport::take_accepted(Incoming& incoming) {
  const core::Result<Frame> frame = incoming.decode();
  if (!frame.ok()) return refuse(incoming, frame.failure().message);
  AcceptedLink* link = accepted_.find(incoming.routing_id);
  if (link == nullptr) link = accept(incoming);
  if (link == nullptr) return refuse(incoming, "a routing id or key that is not taken");
  if (guard_.user_id(incoming) != link->user_id) return refuse(incoming, "another key");
  core::Result<std::optional<Message>> message = link->assembler.add(frame.value());
  if (!message.ok()) return refuse(incoming, message.failure().message);
  count_received(incoming);
  link->heard = Clock::now();
  guard_.hear(link->descriptor, link->heard);
  if (std::optional<Message>& whole = message.value(); whole) {
    emit({Event::Kind::kMessage, link->id, whole->kind, std::move(whole->body), {}});
  }
}

// Returns a new link, or null for a peer with a key that is no longer valid, or with a routing id
// of its own choice: such ids can recur.
AcceptedLink* ZmqTransport::accept(const Incoming& incoming) {
  const std::string& routing_id = incoming.routing_id;
  if (routing_id.size() != kRoutingIdSize || routing_id.front() != '\0') return nullptr;
  const char* descriptor = zmq_msg_gets(incoming.frame.handle(), "__fd");
  AcceptedLink link;
  link.id = ++last_number_;
  link.routing_id = routing_id;
  link.descriptor = descriptor == nullptr ? -1 : std::atoi(descriptor);
  link.is_local = is_loopback_host(peer_address(incoming));
  link.user_id = guard_.user_id(incoming);
  const std::optional<std::string> region = guard_.region(link.user_id);
  if (!region) return nullptr;
  // Two connections cannot have one descriptor: the older one is over.
  const AcceptedLink* older = accepted_.at_descriptor(link.descriptor);
  if (older != nullptr) end_accepted(older->id);
  emit({.kind = Event::Kind::kUp, .link = link.id, .body = {}, .address = {}, .region = *region});
  return &accepted_.add(std::move(link));
}

// Counts a malformed message and gives up its link, if there is one already.
void ZmqTransport::refuse(const Incoming& incoming, const std::string& why) {
  const std::string address = peer_address(incoming);
  warnings_.warn("ignoring a connection from " + (address.empty() ? "nowhere" : address) +
                 ": it sent " + why);
  ++counters_.frames_rejected;
  const AcceptedLink* link = accepted_.find(incoming.routing_id);
  if (link != nullptr) return end_accepted(link->id);
  accepted_.ignore(incoming.routing_id);
  send_to_router(incoming.routing_id, {});
}

void ZmqTransport::end_accepted(LinkId link) {
  send_to_router(accepted_.find(link)->routing_id, {});
  accepted_.end(link);
  emit({.kind = Event::Kind::kDown, .link = link, .body = {}, .address = {}});
}

void ZmqTransport::count_received(const Incoming& incoming) {
  ++counters_.frames_received;
  counters_.bytes_received += incoming.frame.size();
}

}  // namespace

core::Result<std::unique_ptr<Transport>> open_zmq_transport(const ZmqOptions& options) try {
  // ZeroMQ ends the process when it gets no thread.
  if (!begins_threads(kThreads)) return core::Failure{ErrorCode::kIo, kNoThreads};
  auto transport = std::make_unique<ZmqTransport>(options);
  for (const std::string& peer : options.peers) {
    const core::Result<void> added = transport->add_peer(peer);
    if (!added.ok()) return added.failure();
  }
  if (!options.listen.empty()) {
    const core::Result<void> checked = check_address(options.listen, AddressUse::kListen);
    if (!checked.ok()) return checked.failure();
    const core::Result<void> listening = transport->listen(options.listen);
    if (!listening.ok()) return listening.failure();
  }
  transport->start();
  return core::Result<std::unique_ptr<Transport>>{std::move(transport)};
} catch (const Error& error) {
  return core::Failure{error.code(), error.what()};
} catch (const std::system_error&) {
  return core::Failure{ErrorCode::kIo, kNoThreads};
} catch (const zmq::error_t& error) {
  return core::Failure{ErrorCode::kIo, std::string{"ZeroMQ: "} + error.what()};
}

}  // namespace anabranch::transport
