#include "server/resp/admission.h"

#include <cstdint>
#include <vector>

#include "core/wall_clock.h"
#include "server/resp/client_line.h"
#include "server/resp/table/categories.h"

namespace anabranch::server {
namespace {

constexpr std::string_view kChanged =
    "NOPERM ACLs rules changed between the moment the transaction was accumulated and the EXEC "
    "call. This command is no longer allowed for the following reason: ";

// Of a text of many megabytes the log keeps no more.
std::string beginning(std::string_view text) {
  return std::string(text.substr(0, DenialLog::kBytesMax));
}

void note(Host& host, const Client& client, DenialEntry entry) {
  entry.client = client_line(client);
  entry.time_ms = core::SystemClock().now_ms();
  host.denials.add(std::move(entry));
}

void note_denial(Host& host, const Client& client, const Command& command, const Denial& denial,
                 bool queued) {
  const bool by_key = denial.reason == Denial::Reason::kKey;
  note(host, client,
       {.reason = by_key ? DenialEntry::Reason::kKey : DenialEntry::Reason::kCommand,
        .in_transaction = queued || client.queue.open,
        .object = beginning(by_key ? denial.key : full_name(command)),
        .user = client.user->name()});
}

std::string refusal_of(const Command& command, const Denial& denial) {
  const std::string name(full_name(command));
  switch (denial.reason) {
    case Denial::Reason::kNone:
    case Denial::Reason::kUnfinished:
      break;
    case Denial::Reason::kCommand:
      return "NOPERM this user has no permissions to run the '" + name + "' command";
    case Denial::Reason::kKey:
      return "NOPERM this user has no permissions to access one of the keys used as arguments";
    case Denial::Reason::kAllKeys:
      return "NOPERM this user has no permissions to access all keys, as the '" + name +
             "' command does";
  }
  return {};
}

bool is_admitted(Host& host, const Client& client, const Command& command, const Denial& denial,
                 std::string& refusal) {
  if (!denial) return true;
  note_denial(host, client, command, denial, false);
  refusal = refusal_of(command, denial);
  return false;
}

// Whether a client that is no user may run a command.
bool may_run_unnamed(const Client& client, const Command& command, std::string& refusal) {
  if (client.verbs_only) return true;
  refusal = kStrangersError;
  return command.has(kStranger);
}

}  // namespace

bool may_be_open(const Host& host, const Client& client) {
  return client.local || host.options.insecure;
}

void welcome(const Host& host, Client& client) {
  const User& user = host.users.default_user();
  const bool is_user = user.is_open() && !client.verbs_only && may_be_open(host, client);
  client.user = is_user ? &user : nullptr;
}

bool admit(Host& host, const Client& client, const Command& command, Arguments arguments,
           std::string& refusal) {
  if (client.user == nullptr) return may_run_unnamed(client, command, refusal);
  return is_admitted(host, client, command, client.user->rules().check(command, arguments),
                     refusal);
}

bool admit_some(Host& host, Client& client, const Command& command, Arguments arguments,
                std::string& refusal) {
  if (client.user == nullptr) return may_run_unnamed(client, command, refusal);
  client.key_check.go_on(host.rights_version, host.now + host.options.read_slice_max);
  const Denial denial = client.user->rules().check(command, arguments, &client.key_check);
  if (denial.reason != Denial::Reason::kUnfinished) {
    return is_admitted(host, client, command, denial, refusal);
  }
  client.held_back = HeldBack{HeldBack::Until::kChecked};
  return false;
}

bool admit_queued(Host& host, const Client& client, const Command& command, Arguments arguments,
                  std::string& refusal) {
  if (client.verbs_only) return true;
  if (client.user == nullptr) {
    refusal = kStrangersError;
    return false;
  }
  const Denial denial = client.user->rules().check(command, arguments);
  if (!denial) return true;
  note_denial(host, client, command, denial, true);
  refusal = std::string(kChanged) + (denial.reason == Denial::Reason::kCommand
                                         ? "no permission to execute the command or subcommand"
                                         : "no permission to touch the specified keys");
  return false;
}

bool may_see(const Client& client, std::string_view key) {
  return client.user == nullptr || client.user->rules().may_see(key);
}

bool sees_all_keys(const Client& client) {
  return client.user == nullptr || client.user->rules().sees_all_keys();
}

std::string refusal_at_sentinel(const Host& host, const Client& client, const Command& command) {
  constexpr std::uint32_t kAnswered = kInConnection | kInPubSub | kInAnabranchSentinel;
  const std::string name(full_name(command));
  const bool of_channels = (categories_of(command) & kInPubSub) != 0;
  const bool ends = name == "quit" || name == "reset";
  if (hears_only(host, client) && !of_channels && !ends && name != "ping") {
    return "ERR Can't execute '" + name +
           "': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET are allowed in this "
           "context";
  }
  const bool tells = name == "info" || name == "role";
  const bool is_own = (categories_of(command) & kInAnabranch) != 0;
  if (tells || (!is_own && (categories_of(command) & kAnswered) != 0)) return {};
  return "ERR this is a Sentinel port: '" + name +
         "' is for the Redis port of the leader, which SENTINEL GET-MASTER-ADDR-BY-NAME tells";
}

bool hears_only(const Host& host, const Client& client) {
  return client.at_sentinel && client.reply.protocol() == 2 &&
         host.subscribers.of(client) != nullptr;
}

void note_failed_login(Host& host, const Client& client, std::string_view word,
                       std::string_view user) {
  note(host, client,
       {.reason = DenialEntry::Reason::kLogin,
        .object = std::string(word),
        .user = std::string(user)});
}

void expel(Host& host, const Client& client) {
  // What others do in the rest of this turn is not for it.
  host.monitors.remove(client);
  host.subscribers.remove(client);
  host.expelled.insert(client.id);
}

void expel(Host& host, const User& user) {
  for (const auto& [id, client] : host.clients) {
    if (client->user != &user) continue;
    client->user = nullptr;
    client->queue.close();
    expel(host, *client);
  }
}

void follow_rights(Host& host) {
  ++host.rights_version;
  host.concerns.follow(host.users);
  const Command* const monitor = find_command("monitor");
  constexpr std::string_view kWords[] = {"monitor"};
  const std::vector<Client*> monitors(host.monitors.all().begin(), host.monitors.all().end());
  for (const Client* each : monitors) {
    if (each->user == nullptr || each->user->rules().check(*monitor, kWords)) expel(host, *each);
  }
  // Those to be closed get no other rights instead of their own.
  for (const auto& [id, client] : host.clients) {
    if (is_stranger(*client) && !host.expelled.contains(id)) welcome(host, *client);
  }
}

}  // namespace anabranch::server
