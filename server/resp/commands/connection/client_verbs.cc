#include "server/resp/commands/connection/client_verbs.h"

#include <algorithm>
#include <optional>
#include <string>

#include "core/text.h"
#include "server/resp/admission.h"
#include "server/resp/client_line.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

using control::printable;

// Longer than anybody pauses, and short enough that the clock cannot overflow.
constexpr std::chrono::hours kPauseMax{24 * 365};

// The clients that CLIENT KILL means.
struct Filter {
  std::optional<std::uint64_t> id;
  std::optional<std::string_view> address;
  std::optional<std::string_view> local_address;
  const User* user = nullptr;
  bool nobody = false;  // A kind of client that is never there.
  bool skips_me = true;

  [[nodiscard]] bool means(const Client& client) const {
    return !nobody && !client.verbs_only && (!id || client.id == *id) &&
           (!address || client.address == *address) &&
           (!local_address || client.local_address == *local_address) &&
           (user == nullptr || client.user == user);
  }
};

// Replies with an error; returns false.
bool refuse(Call& call, std::string_view error) {
  call.reply().error(error);
  return false;
}

// Returns whether a type is that of all clients here; nullopt after an error reply.
std::optional<bool> take_type(Call& call, std::string_view type) {
  if (same_word(type, "normal")) return true;
  const bool known = same_word(type, "master") || same_word(type, "slave") ||
                     same_word(type, "replica") || same_word(type, "pubsub");
  if (known) return false;
  call.reply().error("ERR Unknown client type '" + std::string(printable(type)) + "'");
  return std::nullopt;
}

// Takes one option with its value; returns false after an error reply.
bool take_option(Call& call, std::string_view name, std::string_view value, Filter& filter) {
  if (same_word(name, "id")) {
    const std::optional<std::int64_t> id = core::parse_integer(value);
    if (!id || *id < 1) return refuse(call, "ERR client-id should be greater than 0");
    filter.id = static_cast<std::uint64_t>(*id);
  } else if (same_word(name, "type")) {
    const std::optional<bool> normal = take_type(call, value);
    if (!normal) return false;
    filter.nobody = filter.nobody || !*normal;
  } else if (same_word(name, "user")) {
    filter.user = call.host.users.find(value);
    if (filter.user == nullptr) {
      return refuse(call, "ERR No such user '" + std::string(printable(value)) + "'");
    }
  } else if (same_word(name, "addr")) {
    filter.address = value;
  } else if (same_word(name, "laddr")) {
    filter.local_address = value;
  } else if (same_word(name, "skipme") && (same_word(value, "yes") || same_word(value, "no"))) {
    filter.skips_me = same_word(value, "yes");
  } else {
    return refuse(call, kSyntaxError);
  }
  return true;
}

// Returns how many are closed by it: not those that are to be closed in this turn already.
std::int64_t close(Call& call, const Filter& filter) {
  std::int64_t closed = 0;
  for (const auto& [id, client] : call.host.clients) {
    if (!filter.means(*client)) continue;
    if (filter.skips_me && client == &call.client) continue;
    if (call.host.expelled.contains(id)) continue;
    expel(call.host, *client);
    ++closed;
  }
  return closed;
}

// The lines of the clients whose ids are named, in that order. Returns nullopt after an error
// reply.
std::optional<std::string> lines_of_named(Call& call) {
  std::string lines;
  for (const std::string_view word : call.arguments.subspan(3)) {
    const std::optional<std::int64_t> id = core::parse_integer(word);
    if (!id) {
      call.reply().error("ERR Invalid client ID");
      return std::nullopt;
    }
    const auto found = call.host.clients.find(static_cast<std::uint64_t>(*id));
    if (found != call.host.clients.end()) lines += client_line(*found->second) + "\n";
    call.reply().require(1, lines.size());
  }
  return lines;
}

}  // namespace

void list_clients(Call& call) {
  bool none = false;
  if (call.size() > 3 && same_word(call[2], "id")) {
    const std::optional<std::string> lines = lines_of_named(call);
    if (lines) call.reply().verbatim(*lines);
    return;
  }
  if (call.size() == 4 && same_word(call[2], "type")) {
    const std::optional<bool> normal = take_type(call, call[3]);
    if (!normal) return;
    none = !*normal;
  } else if (call.size() != 2) {
    return call.reply().error(kSyntaxError);
  }
  std::string lines;
  if (!none) {
    for (const auto& [id, client] : call.host.clients) lines += client_line(*client) + "\n";
  }
  call.reply().verbatim(lines);
}

void refuse_caching(Call& call) {
  call.reply().error(
      "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
      "OPTOUT mode enabled");
}

void kill_clients(Call& call) {
  Filter filter;
  if (call.size() == 3) {
    filter.address = call[2];
    filter.skips_me = false;
    if (close(call, filter) == 0) return call.reply().error("ERR No such client");
    return call.reply().ok();
  }
  if (call.size() % 2 != 0) return call.reply().error(kSyntaxError);
  for (std::size_t i = 2; i < call.size(); i += 2) {
    if (!take_option(call, call[i], call[i + 1], filter)) return;
  }
  call.reply().integer(close(call, filter));
}

void unblock_client(Call& call) {
  const std::optional<std::int64_t> id = take_integer(call, 2);
  if (!id) return;
  const bool as_error = call.size() == 4 && same_word(call[3], "error");
  if (call.size() > 4 || (call.size() == 4 && !as_error && !same_word(call[3], "timeout"))) {
    return call.reply().error("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR");
  }
  const auto found = call.host.clients.find(static_cast<std::uint64_t>(*id));
  const bool waits =
      found != call.host.clients.end() && found->second->wait && found->second->wait->unblockable;
  if (waits && as_error) {
    found->second->wait->attempt = [client = found->second](bool) {
      client->reply.error("UNBLOCKED client unblocked via CLIENT UNBLOCK");
      return true;
    };
  }
  if (waits) found->second->wait->until = steady_now();
  call.reply().integer(waits ? 1 : 0);
}

void pause_clients(Call& call) {
  const auto time = parse_timeout(call, 2);
  if (!time) return;
  const bool writes = call.size() == 4 && same_word(call[3], "write");
  if (call.size() > 4 || (call.size() == 4 && !writes && !same_word(call[3], "all"))) {
    return call.reply().error("ERR CLIENT PAUSE mode must be WRITE or ALL");
  }
  Pause& pause = call.host.pause;
  // As in Redis, the longer and the stricter of two pauses counts.
  const SteadyTime now = steady_now();
  const bool over = pause.until <= now;
  pause.writes_only = writes && (over || pause.writes_only);
  const SteadyTime until = now + std::min<std::chrono::milliseconds>(*time, kPauseMax);
  pause.until = over ? until : std::max(pause.until, until);
  call.reply().ok();
}

void unpause_clients(Call& call) {
  call.host.pause = {};
  call.reply().ok();
}

void spare_client(Call& call) {
  const bool on = same_word(call[2], "on");
  if (!on && !same_word(call[2], "off")) return call.reply().error(kSyntaxError);
  call.client.spared = on;
  call.reply().ok();
}

// Only ON has an answer.
void choose_replies(Call& call) {
  ReplyMode& mode = call.client.reply_mode;
  if (same_word(call[2], "on")) {
    mode.turn_on();
    call.reply().ok();
  } else if (same_word(call[2], "off")) {
    mode.turn_off();
  } else if (same_word(call[2], "skip")) {
    mode.skip_next();
  } else {
    call.reply().error(kSyntaxError);
  }
}

void show_tracking(Call& call) {
  Writer& reply = call.reply();
  reply.map(3);
  reply.bulk("flags");
  reply.set(1);
  reply.bulk("off");
  reply.bulk("redirect");
  reply.integer(-1);
  reply.bulk("prefixes");
  reply.array(0);
}

void show_redirection(Call& call) { call.reply().integer(-1); }

}  // namespace anabranch::server
