#include "server/resp/commands/server/acl_verbs.h"

#include <algorithm>
#include <string>
#include <vector>

#include "core/log.h"
#include "core/wall_clock.h"
#include "server/resp/access/password.h"
#include "server/resp/access/user_file.h"
#include "server/resp/admission.h"
#include "server/resp/table/categories.h"

namespace anabranch::server {
namespace {

using control::printable;

std::string subcommand_error(const std::string& verb) {
  return "ERR unknown subcommand or wrong number of arguments for '" + verb + "'. Try ACL HELP.";
}

std::string quoted(std::string_view word) { return "'" + std::string(printable(word)) + "'"; }

// ---- Users

void whoami(Call& call) {
  if (call.client.user == nullptr) return call.reply().null();
  call.reply().bulk(call.client.user->name());
}

void users(Call& call) {
  call.reply().array(call.host.users.all().size());
  for (const auto& [name, user] : call.host.users.all()) call.reply().bulk(name);
}

void list_users(Call& call) {
  call.reply().array(call.host.users.all().size());
  for (const auto& [name, user] : call.host.users.all()) {
    call.reply().bulk("user " + name + " " + user->text());
  }
}

void getuser(Call& call) {
  const User* const user = call.host.users.find(call[2]);
  Writer& reply = call.reply();
  if (user == nullptr) return reply.null();
  const std::vector<std::string_view> flags = user->flags();
  reply.map(user->concern() ? 7 : 6);
  reply.bulk("flags");
  reply.set(flags.size());
  for (const std::string_view flag : flags) reply.bulk(flag);
  reply.bulk("passwords");
  reply.array(user->passwords().size());
  for (const std::string& hash : user->passwords()) reply.bulk(hash);
  reply.bulk("commands");
  reply.bulk(user->rules().commands());
  reply.bulk("keys");
  reply.bulk(user->rules().keys());
  reply.bulk("channels");
  reply.bulk(user->rules().channels());
  reply.bulk("selectors");
  reply.array(0);
  if (!user->concern()) return;
  reply.bulk("concern");
  reply.bulk(user->concern()->text());
}

Users::Check check_of(Host& host) {
  return [&host](const control::ConcernTerms& terms) { return host.concerns.refusal(terms); };
}

// A selector may be spread over several words, as with Redis: an open one is refused as such.
bool selectors_end(Call& call, Arguments rules) {
  const auto open = std::ranges::find_if(
      rules, [](auto rule) { return rule.starts_with('(') && !rule.ends_with(')'); });
  const auto closes = [](auto rule) { return rule.ends_with(')'); };
  if (open == rules.end() || std::any_of(open, rules.end(), closes)) return true;
  call.reply().error("ERR Unmatched parenthesis in acl selector starting at " + quoted(*open) +
                     ".");
  return false;
}

void setuser(Call& call) {
  if (has_spaces(call[2])) {
    return call.reply().error("ERR Usernames can't contain spaces or null characters");
  }
  const Arguments rules = call.arguments.subspan(3);
  if (!selectors_end(call, rules)) return;
  const core::Result<void> set = call.host.users.set(call[2], rules, check_of(call.host));
  if (!set.ok()) return call.reply().error("ERR " + set.failure().message);
  follow_rights(call.host);
  call.reply().ok();
}

void deluser(Call& call) {
  const Arguments names = call.arguments.subspan(2);
  if (std::ranges::count(names, Users::kDefault) > 0) {
    return call.reply().error("ERR The 'default' user cannot be removed");
  }
  std::int64_t removed = 0;
  for (const std::string_view name : names) {
    const std::unique_ptr<User> user = call.host.users.remove(name);
    if (user == nullptr) continue;
    expel(call.host, *user);
    ++removed;
  }
  follow_rights(call.host);
  call.reply().integer(removed);
}

// ---- The file

bool has_file(Call& call) {
  if (!call.host.options.acl_file.empty()) return true;
  call.reply().error(
      "ERR This Redis instance is not configured to use an ACL file. You may want to specify users "
      "via the ACL SETUSER command and then issue a CONFIG REWRITE (assuming you have a Redis "
      "configuration file set) in order to store users in the Redis configuration.");
  return false;
}

void load(Call& call) {
  if (!has_file(call)) return;
  Host& host = call.host;
  const core::Result<std::string> text = read_user_file(host.options.acl_file);
  if (!text.ok()) return call.reply().error("ERR " + text.failure().message);
  const auto change = host.users.replace(text.value(), host.options.acl_file, check_of(host));
  if (!change.ok()) return call.reply().error("ERR " + change.failure().message);
  for (const auto& user : change.value().removed) expel(host, *user);
  for (const User* user : change.value().changed) expel(host, *user);
  follow_rights(host);
  call.reply().ok();
}

void save(Call& call) {
  if (!has_file(call)) return;
  const auto written = write_user_file(call.host.options.acl_file, call.host.users.text());
  if (written.ok()) return call.reply().ok();
  core::log_error({}, "The users are not saved: " + written.failure().message);
  call.reply().error(
      "ERR There was an error trying to save the ACLs. Please check the server logs for more "
      "information");
}

// ---- What there is, and what would be

void cat(Call& call) {
  Writer& reply = call.reply();
  const std::size_t mark = reply.mark();
  std::size_t found = 0;
  if (call.size() == 2) {
    for_each_category(kAllCategories, [&](std::string_view name) {
      reply.bulk(name);
      ++found;
    });
    return reply.enclose(mark, Writer::Aggregate::kArray, found);
  }
  if (call.size() > 3) return call.reply().error(subcommand_error("CAT"));
  const auto category = find_category(call[2]);
  if (!category) return reply.error("ERR Unknown category " + quoted(call[2]));
  for (const Command& row : all_rows()) {
    if ((categories_of(row) & *category) == 0) continue;
    reply.bulk(full_name(row));
    ++found;
  }
  reply.enclose(mark, Writer::Aggregate::kArray, found);
}

void genpass(Call& call) {
  constexpr std::int64_t kBitsMax = 4096;
  std::int64_t bits = 256;
  if (call.size() > 3) return call.reply().error(subcommand_error("GENPASS"));
  if (call.size() == 3) {
    const std::optional<std::int64_t> wanted = take_integer(call, 2);
    if (!wanted) return;
    bits = *wanted;
  }
  if (bits <= 0 || bits > kBitsMax) {
    return call.reply().error(
        "ERR ACL GENPASS argument must be the number of bits for the output password, a positive "
        "number up to 4096");
  }
  call.reply().bulk(random_password(static_cast<std::size_t>((bits + 3) / 4)));
}

// Returns the row of a request; null after an error reply.
const Command* find_row_of(Call& call, Arguments words) {
  const Command* row = find_command(words[0]);
  for (std::size_t i = 1; row != nullptr && !row->verbs.empty() && i < words.size(); ++i) {
    row = find_command(row->verbs, words[i]);
  }
  if (row == nullptr) {
    call.reply().error("ERR Command " + quoted(words[0]) + " not found");
  } else if (!row->takes(words.size())) {
    call.reply().error(arity_error(full_name(*row)));
    return nullptr;
  }
  return row;
}

void dryrun(Call& call) {
  const User* const user = call.host.users.find(call[2]);
  if (user == nullptr) return call.reply().error("ERR User " + quoted(call[2]) + " not found");
  const Arguments words = call.arguments.subspan(3);
  const Command* const row = find_row_of(call, words);
  if (row == nullptr) return;
  const Denial denial = user->rules().check(*row, words);
  switch (denial.reason) {
    case Denial::Reason::kNone:
    case Denial::Reason::kUnfinished:  // Only of a check in slices.
      return call.reply().ok();
    case Denial::Reason::kCommand:
      return call.reply().bulk("This user has no permissions to run the '" +
                               std::string(full_name(*row)) + "' command");
    case Denial::Reason::kKey:
      return call.reply().bulk("This user has no permissions to access the '" +
                               std::string(denial.key) + "' key");
    case Denial::Reason::kAllKeys:
      return call.reply().bulk("This user has no permissions to access all keys");
  }
}

// ---- ACL LOG

std::string_view to_string(DenialEntry::Reason reason) {
  switch (reason) {
    case DenialEntry::Reason::kCommand:
      return "command";
    case DenialEntry::Reason::kKey:
      return "key";
    case DenialEntry::Reason::kLogin:
      return "auth";
  }
  return "";
}

void reply_entry(Writer& reply, const DenialEntry& entry) {
  const core::Millis age = core::SystemClock().now_ms() - entry.time_ms;
  reply.map(7);
  reply.bulk("count");
  reply.integer(static_cast<std::int64_t>(entry.count));
  reply.bulk("reason");
  reply.bulk(to_string(entry.reason));
  reply.bulk("context");
  reply.bulk(entry.in_transaction ? "multi" : "toplevel");
  reply.bulk("object");
  reply.bulk(entry.object);
  reply.bulk("username");
  reply.bulk(entry.user);
  reply.bulk("age-seconds");
  reply.real(static_cast<double>(age) / 1000);
  reply.bulk("client-info");
  reply.bulk(entry.client);
}

void log(Call& call) {
  if (call.size() > 3) return call.reply().error(subcommand_error("LOG"));
  DenialLog& denials = call.host.denials;
  std::int64_t count = 10;
  if (call.size() == 3 && same_word(call[2], "reset")) {
    denials.reset();
    return call.reply().ok();
  }
  if (call.size() == 3) {
    const std::optional<std::int64_t> wanted = take_integer(call, 2);
    if (!wanted) return;
    count = std::max<std::int64_t>(*wanted, 0);
  }
  const std::size_t shown = std::min(denials.all().size(), static_cast<std::size_t>(count));
  call.reply().array(shown);
  for (std::size_t i = 0; i < shown; ++i) reply_entry(call.reply(), denials.all()[i]);
}

constexpr Command kAclVerbs[] = {
    {.name = "whoami",
     .arity = 2,
     .run = whoami,
     .since = "6.0.0",
     .help = "The user of this connection.",
     .complexity = "O(1)"},
    {.name = "setuser",
     .arity = -3,
     .flags = kAdmin | kSecret | kNoted,
     .run = setuser,
     .since = "6.0.0",
     .usage = "username [rule ...]",
     .help = "Makes a user, or changes one: on, off, >password, nopass, ~keys, +command, "
             "+@category, concern=words and so on. Selectors are not supported.",
     .complexity = "O(N), N the number of rules"},
    {.name = "getuser",
     .arity = 3,
     .flags = kAdmin,
     .run = getuser,
     .since = "6.0.0",
     .usage = "username",
     .help = "A user and its rules.",
     .complexity = "O(N), N the number of its rules"},
    {.name = "deluser",
     .arity = -3,
     .flags = kAdmin | kNoted,
     .run = deluser,
     .since = "6.0.0",
     .usage = "username [username ...]",
     .help = "Removes users, and closes their connections.",
     .complexity = "O(N), N the number of connections"},
    {.name = "users",
     .arity = 2,
     .flags = kAdmin,
     .run = users,
     .since = "6.0.0",
     .help = "The names of all users.",
     .complexity = "O(N), N their number"},
    {.name = "list",
     .arity = 2,
     .flags = kAdmin,
     .run = list_users,
     .since = "6.0.0",
     .help = "All users, in the form of the file.",
     .complexity = "O(N), N the number of their rules"},
    {.name = "load",
     .arity = 2,
     .flags = kAdmin | kNoted,
     .run = load,
     .since = "6.0.0",
     .help =
         "Reads the file of users again, and closes the connections of users that it removes or "
         "changes. A file with a mistake changes nothing.",
     .complexity = "O(N), N the number of rules"},
    {.name = "save",
     .arity = 2,
     .flags = kAdmin | kNoted,
     .run = save,
     .since = "6.0.0",
     .help = "Writes all users to the file.",
     .complexity = "O(N), N the number of rules"},
    {.name = "cat",
     .arity = -2,
     .run = cat,
     .since = "6.0.0",
     .usage = "[categoryname]",
     .help = "All categories, or the commands of one.",
     .complexity = "O(N), N the number of commands"},
    {.name = "genpass",
     .arity = -2,
     .run = genpass,
     .since = "6.0.0",
     .usage = "[bits:integer]",
     .help = "A password that nobody can guess.",
     .complexity = "O(1)"},
    {.name = "dryrun",
     .arity = -4,
     .flags = kAdmin,
     .run = dryrun,
     .since = "7.0.0",
     .usage = "username command [arg ...]",
     .help = "Whether a user may run a request, which is not run.",
     .complexity = "O(N), N the number of keys"},
    {.name = "log",
     .arity = -2,
     .flags = kAdmin,
     .run = log,
     .since = "6.0.0",
     .usage = "[count | RESET]",
     .help = "Requests that were denied and logins that failed, the newest first.",
     .complexity = "O(N), N the number of entries"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "6.0.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> acl_verbs() { return kAclVerbs; }

}  // namespace anabranch::server
