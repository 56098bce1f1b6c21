#include "server/resp/turn.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "control/verbs/verb.h"
#include "core/log.h"
#include "core/wall_clock.h"
#include "leader/scopes/kept_view.h"
#include "leader/scopes/lent_scope.h"
#include "server/resp/admission.h"
#include "server/resp/concern/held_answer.h"
#include "server/resp/discard.h"
#include "server/resp/redirection.h"
#include "server/resp/slices/trial.h"
#include "server/resp/slices/work.h"

namespace anabranch::server {
namespace {

// A write of fewer words, or commands, is too short to watch.
constexpr std::size_t kMany = 100;
// A client that has read by then is likely to read again.
constexpr std::chrono::seconds kReadLately{10};
// So long one state serves the reads beside a commit: what has an expiry is there no longer.
constexpr std::chrono::milliseconds kCommittedTime{1};
// A group waits for commands that have come until it has so many answers, or so long: the clients
// of one are served while the one before is committed.
constexpr std::size_t kGathered = 256;
constexpr std::chrono::microseconds kGatherTime{500};

// Web pages can make a browser on this machine send requests here; they get no further than this.
bool is_http(std::string_view word) { return same_word(word, "post") || same_word(word, "host:"); }

// Whether the control socket takes a request: the verbs that an embedded store has, too.
bool is_verb(const Command& command, Arguments arguments) {
  if (command.shared != nullptr) return true;
  if (same_word(arguments[0], "anabranch")) return command.name == "help";
  return command.name == "select" || command.name == "ping" || command.name == "quit";
}

// Whether a command reads or writes rows, and looks at nothing else of the leader.
bool is_of_rows(const Command& command) {
  constexpr std::uint32_t kMore = kExecutes | kAfterCommit | kAdmin;
  const bool looks = (command.flags & (kReads | kWrites)) != 0;
  return looks && (command.flags & kMore) == 0 && command.shared == nullptr;
}

// Whether a transaction only reads, and tells nobody that it has read.
bool only_reads(const Client& client) {
  const auto writes = [](const Queue::Entry& entry) {
    return !is_of_rows(*entry.command) || entry.command->changes();
  };
  return client.shown.empty() && std::ranges::none_of(client.queue.entries, writes);
}

// Whether a command looks at its client alone.
bool is_of_client(const Command& command) {
  const bool alone = command.group == Group::kConnection || command.has(kImmediate);
  return alone && (command.flags & (kReads | kWrites | kExecutes | kAfterCommit | kAdmin)) == 0;
}

// Whether a command asks how the leader is.
bool asks_status(const Command& command) {
  return command.shared != nullptr && command.shared->name == "status";
}

}  // namespace

Turn::Turn(Host& host)
    : host_(host),
      watchdog_(host.leader.region(), host.options.transaction_patience),
      removals_(host.watched),
      aside_(host.leader, host.watched, host.options.strand_time.get()) {
  host.watchdog = &watchdog_;
  host.observed.commands.resize(all_rows().size());
}

Turn::~Turn() = default;

void Turn::execute(Client& client, Arguments arguments) {
  if (client.drafted) return give_draft(client, arguments);
  const Resolved resolved = resolve(arguments);
  if (resolved.command == nullptr && is_http(arguments[0])) {
    client.closing = true;
    return;
  }
  if (!admits(client, resolved, arguments)) return;
  const Command& command = *resolved.command;
  client.last_command = command.name;
  client.operates = command.has(kAdmin);
  if (is_paused(client, command)) {
    client.held_back = HeldBack{HeldBack::Until::kUnpaused};
    return;
  }
  if (client.queue.open && !command.has(kImmediate)) return enqueue(client, resolved, arguments);
  if (host_.concerns.any()) prepare_to_hold(host_, client, command, arguments);
  if (reads_apart(client, command)) {
    const leader::Loan<leader::LentRead> scope(committed_state());
    return run_in(*scope, client, resolved, arguments, true);
  }
  if (busy() && !goes_on_meanwhile(command) && !may_stage(client, command, arguments)) {
    client.held_back = HeldBack{HeldBack::Until::kCommitted};
    return;
  }
  if (!leader_is_away() && !make_way(client, command, arguments)) return;
  if (command.has(kSliced) && arguments.size() > Removals::kDirectMax) {
    return begin_removal(client, command, arguments);
  }
  // What others have staged counts as a change, so the log must have it.
  const bool watches = command.has(kExecutes) && host_.watched.watches(client);
  if ((command.has(kAfterCommit) || watches) && !commit_before(client)) return;
  if (!may_be_long(command, arguments)) {
    return run_in(host_.leader.scope(), client, resolved, arguments, false);
  }
  const bool is_long = client.is_long || is_large(client, command, arguments);
  if (!is_long && run_briefly(client, resolved, arguments)) return;
  begin_large(client, resolved, arguments);
  client.is_long = client.held_back && !client.drafting;
}

bool Turn::run_briefly(Client& client, const Resolved& resolved, Arguments arguments) {
  const std::size_t begin = client.reply.mark();
  PacedTransaction scope(host_.leader.writer());
  Call call{client, scope, host_, arguments, *resolved.command, *resolved.container};
  const Ran ran = try_to_run(call, begin, steady_now() + host_.options.write_slice_max);
  if (ran == Ran::kToItsEnd) finish(call, begin);
  return ran != Ran::kTooLong;
}

// A command that looks at its client alone waits for nobody. While a group is staged the leader is
// here, and tells how it is.
bool Turn::goes_on_meanwhile(const Command& command) const {
  return is_of_client(command) || (staging() && asks_status(command));
}

bool Turn::reads_apart(const Client& client, const Command& command) const {
  const bool apart = client.standing == Standing::kApart && (open_.wrote || busy());
  return apart && is_of_rows(command) && !command.changes() && !removals_.any();
}

// What looks at more than rows waits for the commit, and so does what takes several turns.
bool Turn::may_stage(const Client& client, const Command& command, Arguments arguments) const {
  if (staging() || leader_is_away() || !may_stage_) return false;
  if (removals_.any() || host_.leader.group_full()) return false;
  if (command.has(kSliced) && arguments.size() > Removals::kDirectMax) return false;
  if (!command.has(kExecutes)) return is_of_rows(command) || is_of_client(command);
  const auto of_rows = [](const Queue::Entry& entry) { return is_of_rows(*entry.command); };
  return !host_.watched.watches(client) && std::ranges::all_of(client.queue.entries, of_rows);
}

const leader::View& Turn::committed_state() {
  if (!committed_ || host_.now - committed_at_ > kCommittedTime) {
    committed_ = host_.leader.keep();
    committed_at_ = host_.now;
  }
  return committed_->view();
}

void Turn::run_in(Scope& scope, Client& client, const Resolved& resolved, Arguments arguments,
                  bool apart) {
  const Command& command = *resolved.command;
  const std::size_t begin = client.reply.mark();
  Call call{client, scope, host_, arguments, command, *resolved.container};
  call.apart = apart;
  const Ran ran = command.has(kLong)
                      ? try_to_run(call, begin, host_.now + host_.options.read_slice_max)
                      : run_within_room(call, begin);
  if (ran == Ran::kTooLong) return begin_read(client, resolved, arguments);
  if (ran == Ran::kToItsEnd) finish(call, begin);
}

Turn::Ran Turn::try_to_run(Call& call, std::size_t begin, SteadyTime until) {
  try {
    const Trial trial(until);
    return run_within_room(call, begin);
  } catch (const Trial::Over&) {
    call.reply().rewind(begin);
    return Ran::kTooLong;
  }
}

bool Turn::admits(Client& client, const Resolved& resolved, Arguments arguments) {
  if (resolved.command == nullptr) {
    // A stranger does not even learn which commands there are.
    if (is_stranger(client)) {
      refuse(client, kStrangersError);
    } else if (same_word(arguments[0], "exec")) {
      discard(client, resolved.error);
    } else {
      reject(client, resolved, arguments);
    }
    return false;
  }
  const Command& command = *resolved.command;
  if (client.verbs_only && !is_verb(command, arguments)) {
    refuse(client, "ERR the control socket takes ANABRANCH and its verbs, not '" +
                       std::string(command.name) + "'");
    return false;
  }
  std::string refusal;
  if (client.at_sentinel) refusal = refusal_at_sentinel(host_, client, command);
  if (!refusal.empty()) return refuse(client, refusal), false;
  if (admit_some(host_, client, command, arguments, refusal)) {
    if (!host_.options.redis_cluster) return true;
    const auto elsewhere = redirection(host_, client, command, arguments);
    if (!elsewhere) return true;
    ++host_.observed.commands.of(command.id).rejected;
    redirect(client, command, *elsewhere);
    return false;
  }
  if (client.held_back) return host_.now = steady_now(), false;
  ++host_.observed.commands.of(command.id).rejected;
  if (command.has(kExecutes)) {
    discard(client, refusal);
  } else {
    refuse(client, refusal);
  }
  return false;
}

void Turn::finish(const Call& call, std::size_t begin) {
  Client& client = call.client;
  const Command& command = call.command;
  ++host_.statistics.commands;
  const bool changes = command.changes();
  if (changes && !std::exchange(open_.wrote, true)) open_.wrote_at = host_.now;
  const bool looked = changes || command.has(kReads);
  if (looked) client.session.mark(changes);
  const bool held = changes && client.concern && hold_answer(host_, client, begin);
  if (open_.wrote && looked && !call.apart) {
    if (client.standing == Standing::kApart) open_.members.push_back(&client);
    client.standing = Standing::kInGroup;
    const bool wanted = !client.reply_mode.drops() && !held;
    if (wanted) open_.answers.push_back({&client, begin, client.reply.mark()});
  }
  const SteadyTime now = steady_now();
  const bool reads = looked && !changes && client.standing == Standing::kApart;
  if (reads && &client != lone_writer_) read_at_ = now;
  const auto took = now - std::exchange(host_.now, now);
  CommandCount& count = host_.observed.commands.of(command.id);
  count.add(took);
  if (client.reply.is_error(begin)) ++count.failed;
  if (host_.observed.notable(took)) note_slow(call, took);
  if (host_.monitors.any()) show(client, command, call.arguments);
  client.drop_unwanted(begin);
  if (!call.apart) commit_if_large();  // Else the state that it has read is still in use.
}

void Turn::note_slow(const Call& call, std::chrono::nanoseconds took) {
  Observed& observed = host_.observed;
  const std::int64_t seconds = core::SystemClock().now_ms() / 1000;
  if (observed.latency().takes(took)) {
    observed.latency().add(call.command.has(kFast) ? "fast-command" : "command", seconds, took);
  }
  if (!observed.slow().takes(took) || call.command.has(kSecret)) return;
  observed.slow().add({.time = seconds,
                       .took = std::chrono::duration_cast<std::chrono::microseconds>(took),
                       .address = call.client.address,
                       .client = call.client.name},
                      call.arguments);
}

// As by Redis, words of operators are not shown.
void Turn::show(const Client& client, const Command& command, Arguments arguments) {
  const bool shown = host_.monitors.any() && !command.has(kSecret) && !command.has(kAdmin);
  if (shown) host_.monitors.show(client, arguments);
}

Turn::Ran Turn::run_within_room(Call& call, std::size_t begin) {
  try {
    run_watched(call);
    return Ran::kToItsEnd;
  } catch (const NoRoom& none) {
    call.reply().rewind(begin);
    call.client.held_back = HeldBack{HeldBack::Until::kRoom, none.bytes - begin};
    return Ran::kNoRoom;
  }
}

void Turn::run_watched(Call& call) {
  if (!call.command.changes()) return run(call);
  const std::size_t queued = call.client.queue.entries.size();
  if (std::max(call.size(), queued) < kMany) return run(call);
  struct Watched {
    leader::Watchdog& watchdog;
    ~Watched() { watchdog.end(); }
  };
  const std::string size =
      queued > 0 ? std::to_string(queued) + " commands" : std::to_string(call.size()) + " words";
  watchdog_.begin(std::string(call.command.name) + " with " + size + ", from the client " +
                  call.client.address);
  const Watched watched{watchdog_};
  run(call);
}

bool Turn::make_way(Client& client, const Command& command, Arguments arguments) {
  if (!removals_.any()) return true;
  const bool may = removals_.make_way(command, client, arguments, host_.leader.scope());
  open_.wrote = open_.wrote || host_.leader.dirty();
  if (!may) removals_.hold_back(client);
  return may;
}

void Turn::begin_removal(Client& client, const Command& command, Arguments arguments) {
  if (removals_.full()) return removals_.hold_back(client);
  ++host_.statistics.commands;
  ++host_.observed.commands.of(command.id).calls;
  removals_.begin(client, arguments.subspan(1));
  show(client, command, arguments);
}

void Turn::begin_large(Client& client, const Resolved& resolved, Arguments arguments) {
  if (resolved.command->has(kExecutes) && only_reads(client)) {
    return begin_read(client, resolved, arguments);
  }
  if (removals_.any()) return removals_.hold_back(client);
  if (!commit_before(client)) return;
  client.standing = Standing::kStaging;
  write_ = std::make_unique<LongWrite>(host_, client, resolved, arguments,
                                       [this](Call& call) { run_watched(call); });
}

Client* Turn::stage_some(SteadyTime until) {
  if (!write_ || !write_->go_on(until)) return nullptr;
  const std::unique_ptr<LongWrite> write = std::move(write_);
  const Call& call = write->call();
  Client& client = call.client;
  client.standing = Standing::kApart;
  host_.now = steady_now() - write->took();
  try {
    write->result();
    finish(call, write->begin());
  } catch (const NoRoom& none) {
    client.reply.rewind(write->begin());
    client.held_back = HeldBack{HeldBack::Until::kRoom, none.bytes - write->begin()};
  } catch (const Strand::TooMuch& much) {
    client.reply.rewind(write->begin());
    give_up(client, much);
    finish(call, write->begin());
  }
  release_behind();
  return &client;
}

void Turn::give_up(Client& client, const Strand::TooMuch& much) {
  host_.watched.forget(client);
  client.reply.error(too_much(much));
}

void Turn::abandon_write() {
  if (!write_) return;
  write_->call().client.standing = Standing::kApart;
  write_.reset();
  release_behind();
}

void Turn::begin_read(Client& client, const Resolved& resolved, Arguments arguments) {
  reads_.begin(client, resolved, arguments);
  client.drafting = true;
  ++host_.observed.commands.of(resolved.command->id).calls;
  ++host_.statistics.long_reads;
  ++host_.long_reads;
  client.held_back = HeldBack{HeldBack::Until::kDrafted};
}

void Turn::give_draft(Client& client, Arguments arguments) {
  ++host_.statistics.commands;
  if (host_.monitors.any()) host_.monitors.show(client, arguments);
  client.session.mark(false);
  client.drafted = client.drafting = false;
  const std::size_t mark = client.reply.mark();
  client.output.append(std::exchange(client.draft, {}));
  client.drop_unwanted(mark);
}

void Turn::forget(Client& client) {
  if (write_ && &write_->call().client == &client) abandon_write();
  host_.watched.forget(client);
  reads_.forget(host_, client);
  client.draft = {};
  client.drafted = client.drafting = false;
}

void Turn::forget_closed(Client& client) {
  forget(client);
  if (lone_writer_ == &client) lone_writer_ = nullptr;
  for (std::vector<Client*>* clients :
       {&open_.members, &under_way_.members, &behind_, &released_}) {
    std::erase(*clients, &client);
  }
  for (Group* group : {&open_, &under_way_}) {
    std::erase_if(group->answers, [&](const Answer& each) { return each.client == &client; });
  }
}

void Turn::remove_some(SteadyTime until) {
  if (!removals_.any()) return;
  if (!removals_.acts()) {
    if (!removals_.prepare(until) || !reads_have_states()) return;
    removals_.act();
  }
  removals_.slice(host_.leader.scope(), until);
  open_.wrote = true;
}

bool Turn::reads_have_states() {
  if (!reads_.any_to_begin()) return true;
  if (!open_.wrote) return reads_.keep_state(host_);
  begin_commit();
  return false;
}

void Turn::refuse(Client& client, std::string_view error) {
  client.queue.aborted = client.queue.open;
  const std::size_t mark = client.reply.mark();
  client.reply.error(error);
  client.drop_unwanted(mark);
  host_.observed.errors.add(error);
}

void Turn::reject(Client& client, const Resolved& resolved, Arguments arguments) {
  const Command* command = find_command(arguments[0]);
  if (command != nullptr) ++host_.observed.commands.of(command->id).rejected;
  refuse(client, resolved.error);
}

void Turn::discard(Client& client, std::string_view error) {
  const std::size_t mark = client.reply.mark();
  client.reply.error(server::discard(client, host_.watched, error));
  client.drop_unwanted(mark);
}

void Turn::redirect(Client& client, const Command& command, std::string_view error) {
  if (command.has(kExecutes)) (void)server::discard(client, host_.watched, error);
  refuse(client, error);
}

void Turn::enqueue(Client& client, const Resolved& resolved, Arguments arguments) {
  if (resolved.command->has(kAlone))
    return refuse(client, "ERR Command not allowed inside a transaction");
  Queue& queue = client.queue;
  const std::size_t bytes_max = host_.options.parser.request_bytes_max;
  if (queue.bytes + Queue::bytes_of(arguments) > bytes_max) {
    return refuse(
        client, "ERR the transaction is over the limit of " + std::to_string(bytes_max) + " bytes");
  }
  queue.add({.command = resolved.command,
             .container = resolved.container,
             .user = client.user,
             .rights_version = host_.rights_version},
            arguments);
  const std::size_t mark = client.reply.mark();
  client.reply.status("QUEUED");
  client.drop_unwanted(mark);
  show(client, *resolved.command, arguments);
}

void Turn::commit() {
  finish_commit();
  if (!open_.wrote) return;
  open_.begun = steady_now();
  conclude(open_, host_.leader.commit());
}

bool Turn::commit_before(Client& client) {
  if (!open_.wrote || !host_.leader.commit_is_long()) {
    commit();
    return true;
  }
  begin_commit();
  client.held_back = HeldBack{HeldBack::Until::kCommitted};
  return false;
}

void Turn::begin_commit() {
  yields_ = false;
  if (!open_.wrote || committing()) return;
  if (host_.leader.commit_is_long()) {
    open_.begun = steady_now();
    send_group();
    return aside_.begin_commit();
  }
  if (!serves_beside()) return commit();
  open_.begun = steady_now();
  const core::Result<bool> begun = host_.leader.begin_commit();
  if (!begun.ok()) return conclude(open_, begun.failure());
  if (!begun.value()) return conclude(open_, {});
  send_group();
}

void Turn::send_group() {
  std::swap(under_way_, open_);
  for (Client* member : under_way_.members) member->standing = Standing::kUnderWay;
}

bool Turn::may_gather() const {
  if (committing()) return false;
  const bool is_small = open_.answers.size() < kGathered && !host_.leader.group_full();
  const bool is_young = host_.now - open_.wrote_at < kGatherTime;
  return open_.wrote && is_small && is_young && may_stage_;
}

// Commands that wait for the commit under way come before the next one, and so does the leader.
void Turn::commit_if_large() {
  if (leader_is_away()) return;
  const bool is_full = host_.leader.group_full();
  const bool may_begin = may_stage_ && behind_.empty() && !yields_;
  const bool is_large = open_.answers.size() >= kGathered && may_begin && serves_beside();
  if (!is_full && !is_large) return;
  if (committing() && may_begin && host_.leader.commit_is_made()) finish_commit();
  if (!committing()) begin_commit();
}

bool Turn::serves_beside() const {
  const std::vector<Client*>& members = open_.members;
  if (host_.leader.committed_fd() < 0 || host_.clients.size() <= members.size()) return false;
  const bool lone = members.size() == 1 && members.front() == lone_writer_;
  return host_.now - read_at_ < kReadLately || (may_stage_ && !lone);
}

void Turn::finish_commit() {
  if (!committing()) return;
  if (aside_.away()) {
    const LeaderAside::Done done = aside_.end();
    leader_rest_ = done.rest;
    committed_.reset();
    if (!done.rest) conclude(under_way_, done.committed);
  } else {
    conclude(under_way_, host_.leader.finish_commit());
  }
  release_behind();
}

void Turn::release_behind() {
  yields_ = !behind_.empty();
  for (Client* client : std::exchange(behind_, {})) {
    client->behind_commit = false;
    released_.push_back(client);
  }
}

void Turn::wait_for_commit(Client& client) {
  client.behind_commit = true;
  behind_.push_back(&client);
}

void Turn::conclude(Group& group, const core::Result<void>& committed) {
  note_commit(steady_now() - group.begun);
  if (!committed.ok()) {
    ++host_.statistics.commits_failed;
    if (!committed.failure().passes) {  // Those are told once, as long as they last.
      core::log_error({}, "The commit failed: " + committed.failure().message);
    }
    revoke(group, "MISCONF " + committed.failure().message);
    revoke_held(group.members, "MISCONF " + committed.failure().message);
    removals_.failed("MISCONF " + committed.failure().message);
  }
  removals_.committed();
  for (Client* member : group.members) member->standing = Standing::kApart;
  released_.insert(released_.end(), group.members.begin(), group.members.end());
  lone_writer_ = group.members.size() == 1 ? group.members.front() : nullptr;
  group.wrote = false;
  group.answers.clear();
  group.members.clear();
  committed_.reset();
  host_.concerns.committed();
}

void Turn::note_commit(std::chrono::nanoseconds took) {
  ++host_.statistics.commits;
  if (!host_.observed.latency().takes(took)) return;
  host_.observed.latency().add("commit", core::SystemClock().now_ms() / 1000, took);
}

void Turn::revoke(const Group& group, std::string_view error) {
  // For each client: the kept output, and the length of the old output that was processed.
  std::map<Client*, std::pair<Output, std::size_t>> rewritten;
  for (const Answer& answer : group.answers) {
    auto& [output, seen] = rewritten[answer.client];
    output.append(answer.client->output, seen, answer.begin);
    Writer(output, SIZE_MAX).error(error);
    seen = answer.end;
  }
  for (auto& [client, rest] : rewritten) {
    auto& [output, seen] = rest;
    output.append(client->output, seen, client->output.size());
    client->output = std::move(output);
  }
}

}  // namespace anabranch::server
