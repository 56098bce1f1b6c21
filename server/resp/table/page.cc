#include "server/resp/table/page.h"

#include <algorithm>
#include <array>

#include "server/resp/table/categories.h"
#include "server/resp/table/usage.h"

namespace anabranch::server {
namespace {

constexpr std::string_view kHead =
    R"(# Commands of the Redis port

All commands that clients can send, as the server's table has them: this page is made from the
table, and a test compares them (see [howto.md](howto.md#a-command-of-the-redis-port)). Replies,
errors and arguments are those of Redis 7.0; where regions cannot promise what Redis promises, the
description of the command begins with that, *in italics*. What it says about several regions
follows from [semantics.md](semantics.md). "Seen" means: applied in the region that executes the
command.

Every read shows the state of the region that executes it, and that of nobody else.
)";

constexpr std::string_view kFoot = R"(
## What is not there

Commands that are not listed above get Redis' error for unknown commands. Not supported at
present: lists, sorted sets, streams, bitmaps, HyperLogLog and geographic commands; publish and
subscribe, keyspace notifications, client-side caching; scripts and functions; DUMP, RESTORE,
MIGRATE and SORT; clusters of more than one shard; selectors of ACL. Lists, sorted sets and texts
exist for programs that embed a store: such keys have a TYPE, can be renamed, copied, scanned and
removed.

- A key, a field or a member has at most 65,536 bytes, a value 32 MiB, a request 128 MiB. A longer
  field or member is not found by reads and removals; a longer key is refused.
- SCAN: an element that is there from the beginning to the end of an iteration is returned, once
  or several times. After a restart of the server an iteration begins anew, under the same
  cursor, without the client's noticing.
- Users and ACL are those of Redis, and stricter: a user whose key patterns do not cover all keys is
  shown its own keys by SCAN and KEYS, gets no sections of INFO that count keys, and may not use
  commands of Redis that tell of keys which they do not name, such as DBSIZE or FLUSHALL. AUTH is
  refused within MULTI. Who has not logged in gets `NOAUTH` to every other command, known or not.
- RENAME, COPY and commands that store sets write at most 100,000 rows. A transaction, or a command
  outside of MULTI, adds at most some 580,000 members, fields or strings.
)";

struct Section {
  Group group;
  std::string_view title;
};

constexpr std::array kSections{
    Section{Group::kString, "Strings"},
    Section{Group::kHash, "Hashes"},
    Section{Group::kSet, "Sets"},
    Section{Group::kGeneric, "Keys of every type"},
    Section{Group::kTransactions, "Transactions"},
    Section{Group::kConnection, "Connections"},
    Section{Group::kServer, "The server"},
    Section{Group::kCluster, "Clusters"},
    Section{Group::kPubSub, "Channels of the Sentinel port"},
    Section{Group::kAnabranch, "Without a counterpart in Redis"},
};

// "CLIENT ID".
std::string title_of(std::string_view full_name) {
  std::string title(full_name);
  std::ranges::transform(title, title.begin(), [](char c) {
    if (c == '|') return ' ';
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return title;
}

std::string properties_of(const Command& command) {
  const std::string version = command.group == Group::kAnabranch ? "Anabranch " : "Redis ";
  std::string line =
      std::string(command.complexity) + ". Since " + version + std::string(command.since) + ".";
  for_each_category(categories_of(command),
                    [&](std::string_view name) { line.append(" @").append(name); });
  return line;
}

void add_command(std::string& page, const Command& command, std::string_view full_name) {
  page.append("\n### ").append(title_of(full_name)).append("\n\n");
  if (!command.usage.empty()) {
    page.append("`").append(title_of(full_name)).append(" ").append(plain_usage(command.usage));
    page.append("`\n\n");
  }
  if (!command.caution.empty()) page.append("*").append(command.caution).append("* ");
  page.append(command.help);
  if (!command.merging.empty()) page.append(" In several regions: ").append(command.merging);
  page.append("\n\n").append(properties_of(command));
  if (!command.deprecated_since.empty()) {
    page.append(" Deprecated since Redis ").append(command.deprecated_since);
    page.append(": use ").append(command.replaced_by).append(".");
  }
  page.append("\n");
}

void add_all(std::string& page, const Command& command,
             const std::function<std::string_view(const Command&)>& name) {
  if (command.run != nullptr && command.name != "help") add_command(page, command, name(command));
  for (const Command& verb : command.verbs) add_all(page, verb, name);
}

}  // namespace

std::string commands_page(std::span<const Command> commands,
                          const std::function<std::string_view(const Command&)>& name) {
  std::string page(kHead);
  for (const Section& section : kSections) {
    page.append("\n## ").append(section.title).append("\n");
    for (const Command& command : commands) {
      if (command.group == section.group) add_all(page, command, name);
    }
  }
  return page.append(kFoot);
}

}  // namespace anabranch::server
