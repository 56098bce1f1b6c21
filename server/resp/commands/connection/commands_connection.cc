// The connection itself: the name and state of the client, and the form of its answers.

#include <algorithm>
#include <limits>
#include <string>

#include "core/text.h"
#include "server/resp/admission.h"
#include "server/resp/client_line.h"
#include "server/resp/command.h"
#include "server/resp/commands/connection/client_verbs.h"
#include "server/resp/commands/connection/login.h"
#include "server/resp/host.h"
#include "server/resp/identity.h"

namespace anabranch::server {
namespace {

void ping(Call& call) {
  if (call.size() > 2) return call.reply().error(arity_error("ping"));
  if (hears_only(call.host, call.client)) {
    call.reply().array(2);
    call.reply().bulk("pong");
    return call.reply().bulk(call.size() == 2 ? call[1] : std::string_view());
  }
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
  call.client.concern.reset();
  call.client.shown = {};
  call.client.reply_mode = {};
  call.client.reads_here = false;
  call.host.watched.forget(call.client);
  call.host.monitors.remove(call.client);
  call.host.subscribers.remove(call.client);
  welcome(call.host, call.client);
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
  if (*database != 0 && call.host.options.redis_cluster) {
    return call.reply().error("ERR SELECT is not allowed in cluster mode");
  }
  call.client.database = static_cast<std::uint8_t>(*database);
  call.reply().ok();
}

void auth(Call& call) {
  if (call.size() > 3) return call.reply().error(kSyntaxError);
  if (call.size() == 2 && !call.host.users.default_user().needs_password()) {
    return call.reply().error(
        "ERR AUTH <password> called without any password configured for the default user. Are you "
        "sure your configuration is correct?");
  }
  const std::string_view name = call.size() == 2 ? Users::kDefault : call[1];
  if (log_in(call, name, call[call.size() - 1])) call.reply().ok();
}

// Printable and without spaces, so that a line of CLIENT LIST stays one line of words.
bool is_plain(std::string_view name) {
  return std::ranges::all_of(name, [](char c) { return c >= '!' && c <= '~'; });
}

// Names are kept, and shown in lists and logs.
constexpr std::size_t kNameBytesMax = 1024;

// Whether a client may have this name; if not, replies with the error.
bool is_name(Call& call, std::string_view name) {
  if (name.size() > kNameBytesMax) {
    call.reply().error("ERR Client names have at most " + std::to_string(kNameBytesMax) +
                       " bytes.");
    return false;
  }
  if (is_plain(name)) return true;
  call.reply().error("ERR Client names cannot contain spaces, newlines or special characters.");
  return false;
}

void describe_server(Call& call) {
  Writer& reply = call.reply();
  reply.map(call.client.at_sentinel ? 6 : 7);
  reply.bulk("server");
  reply.bulk("redis");
  reply.bulk("version");
  reply.bulk(kRedisVersion);
  reply.bulk("proto");
  reply.integer(reply.protocol());
  reply.bulk("id");
  reply.integer(static_cast<std::int64_t>(call.client.id));
  reply.bulk("mode");
  if (call.client.at_sentinel) {
    reply.bulk("sentinel");
  } else {
    reply.bulk(call.host.options.redis_cluster ? "cluster" : "standalone");
    reply.bulk("role");
    reply.bulk(call.host.follows ? "replica" : "master");
  }
  reply.bulk("modules");
  reply.array(0);
}

// The words of HELLO.
struct Hello {
  int protocol = 2;
  std::optional<std::string_view> name;
  std::optional<std::string_view> user;
  std::string_view password;
};

// Returns nullopt after an error reply.
std::optional<Hello> take_hello(Call& call) {
  Hello hello;
  hello.protocol = call.reply().protocol();
  if (call.size() > 1) {
    const std::optional<std::int64_t> version = core::parse_integer(call[1]);
    if (!version) {
      call.reply().error("ERR Protocol version is not an integer or out of range");
      return std::nullopt;
    }
    if (*version != 2 && *version != 3) {
      call.reply().error("NOPROTO unsupported protocol version");
      return std::nullopt;
    }
    hello.protocol = static_cast<int>(*version);
  }
  for (std::size_t i = 2; i < call.size(); ++i) {
    if (same_word(call[i], "setname") && i + 1 < call.size()) {
      hello.name = call[++i];
      if (!is_name(call, *hello.name)) return std::nullopt;
    } else if (same_word(call[i], "auth") && i + 2 < call.size()) {
      hello.user = call[i + 1];
      hello.password = call[i + 2];
      i += 2;
    } else {
      call.reply().error("ERR Syntax error in HELLO option '" +
                         std::string(control::printable(call[i])) + "'");
      return std::nullopt;
    }
  }
  return hello;
}

void hello(Call& call) {
  const std::optional<Hello> hello = take_hello(call);
  if (!hello) return;
  if (hello->user && !log_in(call, *hello->user, hello->password)) return;
  if (is_stranger(call.client)) {
    return call.reply().error(
        "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO "
        "AUTH <user> <pass> option can be used to authenticate the client and select the RESP "
        "protocol version at the same time");
  }
  if (hello->name) call.client.name = *hello->name;
  call.reply().set_protocol(hello->protocol);
  describe_server(call);
}

void client_setname(Call& call) {
  if (!is_name(call, call[2])) return;
  call.client.name = call[2];
  call.reply().ok();
}

void client_getname(Call& call) {
  if (call.client.name.empty()) return call.reply().null();
  call.reply().bulk(call.client.name);
}

void client_setinfo(Call& call) {
  const bool known = same_word(call[2], "lib-name") || same_word(call[2], "lib-ver");
  if (!known) {
    return call.reply().error("ERR Unrecognized option '" +
                              std::string(control::printable(call[2])) + "'");
  }
  if (call[3].size() > kNameBytesMax) {
    return call.reply().error("ERR " + std::string(call[2]) + " has at most " +
                              std::to_string(kNameBytesMax) + " bytes.");
  }
  if (!is_plain(call[3])) {
    return call.reply().error("ERR " + std::string(call[2]) +
                              " cannot contain spaces, newlines or special characters.");
  }
  call.reply().ok();
}

void client_id(Call& call) { call.reply().integer(static_cast<std::int64_t>(call.client.id)); }

void client_info(Call& call) { call.reply().verbatim(client_line(call.client) + "\n"); }

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
     .arity = -2,
     .flags = kAdmin | kFewNames,
     .run = list_clients,
     .since = "2.4.0",
     .usage = "[TYPE <NORMAL | MASTER | REPLICA | PUBSUB>] [ID client-id:integer "
              "[client-id:integer ...]]",
     .help = "The state of all connections, of those of a type (all are normal), or of some.",
     .complexity = "O(N), N the number of connections"},
    {.name = "kill",
     .arity = -3,
     .flags = kAdmin | kNoted,
     .categories = kInConnection,
     .run = kill_clients,
     .since = "2.4.0",
     .usage = "<address | [ID id] [TYPE type] [USER username] [ADDR address] [LADDR address] "
              "[SKIPME yes]>",
     .help = "Closes connections: that of an address, or all that fit the filters.",
     .complexity = "O(N), N the number of connections"},
    {.name = "pause",
     .arity = -3,
     .flags = kAdmin | kNoted,
     .categories = kInConnection,
     .run = pause_clients,
     .since = "2.9.50",
     .usage = "timeout [WRITE | ALL]",
     .help =
         "Has commands of clients wait for some milliseconds, all or those that write; not those "
         "of operators.",
     .complexity = "O(1)"},
    {.name = "unpause",
     .arity = 2,
     .flags = kAdmin | kNoted,
     .categories = kInConnection,
     .run = unpause_clients,
     .since = "6.2.0",
     .help = "Ends CLIENT PAUSE.",
     .complexity = "O(N), N the number of clients that wait"},
    {.name = "unblock",
     .arity = -3,
     .flags = kAdmin,
     .categories = kInConnection,
     .run = unblock_client,
     .since = "5.0.0",
     .usage = "client-id:integer [TIMEOUT | ERROR]",
     .help = "Ends the WAIT of a connection.",
     .complexity = "O(log N), N the number of connections"},
    {.name = "no-evict",
     .arity = 3,
     .flags = kAdmin,
     .categories = kInConnection,
     .run = spare_client,
     .since = "7.0.0",
     .usage = "<ON | OFF>",
     .help = "Whether this connection is the last to be closed for clients_bytes_max.",
     .complexity = "O(1)"},
    {.name = "reply",
     .arity = 3,
     .flags = kAlone,
     .categories = kInConnection,
     .run = choose_replies,
     .since = "3.2.0",
     .usage = "<ON | OFF | SKIP>",
     .help =
         "Whether this connection gets answers: all, none, or all but that to the next request.",
     .complexity = "O(1)"},
    {.name = "trackinginfo",
     .arity = 2,
     .run = show_tracking,
     .since = "6.2.0",
     .help = "That there is no client side caching.",
     .complexity = "O(1)"},
    {.name = "caching",
     .arity = 3,
     .run = refuse_caching,
     .since = "6.0.0",
     .usage = "<YES | NO>",
     .help = "Is refused: there is no client side caching.",
     .complexity = "O(1)"},
    {.name = "getredir",
     .arity = 2,
     .run = show_redirection,
     .since = "6.0.0",
     .help = "That there is no client side caching.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "5.0.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

std::span<const Command> client_verbs() { return kClientVerbs; }

constexpr Command kConnectionCommands[] = {
    {.name = "ping",
     .arity = -1,
     .flags = kFast | kLong,
     .run = ping,
     .since = "1.0.0",
     .usage = "[message]",
     .help = "Answers PONG, or the message.",
     .complexity = "O(1)"},
    {.name = "echo",
     .arity = 2,
     .flags = kFast | kLong,
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
     .flags = kFast | kAlone | kSecret | kStranger,
     .run = auth,
     .since = "1.0.0",
     .usage = "[username] password",
     .help = "Says who the client is. The answer to a wrong password waits, from 50 ms to 3.2 s.",
     .complexity = "O(N), N the number of passwords of the user"},
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

std::span<const Command> connection_commands() { return kConnectionCommands; }

}  // namespace anabranch::server
