#include "transport/zmq/zmq_transport.h"

#include <algorithm>
#include <optional>
#include <system_error>
#include <utility>

#include "core/log.h"
#include "core/system/thread_without_signals.h"
#include "transport/address.h"
#include "transport/log_peer.h"
#include "transport/zmq/tcp_socket.h"
#include "transport/zmq/zmq_thread.h"

namespace anabranch::transport {

using std::chrono::milliseconds;

namespace {

constexpr milliseconds kSweepInterval{1000};
constexpr milliseconds kLookInterval{250};
constexpr const char* kLosesLargeOnes =
    " is heard, but what is sent there does not come through: where small messages pass and large "
    "ones do not, look at the MTU of the line";
constexpr std::size_t kThreads = 3;  // That of this transport, and two of ZeroMQ.
constexpr const char* kNoThreads =
    "the system begins no more threads (see ulimit -u, and the limits of the container)";

}  // namespace

ZmqTransport::ZmqTransport(const ZmqOptions& options)
    : region_(options.region),
      apart_(options.apart_kind),
      silence_max_(options.silence_max),
      check_names_every_(options.check_names_every),
      names_(options.resolve),
      guard_(context_, options.region, options.keys, options.wall_clock, counters_),
      warnings_(options.region),
      partial_bodies_(options.partial_bytes_max),
      compression_(options.compression),
      body_bytes_max_(options.body_bytes_max) {
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
  dialled.name = DialledName(dialled.address, names_);
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

void ZmqTransport::send(LinkId link, std::uint8_t message_kind, std::string body, Turn turn) {
  ANABRANCH_ASSERT(body.size() <= kMessageSizeMax);
  outbox_.push({Request::Kind::kSend, link, message_kind, std::move(body), {}, turn});
}

void ZmqTransport::drop(LinkId link, Lane lane, std::uint64_t before) {
  outbox_.push({.kind = Request::Kind::kDrop,
                .link = link,
                .body = {},
                .turn = {.lane = lane, .stream = before}});
}

std::vector<Event> ZmqTransport::receive(std::size_t bytes_max) {
  bool drained = false;
  std::vector<Event> events = inbox_.take(bytes_max, drained);
  if (drained) outbox_.poke();
  return events;
}

void ZmqTransport::reject(LinkId link, std::string why) {
  outbox_.push({Request::Kind::kReject, link, 0, std::move(why)});
}

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
    flush_links();
    sweep();
    pause_or_resume();
  }
  for (Dialled& dialled : dialled_) dialled.socket.close();
  router_.close();
}

// Sleeps until there is work. Messages are read while the inbox is full, too; see
// waiting_frames.h.
void ZmqTransport::wait() {
  items_.clear();
  items_.push_back({nullptr, outbox_.fd(), ZMQ_POLLIN, 0});
  items_.push_back({nullptr, names_.fd(), ZMQ_POLLIN, 0});
  if (guard_.handle() != nullptr) items_.push_back({guard_.handle(), 0, ZMQ_POLLIN, 0});
  if (router_) {
    items_.push_back({router_->handle(), 0, ZMQ_POLLIN, 0});
    items_.push_back({router_.events_handle(), 0, ZMQ_POLLIN, 0});
  }
  for (Dialled& dialled : dialled_) {
    if (!dialled.socket) continue;
    items_.push_back({dialled.socket->handle(), 0, ZMQ_POLLIN, 0});
    items_.push_back({dialled.socket.events_handle(), 0, ZMQ_POLLIN, 0});
  }
  // A failure (EINTR) is a wake-up like any other.
  zmq_poll(items_.data(), static_cast<int>(items_.size()), timeout().count());
}

// Returns the time to sleep; -1 is for ever.
milliseconds ZmqTransport::timeout() const {
  auto next = Clock::time_point::max();
  bool is_linked = !accepted_.empty();
  for (const Dialled& dialled : dialled_) {
    if (!dialled.socket) next = std::min(next, dialled.due_at());
    is_linked = is_linked || dialled.link != 0;
  }
  if (is_linked) next = std::min(next, next_sweep_);
  if (guard_.is_watching()) next = std::min(next, next_look_);
  next = std::min(next, next_flush_);
  if (!paused_ && is_behind()) return milliseconds{0};
  if (next == Clock::time_point::max()) return milliseconds{-1};
  return std::max(milliseconds{0}, std::chrono::ceil<milliseconds>(next - Clock::now()));
}

// Gives up links that were silent for too long, or with a key that is no longer valid.
void ZmqTransport::sweep() {
  const auto now = Clock::now();
  end_endless(now);
  if (now < next_sweep_) return;
  next_sweep_ = now + std::min(kSweepInterval, silence_max_);
  cut_invalid();
  if (paused_) return;
  for (Dialled& dialled : dialled_) {
    if (dialled.link == 0) continue;
    if (dialled.hearing.loses_large_ones(now)) warnings_.warn(dialled.address + kLosesLargeOnes);
    dialled.hearing.look(bytes_of(dialled.descriptor), now);
    if (dialled.hearing.is_silent(silence_max_, now))
      hang_up(dialled, "it is silent");
    else if (dialled.assembler.is_partial())
      emit_part(dialled.link, dialled.hearing, now);
  }
  for (const LinkId link : accepted_.look(silence_max_, now)) {
    end(link, "it is silent");
  }
  for (auto& [id, link] : accepted_.all()) {
    if (link.assembler.is_partial()) emit_part(id, link.hearing, now);
    if (link.hearing.loses_large_ones(now)) warnings_.warn(name_of(link) + kLosesLargeOnes);
  }
  flush_events();
}

void ZmqTransport::end_endless(Clock::time_point now) {
  if (now < next_look_) return;
  next_look_ = now + kLookInterval;
  guard_.end_endless(paused_ || is_behind());
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
  for (Dialled& dialled : dialled_) dialled.hearing.refresh(Clock::now());
}

void ZmqTransport::handle_requests() {
  outbox_.take(requests_);
  for (Request& request : requests_) {
    switch (request.kind) {
      case Request::Kind::kSend:
        queue(request);
        break;
      case Request::Kind::kDrop:
        drop_waiting(request);
        break;
      case Request::Kind::kReject:
        give_up(request.link, request.body);
        break;
      case Request::Kind::kRedial:
        redial(request);
        break;
      case Request::Kind::kDoubt:
        if (Dialled* dialled = find_dialled(request.link)) dialled->doubt();
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

// A body that is under way is told now and then, and in each sweep: whoever waits for what comes
// behind it sees that the link is busy.
void ZmqTransport::emit_part(LinkId link, Hearing& hearing, Clock::time_point now) {
  if (hearing.reports_part(now))
    emit({.kind = Event::Kind::kPart, .link = link, .body = {}, .address = {}});
}

void ZmqTransport::emit_whole(LinkId link, Hearing& hearing, Message message) {
  if (message.is_long && hearing.reports_whole()) {
    emit({.kind = Event::Kind::kPart, .link = link, .body = {}, .address = {}, .is_whole = true});
  }
  const bool goes_apart = apart_.takes(message.kind);
  Event event{Event::Kind::kMessage, link, message.kind, std::move(message.body), {}};
  if (!goes_apart) return emit(std::move(event));
  if (!apart_.push(std::move(event))) ++counters_.apart_dropped;
}

core::Result<std::optional<Message>> ZmqTransport::add(LinkId link, std::string_view source,
                                                       Assembler& assembler, const Frame& frame) {
  const std::size_t most =
      body_bytes_max_ == nullptr ? kMessageSizeMax : body_bytes_max_(frame.kind);
  core::Result<std::optional<Message>> message = assembler.add(frame, most);
  if (message.ok() && message.value()) turn_bytes_ += message.value()->body.size();
  if (link != 0) partial_bodies_.note(link, source, assembler.bytes());
  return message;
}

void ZmqTransport::bound_bodies() {
  while (const auto link = partial_bodies_.too_much()) {
    ++counters_.frames_rejected;
    end(*link, "too much of its bodies, and of others from there, has come without their ends");
    partial_bodies_.note(*link, {}, 0);
  }
}

// A full inbox ends the turns of all sockets.
void ZmqTransport::end_turn() {
  flush_events();
  turn_bytes_ = 0;
  paused_ = paused_ || inbox_.full();
}

bool ZmqTransport::is_behind() const {
  return !waiting_.empty() ||
         std::ranges::any_of(dialled_, [](const Dialled& each) { return !each.waiting.empty(); });
}

void ZmqTransport::count_received(const Incoming& incoming) {
  ++counters_.frames_received;
  counters_.bytes_received += incoming.frame.size();
}

core::Result<std::unique_ptr<Transport>> open_zmq_transport(const ZmqOptions& options) try {
  // ZeroMQ ends the process when it gets no thread.
  if (!core::begins_threads(kThreads)) return core::Failure{ErrorCode::kIo, kNoThreads};
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
