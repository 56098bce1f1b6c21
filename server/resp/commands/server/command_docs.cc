#include "server/resp/commands/server/command_docs.h"

#include <string>
#include <string_view>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/table/categories.h"
#include "server/resp/table/usage.h"

namespace anabranch::server {
namespace {

// A map whose size is known at its end.
class Pairs {
 public:
  explicit Pairs(Writer& reply) : reply_(reply), mark_(reply.mark()) {}
  ~Pairs() = default;
  Pairs(const Pairs&) = delete;
  Pairs& operator=(const Pairs&) = delete;

  // Begins a pair, whose value the caller writes.
  Writer& name(std::string_view name) {
    ++count_;
    reply_.bulk(name);
    return reply_;
  }
  void text(std::string_view name, std::string_view value) {
    if (!value.empty()) this->name(name).bulk(value);
  }
  void end() { reply_.enclose(mark_, Writer::Aggregate::kMap, count_); }

 private:
  Writer& reply_;
  const std::size_t mark_;
  std::size_t count_ = 0;
};

// Numbers the keys of a command by their specifications: of several, each argument has its own.
class KeyNumbers {
 public:
  explicit KeyNumbers(const Command& command) : several_(command.keys[1].any()) {}
  std::int64_t next() { return several_ ? next_++ : 0; }

 private:
  bool several_;
  std::int64_t next_ = 0;
};

void reply_arguments(Writer& reply, const std::vector<Argument>& arguments, KeyNumbers& keys);

void reply_argument(Writer& reply, const Argument& argument, KeyNumbers& keys) {
  Pairs pairs(reply);
  pairs.text("name", argument.name);
  pairs.text("type", argument.type);
  if (argument.type == "key") pairs.name("key_spec_index").integer(keys.next());
  pairs.text("token", argument.token);
  if (argument.optional || argument.multiple) {
    const bool both = argument.optional && argument.multiple;
    pairs.name("flags").set(both ? 2 : 1);
    if (argument.optional) reply.status("optional");
    if (argument.multiple) reply.status("multiple");
  }
  if (!argument.parts.empty()) reply_arguments(pairs.name("arguments"), argument.parts, keys);
  pairs.end();
}

void reply_arguments(Writer& reply, const std::vector<Argument>& arguments, KeyNumbers& keys) {
  reply.array(arguments.size());
  for (const Argument& each : arguments) reply_argument(reply, each, keys);
}

}  // namespace

// What regions cannot promise comes first: the author of a program for Redis must not miss it.
void document(Writer& reply, const Command& command) {
  reply.bulk(full_name(command));
  Pairs pairs(reply);
  std::string summary(command.caution);
  for (const std::string_view part : {command.help, command.merging}) {
    if (!part.empty()) summary.append(summary.empty() ? "" : " ").append(part);
  }
  pairs.text("summary", summary);
  pairs.text("since", command.since);
  pairs.text("group", to_string(command.group));
  pairs.text("complexity", command.complexity);
  if (!command.deprecated_since.empty()) {
    pairs.name("doc_flags").set(1);
    reply.status("deprecated");
    pairs.text("deprecated_since", command.deprecated_since);
    pairs.text("replaced_by", command.replaced_by);
  }
  if (!command.usage.empty() && command.verbs.empty()) {
    KeyNumbers keys(command);
    reply_arguments(pairs.name("arguments"), parse_usage(command.usage), keys);
  }
  if (!command.verbs.empty()) {
    pairs.name("subcommands").map(command.verbs.size());
    for (const Command& verb : command.verbs) document(reply, verb);
  }
  pairs.end();
}

}  // namespace anabranch::server
