#include "server/resp/loop.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <span>
#include <system_error>
#include <utility>

#include "core/log.h"
#include "server/resp/admission.h"
#include "server/resp/serving_order.h"

namespace anabranch::server {
namespace {

constexpr std::size_t kEventsMax = 1024;
// When there are as many clients as may be, so many more may come by the control socket.
constexpr std::size_t kVisitorsMore = 8;
constexpr std::size_t kWaysMax = 8;  // So many give way in one turn.
// The send buffer of a client: by default the system lets it grow to megabytes for a client that
// does not read.
constexpr int kSendBuffer = 256 << 10;
constexpr std::chrono::milliseconds kHearTime{20};    // The same for reads, handshakes included.
constexpr std::chrono::seconds kIdleLook{1};          // Between two looks for idle clients.
constexpr std::chrono::milliseconds kSleepMax{1000};  // Beside a commit.
// A client below these costs in one turn is served early in the next one.
constexpr std::chrono::milliseconds kLightTime{1};
constexpr std::size_t kLightBytes = std::size_t{64} << 10U;
constexpr std::size_t kLightInput = std::size_t{256} << 10U;

}  // namespace

// The pointer of an event tells its owner: a member for the loop's own descriptors, null for the
// leader's, a connection for clients.
Loop::Loop(leader::Leader& leader, ServerOptions& options, Users users, Openings openings,
           Requests requests)
    : leader_(leader),
      options_(options),
      host_{leader, options, std::move(openings.endpoint), std::move(users)},
      web_(std::move(openings.web)),
      web_tls_(std::move(openings.web_tls)),
      judge_({host_.users, host_.failed_logins, host_.denials, catalogue(), options.http_insecure,
              web_ && web_->has_users()}),
      turn_(host_),
      reception_(std::move(openings.entrances), std::move(openings.tls), openings.control, epoll_),
      requests_(requests),
      leader_turns_(leader, epoll_),
      waiting_(host_),
      room_(options, host_),
      input_(options, host_),
      client_room_(host_),
      crowd_(host_) {
  host_.tls_endpoint = std::move(openings.tls_endpoint);
  host_.reopenings = openings.reopenings;
  host_.concerns.begin(host_.users);
  const bool added = epoll_.add(requests_.stop, &stopped_) &&
                     epoll_.add(requests_.reload_keys, &requests_) &&
                     (!web_ || epoll_.add(web_->fd(), web_.get())) &&
                     (leader_.committed_fd() < 0 || epoll_.add(leader_.committed_fd(), &turn_)) &&
                     epoll_.add(turn_.leader_is_back_fd(), &turn_) &&
                     (leader_.wake_fd() < 0 || epoll_.add(leader_.wake_fd(), nullptr));
  if (!added) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

Loop::~Loop() = default;

void Loop::run() {
  Milliseconds timeout{0};
  while (!is_over()) timeout = turn(timeout);
  turn_.abandon_write();
  while (turn_.committing()) finish_commit();
  end_waits();
  answering_.swap(scheduled_);
  close_gone();
  opens_anew_ = opens_anew_ && !stopped_ && host_.stopping.empty();
  if (!host_.stopping.empty()) {
    core::log_info({}, "stopping: the client " + host_.stopping + " asked");
  }
}

Loop::Milliseconds Loop::turn(Milliseconds timeout) {
  wait(timeout);
  leader_.beat();
  if (!turn_.leader_is_away() && std::exchange(reload_, false)) reload_keys();
  const SteadyTime begun = steady_now();
  const bool due = leader_is_due();
  if (due && leader_turns_.refused()) (void)turn_leader();
  turn_.allow_staging(!due);
  // The list may grow meanwhile, by clients with more requests, for the next turn.
  answering_.swap(scheduled_);
  for (Connection* connection : answering_) {
    connection->scheduled = false;
    connection->answering = true;
  }
  const bool worked = !answering_.empty();
  serve_all();
  stage_some();
  commit();
  show_listeners();
  // Clients that were not served come first in the next turn.
  for (Connection* connection : answering_) {
    if (!connection->served) answer(*connection);
  }
  for (Connection* connection : answering_) {
    if (connection->served) answer(*connection);
  }
  bound_input();
  close_gone();
  close_some();
  read_some(begun);
  let_go_on();
  host_.note_rates();
  if (!turn_.leader_is_away()) host_.watched.follow();
  if (web_) web_->follow(judge_);
  // After the answers: while their clients think, foreign writes are applied.
  Milliseconds sleep = turn_leader();
  const bool idle = scheduled_.empty() && !turn_.works() && !turn_.reading();
  sleep = heap_.tidy(worked, idle, sleep);
  return idle ? until_next(sleep) : Milliseconds{0};
}

void Loop::commit() {
  if (!may_gather() || !epoll_.any()) turn_.begin_commit();
  for (Client* client : turn_.take_released()) {
    Connection* const connection = connections_.at(client->id).get();
    if (!std::exchange(connection->answering, true)) answering_.push_back(connection);
  }
}

bool Loop::may_gather() const { return turn_.may_gather() && !stopped_ && host_.stopping.empty(); }

void Loop::finish_commit() {
  const bool others_wait = turn_.any_behind();
  turn_.finish_commit();
  if (const auto rest = turn_.take_leader_rest()) leader_turns_.end_elsewhere(*rest);
  const std::vector<Client*> released = turn_.take_released();
  // Removals may be over by it, and one commit may follow another without a turn of the leader.
  attempt_waiting();
  // The disk works while these are answered. What has waited comes before another commit.
  if (!others_wait && !may_gather()) turn_.begin_commit();
  for (Client* client : released) {
    Connection& connection = *connections_.at(client->id);
    answer(connection);
    if (connection.gone) schedule(connection);
  }
}

bool Loop::leader_is_due() const {
  constexpr Milliseconds kSoon{1};
  if (leader_turns_.yields()) return false;
  return leader_turns_.due() || waiting_.timeout(kSoon) < kSoon;
}

Loop::Milliseconds Loop::turn_leader() {
  leader_turns_.yielded();
  if (turn_.committing() || turn_.staging() || turn_.dirty()) {
    leader_turns_.refuse();
    return kSleepMax;
  }
  if (leader_.turn_is_long()) {
    leader_turns_.begin();
    turn_.begin_leader_turn();
    return kSleepMax;
  }
  const Milliseconds rest = leader_turns_.take();
  attempt_waiting();
  host_.tell_subscribers();
  return rest;
}

Loop::Milliseconds Loop::until_next(Milliseconds most) const {
  most = strangers_.timeout(waiting_.timeout(room_.timeout(most)));
  if (host_.parting) most = std::clamp(parts_in(), Milliseconds{0}, most);
  if (host_.subscribers.any()) most = std::min(most, Subscribers::kEvery);
  if (paused_.empty() || host_.hands_over) return most;
  const auto pause = std::chrono::ceil<Milliseconds>(host_.pause.until - steady_now());
  return std::clamp(pause, Milliseconds{0}, most);
}

// A cheap client waits at most for the half turn of expensive ones, and an expensive one for the
// half turn of cheap ones.
void Loop::serve_all() {
  TurnBudget budget(options_.turn_time_max, options_.turn_output_bytes_max);
  const auto cheap_end = std::stable_partition(answering_.begin(), answering_.end(), costs_little);
  const std::span<Connection*> heavy(cheap_end, answering_.end());
  std::ranges::copy(line_up(heavy), heavy.begin());
  for (Connection* connection : answering_) connection->served = false;
  for (auto each = answering_.begin(); each != cheap_end; ++each) {
    serve(**each, budget);
    if (heavy.empty() ? budget.spent(host_.now) : budget.half_spent(host_.now)) break;
  }
  if (!heavy.empty()) answer_early({answering_.begin(), cheap_end});
  for (Connection* connection : heavy) {
    serve(*connection, budget);
    if (budget.spent(host_.now)) return;
  }
}

void Loop::answer_early(std::span<Connection*> cheap) {
  for (Connection* connection : cheap) {
    const Client& client = connection->client();
    const bool may = connection->served && !client.wait && !connection->held;
    if (may && connection->pending() > 0) answer(*connection);
  }
}

void Loop::show_listeners() {
  if (host_.monitors.take_shown()) show("monitor", host_.monitors.all());
  if (host_.subscribers.take_told()) show("subscriber", host_.subscribers.all());
}

void Loop::show(std::string_view listener, std::span<Client* const> clients) {
  for (Client* client : clients) {
    Connection& connection = *connections_.at(client->id);
    room_.count(connection);
    if (connection.pending() > options_.monitor_output_bytes_max && !connection.gone) {
      core::log_warning({}, "The " + std::string(listener) + " " + client->address +
                                " is closed: it does not read.");
      ++host_.statistics.clients_cut;
      connection.gone = true;
    }
    // In this turn: a connection that is closed at its end must not be scheduled for the next one.
    const bool answered = connection.scheduled || std::ranges::count(answering_, &connection) > 0;
    if (!answered) answering_.push_back(&connection);
  }
}

void Loop::close_gone() {
  waiting_.forget_gone();
  std::erase_if(behind_removals_, [](const Connection* each) { return each->gone; });
  std::erase_if(paused_, [](const Connection* each) { return each->gone; });
  for (Connection* connection : answering_) {
    connection->answering = false;
    if (!connection->gone) continue;
    turn_.forget_closed(connection->client());
    host_.monitors.remove(connection->client());
    host_.subscribers.remove(connection->client());
    room_.forget(*connection);
    input_.forget(*connection);
    host_.clients.erase(connection->client().id);
    connections_.erase(connection->client().id);
  }
  answering_.clear();
}

void Loop::close_some() {
  close_unwelcome();
  close_idle();
  client_room_.relieve(connections_, [this](Connection& connection) {
    connection.gone = true;
    heap_.hurry();
    schedule(connection);
  });
}

void Loop::close_unwelcome() {
  const auto close = [this](std::uint64_t id, bool stranger, std::uint64_t& counted) {
    const auto found = connections_.find(id);
    if (found == connections_.end() || found->second->gone) return;
    const Connection& connection = *found->second;
    if (stranger && !is_stranger(connection.client()) && connection.established()) return;
    if (connection.client().standing != Standing::kApart) {
      host_.expelled.insert(id);  // It is answered first.
      return;
    }
    ++counted;
    found->second->gone = true;
    schedule(*found->second);
  };
  Statistics& counted = host_.statistics;
  for (const std::uint64_t id : std::exchange(host_.expelled, {})) {
    close(id, false, counted.expelled);
  }
  strangers_.expire(steady_now(),
                    [&](std::uint64_t id) { close(id, true, counted.strangers_cut); });
}

void Loop::close_idle() {
  const SteadyTime now = steady_now();
  if (options_.idle_time_max.count() == 0 || now < look_for_idle_) return;
  look_for_idle_ = now + kIdleLook;
  for (const auto& [id, connection] : connections_) {
    const Client& client = connection->client();
    const bool busy = client.wait || client.standing != Standing::kApart || connection->held ||
                      connection->pending() > 0 ||
                      std::ranges::count(host_.monitors.all(), &client) > 0 ||
                      host_.subscribers.of(client) != nullptr;
    if (busy || connection->gone || now - connection->heard() < options_.idle_time_max) continue;
    ++host_.statistics.idlers_cut;
    connection->gone = true;
    schedule(*connection);
  }
}

void Loop::wait(Milliseconds timeout) {
  timeout = reception_.go_on(timeout);
  ways_ = 0;
  std::array<epoll_event, kEventsMax> events;
  std::vector<std::pair<Connection*, std::uint32_t>> heavy;
  for (const epoll_event& event : epoll_.wait(events, timeout)) {
    if (event.data.ptr == nullptr) {
      leader_turns_.called(turn_.committing() || turn_.staging());
      continue;
    }
    if (event.data.ptr == &turn_) {
      finish_commit();
      continue;
    }
    if (reception_.on_event(event.data.ptr, [this](Guest guest) { return welcome_guest(guest); })) {
      continue;
    }
    if (event.data.ptr == &stopped_) {
      take_stop();
    } else if (event.data.ptr == &requests_) {
      take_reload();
    } else if (event.data.ptr == web_.get()) {
      web_->serve(judge_);
    } else {
      Connection& connection = *static_cast<Connection*>(event.data.ptr);
      if (!costs_little(&connection)) {
        heavy.emplace_back(&connection, event.events);
        continue;
      }
      on_event(connection, event.events);
    }
  }
  hear(heavy);
  if (reception_.take_lack()) (void)make_way();
}

// Reads from expensive clients, as far as a turn's budget goes. The events of the rest come again
// in the next turn, which begins with them.
void Loop::hear(std::span<std::pair<Connection*, std::uint32_t>> heavy) {
  if (heavy.empty()) return;
  first_heard_ %= heavy.size();
  std::rotate(heavy.begin(), heavy.begin() + static_cast<std::ptrdiff_t>(first_heard_),
              heavy.end());
  const std::uint64_t most = host_.statistics.bytes_in + options_.turn_input_bytes_max;
  const SteadyTime end = steady_now() + kHearTime;
  for (const auto& [connection, events] : heavy) {
    if (host_.statistics.bytes_in >= most || steady_now() >= end) break;
    on_event(*connection, events);
    ++first_heard_;
  }
}

void Loop::take_reload() {
  std::uint64_t count = 0;
  [[maybe_unused]] const ssize_t taken = ::read(requests_.reload_keys, &count, sizeof(count));
  reload_ = true;
}

void Loop::reload_keys() {
  const core::Result<void> done = leader_.reload_keys();
  if (done.ok()) {
    core::log_info({}, "the keys are read again");
  } else {
    core::log_error({}, "the keys stay as they were: " + done.failure().message);
  }
  reload_certificates();
}

void Loop::reload_certificates() {
  if (options_.tls_address.empty() && options_.sentinel_tls_address.empty() && !web_tls_) return;
  core::Result<TlsContext> tls = TlsContext::load(options_.tls);
  if (!tls.ok()) {
    return core::log_error({}, "the certificates stay as they were: " + tls.failure().message);
  }
  core::log_info({},
                 "the certificates are read again, and are for new connections; that of this "
                 "server is valid until " +
                     tls.value().valid_until());
  if (web_tls_) web_tls_->use(tls.value());
  reception_.use(std::move(tls).value());
}

bool Loop::welcome_guest(Guest& guest) {
  const std::size_t most = std::min(options_.clients_max, options_.clients_room) +
                           (guest.verbs_only ? kVisitorsMore : 0);
  if (connections_.size() < most) {
    seat(guest);
    return true;
  }
  if (!guest.verbs_only && make_way()) {
    seat(guest);
    return ++ways_ < kWaysMax;  // Those who give way leave at the end of the turn.
  }
  ++host_.statistics.connections_refused;
  if (guest.stream.is_tls()) return true;
  constexpr std::string_view kFull = "-ERR max number of clients reached\r\n";
  // One try: the loop does not wait for refused clients.
  [[maybe_unused]] const ssize_t sent =
      ::send(guest.stream.fd(), kFull.data(), kFull.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return true;
}

bool Loop::make_way() {
  Connection* const stranger = crowd_.giving_way(connections_, steady_now());
  if (stranger == nullptr) return false;
  stranger->gone = true;
  schedule(*stranger);
  return true;
}

void Loop::seat(Guest& guest) {
  const int fd = guest.stream.fd();
  const int on = 1;
  if (!guest.by_path) ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
  ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &kSendBuffer, sizeof(kSendBuffer));
  ++host_.statistics.connections;
  auto connection = std::make_unique<Connection>(std::move(guest.stream), ++ids_,
                                                 std::move(guest.address), options_);
  if (!epoll_.add(fd, connection.get())) return;
  connection->interest = EPOLLIN;
  Client& client = connection->client();
  client.verbs_only = guest.verbs_only;
  client.by_path = guest.by_path;
  client.by_tls = guest.by_tls;
  client.at_sentinel = guest.at_sentinel;
  client.local = guest.local;
  client.local_address = std::move(guest.local_address);
  welcome(host_, client);
  if (is_stranger(client) || !connection->established()) {
    strangers_.add(ids_, steady_now() + options_.login_time_max);
  }
  host_.clients.emplace(ids_, &client);
  connections_.emplace(ids_, std::move(connection));
}

void Loop::on_event(Connection& connection, std::uint32_t events) {
  const bool readable = (events & EPOLLIN) != 0;
  // EPOLLRDHUP is watched while the client waits: without reads, only this event reports a closed
  // connection.
  const bool broken = (events & (EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0;
  Client& client = connection.client();
  if (client.drafting && broken && (events & (EPOLLERR | EPOLLHUP)) == 0) {
    client.left = steady_now();
    return schedule(connection);
  }
  // While its request is under way nothing is read: its words stay where they are.
  const bool stays = client.standing == Standing::kStaging;
  const bool waits = client.standing != Standing::kApart || client.behind_commit;
  if ((stays || (waits && connection.runnable)) && !broken) {
    return connection.watch(epoll_, 0);  // Until it is answered.
  }
  // Waiting requests come first, and a stuck client is not read from.
  const bool reading = !connection.runnable && !connection.client().closing;
  const bool writable = (events & EPOLLOUT) != 0 && connection.wants_write();
  if ((readable || writable) && reading) {
    receive(connection);
  } else if (broken) {
    connection.gone = true;
  }
  schedule(connection);
}

void Loop::receive(Connection& connection) {
  const std::size_t before = connection.received();
  const bool light = costs_little(&connection);
  switch (connection.receive(light ? kLightBytes : options_.turn_bytes_max)) {
    case Connection::Received::kBytes:
      connection.runnable = true;
      break;
    case Connection::Received::kNothing:
      break;
    case Connection::Received::kEnd:
      connection.client().closing = true;
      break;
  }
  host_.statistics.bytes_in += connection.received() - before;
  input_.count(connection);
  bound_input();
}

void Loop::bound_input() {
  input_.relieve(connections_, [this](Connection& connection) {
    turn_.forget(connection.client());
    connection.drop_input();
    // The answer of the command that waits would come behind it.
    if (!connection.client().wait)
      connection.client().reply.error(
          "ERR closed: too much has been sent by all clients together and is not run yet, most of "
          "it here");
    heap_.hurry();
    schedule(connection);
  });
}

void Loop::schedule(Connection& connection) {
  if (connection.scheduled) return;
  connection.scheduled = true;
  scheduled_.push_back(&connection);
}

void Loop::serve(Connection& connection, TurnBudget& budget) {
  const SteadyTime from = host_.now = steady_now();
  std::size_t grown = 0;
  connection.served = true;
  for (std::size_t i = 0; i < options_.turn_commands_max && connection.runnable; ++i) {
    if (i > 0 && budget.spent(host_.now)) break;
    const std::size_t before = connection.pending();
    const bool more = serve_next(connection);
    if (i == 0 && !more) return;  // No command ran, so its cost is unknown.
    room_.count(connection);
    if (!connection.held) connection.granted = connection.on_trial = false;
    const std::size_t answered = connection.pending() - std::min(before, connection.pending());
    budget.spend(answered);
    grown += answered;
    if (!more) break;
  }
  const bool little = host_.now - from < kLightTime && grown < kLightBytes &&
                      connection.input_bytes() < kLightInput && connection.missing() < kLightBytes;
  connection.cost = little ? Connection::Cost::kLittle : Connection::Cost::kMuch;
}

bool Loop::serve_next(Connection& connection) {
  Client& client = connection.client();
  if (connection.gone || client.closing) connection.runnable = false;
  if (connection.stuck() || client.wait || connection.held || !connection.runnable) return false;
  if (client.standing == Standing::kUnderWay || client.standing == Standing::kStaging ||
      client.behind_commit) {
    return false;
  }
  room_.allow(connection);
  switch (connection.next_request()) {
    case Parser::Outcome::kIncomplete:
      connection.runnable = false;
      break;
    case Parser::Outcome::kRequest:
      execute(connection);
      if (client.held_back) hold_back(connection);
      if (client.wait) waiting_.add(connection);
      break;
    case Parser::Outcome::kTooLarge:
      turn_.refuse(client, "ERR the request is over the limit of " +
                               std::to_string(connection.request_bytes_max()) + " bytes");
      break;
    case Parser::Outcome::kBroken:
      client.reply.error("ERR " + std::string(connection.protocol_error()));
      client.closing = true;
      break;
  }
  client.reply.set_room(SIZE_MAX);
  return true;
}

void Loop::execute(Connection& connection) {
  Client& client = connection.client();
  if (!client.drafted && !room_.any_for(connection)) {
    client.held_back = HeldBack{.bytes = OutputRoom::kSmall};
    return;
  }
  client.reply_mode.begin_request();
  turn_.execute(client, connection.arguments());
  const bool goes_on = client.held_back || client.wait || client.standing == Standing::kStaging;
  if (!goes_on) client.reply_mode.end_request();
  if (!client.held_back) client.key_check = {};
}

void Loop::answer(Connection& connection) {
  Client& client = connection.client();
  if (client.standing != Standing::kApart) return;
  if (!client.session.stamped()) client.session.stamp(turn_.committed_vector());
  if (!turn_.committing() && !turn_.staging()) waiting_.attempt(client);
  const bool is_busy = client.wait || connection.held || connection.runnable;
  client.closing = client.closing || (client.parting && !is_busy);
  room_.count(connection);
  const std::size_t waiting = connection.pending();
  if (connection.gone || !connection.send()) {
    connection.gone = true;
    return;
  }
  const std::size_t left = connection.pending();
  room_.count(connection);
  host_.statistics.bytes_out += waiting - left;
  if (client.closing && left == 0) {
    connection.gone = true;
    return;
  }
  connection.trim();
  input_.count(connection);
  const bool waits = client.wait.has_value();
  const bool held_up = waits || connection.held || connection.stuck();
  const std::uint32_t reading = client.closing || held_up ? 0U : EPOLLIN;
  const bool may_leave = waits || (client.drafting && !client.left);
  connection.watch(epoll_, reading | (may_leave ? EPOLLRDHUP : 0U) |
                               (left > 0 || connection.wants_write() ? EPOLLOUT : 0U));
  const bool goes_on = connection.runnable && !held_up && !client.behind_commit;
  if (goes_on && !connection.gone) schedule(connection);
}

}  // namespace anabranch::server
