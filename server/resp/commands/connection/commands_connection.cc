// The connection itself: the name and state of the client, and the form of its answers.

#include <algorithm>
#include <limits>
#include <string>

#include "core/text.h"
#include "server/resp/command.h"
#include "server/resp/host.h"
#include "server/resp/identity.h"

namespace anabranch::server {
namespace {

void ping(Call& call) {
  if (call.size() > 2) return call.reply().error(arity_error("ping"));
  if (call.size() == 2) return call.reply().bulk(call[1]);
  call.reply().status("PONG");
}

void echo(Call& call) { call.reply().bulk(call[1]); }

void quit(Call& call) {
  call.client.closing = true;
  call.reply().ok();
}

void reset(Call& call) {
  call.client.queue.close();
  call.client.name.clear();
  call.client.database = 0;
  call.client.session = {};
  call.host.watched.forget(call.client);
  call.host.monitors.remove(call.client);
  call.reply().set_protocol(2);
  call.reply().status("RESET");
}

void select(Call& call) {
  using Limits = std::numeric_limits<std::int32_t>;
  const std::optional<std::int64_t> database = take_integer(call, 1);
  if (!database) return;
  if (*database < Limits::min() || *database > Limits::max()) {
    return call.reply().error(
        "ERR value is out of range, value must between -2147483648 and 2147483647");
  }
  if (*database < 0 || *database >= kDatabases) {
    return call.reply().error("ERR DB index is out of range");
  }
  call.client.database = static_cast<std::uint8_t>(*database);
  call.reply().ok();
}

// There is one user, without a password. As in Redis then: any password is right for it.
bool is_user(std::string_view name) { return name == "default"; }

constexpr std::string_view kWrongPassword =
    "WRONGPASS invalid username-password pair or user is disabled.";

void auth(Call& call) {
  if (call.size() > 3) return call.reply().error(kSyntaxError);
  if (call.size() == 2) {
    return call.reply().error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  }
  if (!is_user(call[1])) return call.reply().error(kWrongPassword);
  call.reply().ok();
}

// Printable and without spaces, so that a line of CLIENT LIST stays one line of words.
bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= '!' && c <= '~'; });
}

// Sets the name; returns false after an error reply.
bool rename(Call& call, std::string_view name) {
  if (!is_plain(name)) {
    call.reply().error("ERR Client names cannot contain spaces, newlines or special characters.");
    return false;
  }
  call.client.name = name;
  return true;
}

void describe_server(Call& call) {
  Writer& reply = call.reply();
  reply.map(7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(kRedisVersion);
  reply.bulk("proto");
  reply.integer(reply.protocol());
  reply.bulk("id");
  reply.integer(static_cast<std::int64_t>(call.client.id));
  reply.bulk("mode");
  reply.bulk("standalone");
  reply.bulk("role");
  reply.bulk("master");
  reply.bulk("modules");
  reply.array(0);
}

void hello(Call& call) {
  int protocol = call.reply().protocol();
  if (call.size() > 1) {
    const std::optional<std::int64_t> version = core::parse_integer(call[1]);
    if (!version) {
      return call.reply().error("ERR Protocol version is not an integer or out of range");
    }
    if (*version != 2 && *version != 3) {
      return call.reply().error("NOPROTO unsupported protocol version");
    }
    protocol = static_cast<int>(*version);
  }
  for (std::size_t i = 2; i < call.size(); ++i) {
    if (same_word(call[i], "setname") && i + 1 < call.size()) {
      if (!rename(call, call[++i])) return;
    } else if (same_word(call[i], "auth") && i + 2 < call.size()) {
      if (!is_user(call[i + 1])) return call.reply().error(kWrongPassword);
      i += 2;
    } else {
      return call.reply().error("ERR Syntax error in HELLO option '" + std::string(call[i]) + "'");
    }
  }
  call.reply().set_protocol(protocol);
  describe_server(call);
}

void client_setname(Call& call) {
  if (rename(call, call[2])) call.reply().ok();
}

void client_getname(Call& call) {
  if (call.client.name.empty()) return call.reply().null();
  call.reply().bulk(call.client.name);
}

void client_setinfo(Call& call) {
  const bool known = same_word(call[2], "lib-name") || same_word(call[2], "lib-ver");
  if (!known) {
    return call.reply().error("ERR Unrecognized option '" + std::string(call[2]) + "'");
  }
  if (!is_plain(call[3])) {
    return call.reply().error("ERR " + std::string(call[2]) +
                              " cannot contain spaces, newlines or special characters.");
  }
  call.reply().ok();
}

void client_id(Call& call) { call.reply().integer(static_cast<std::int64_t>(call.client.id)); }

std::string describe(const Client& client, const Host& host) {
  using std::chrono::duration_cast;
  const auto age = duration_cast<std::chrono::seconds>(steady_now() - client.since).count();
  const auto queued = client.queue.open ? std::to_string(client.queue.entries.size()) : "-1";
  return "id=" + std::to_string(client.id) + " addr=" + client.address + " laddr=" + host.endpoint +
         " name=" + client.name + " age=" + std::to_string(age) +
         " db=" + std::to_string(client.database) + " multi=" + queued +
         " omem=" + std::to_string(client.output.size()) +
         " cmd=" + std::string(client.last_command) +
         " resp=" + std::to_string(client.reply.protocol()) + "\n";
}

void client_info(Call& call) { call.reply().verbatim(describe(call.client, call.host)); }

void client_list(Call& call) {
  std::string lines;
  for (const auto& [id, client] : call.host.clients) lines += describe(*client, call.host);
  call.reply().verbatim(lines);
}

constexpr Command kClientVerbs[] = {
    {.name = "setname",
     .arity = 3,
     .run = client_setname,
     .since = "2.6.9",
     .usage = "connection-name",
     .help = "Names this connection.",
     .complexity = "O(1)"},
    {.name = "getname",
     .arity = 2,
     .run = client_getname,
     .since = "2.6.9",
     .help = "This connection's name.",
     .complexity = "O(1)"},
    {.name = "setinfo",
     .arity = 4,
     .run = client_setinfo,
     .since = "7.2.0",
     .usage = "<LIB-NAME libname | LIB-VER libver>",
     .help = "Takes note of the client library.",
     .complexity = "O(1)"},
    {.name = "id",
     .arity = 2,
     .run = client_id,
     .since = "5.0.0",
     .help = "This connection's number.",
     .complexity = "O(1)"},
    {.name = "info",
     .arity = 2,
     .run = client_info,
     .since = "6.2.0",
     .help = "The state of this connection.",
     .complexity = "O(1)"},
    {.name = "list",
     .arity = 2,
     .flags = kAdmin,
     .run = client_list,
     .since = "2.4.0",
     .help = "The state of all connections.",
     .complexity = "O(N), N the number of connections"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "5.0.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> client_verbs() { return kClientVerbs; }

constexpr Command kCommands[] = {
    {.name = "ping",
     .arity = -1,
     .flags = kFast,
     .run = ping,
     .since = "1.0.0",
     .usage = "[message]",
     .help = "Answers PONG, or the message.",
     .complexity = "O(1)"},
    {.name = "echo",
     .arity = 2,
     .flags = kFast,
     .run = echo,
     .since = "1.0.0",
     .usage = "message",
     .help = "Answers the message.",
     .complexity = "O(1)"},
    {.name = "hello",
     .arity = -1,
     .flags = kFast | kAlone | kSecret | kStranger,
     .run = hello,
     .since = "6.0.0",
     .usage = "[protover [AUTH username password] [SETNAME clientname]]",
     .help = "Chooses the version of the protocol.",
     .complexity = "O(1)"},
    {.name = "auth",
     .arity = -2,
     .flags = kFast | kSecret | kStranger,
     .run = auth,
     .since = "1.0.0",
     .usage = "[username] password",
     .help = "Says who the client is. There is one user, default, without a password.",
     .complexity = "O(1)"},
    {.name = "select",
     .arity = 2,
     .flags = kFast,
     .run = select,
     .since = "1.0.0",
     .usage = "index",
     .help = "Chooses one of the databases 0 to 15.",
     .complexity = "O(1)"},
    {.name = "client",
     .arity = -2,
     .declared_verbs = client_verbs,
     .since = "2.4.0",
     .help = "This and other connections.",
     .complexity = "That of the verb"},
    {.name = "quit",
     .arity = -1,
     .flags = kFast | kImmediate | kStranger,
     .run = quit,
     .since = "1.0.0",
     .help = "Closes the connection.",
     .complexity = "O(1)"},
    {.name = "reset",
     .arity = 1,
     .flags = kFast | kImmediate | kStranger,
     .run = reset,
     .since = "6.2.0",
     .help = "Makes the connection as good as new.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> connection_commands() { return kCommands; }

}  // namespace anabranch::server
