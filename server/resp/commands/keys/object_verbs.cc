#include "server/resp/commands/keys/object_verbs.h"

#include <string>

#include "core/text.h"

namespace anabranch::server {
namespace {

// Strings up to this size are "embstr" in Redis.
constexpr std::size_t kEmbeddedMax = 44;

// Returns the type at the key of the call; kNone after replying that there is none.
Type take_type(Call& call) {
  const Type type = call.scope.type(call.key(2));
  if (type == Type::kNone) call.reply().null();
  return type;
}

// The word of Redis for a value of this kind, when it is not small. Tools show it, or choose by it
// how to read the value; rows are held alike here, whatever the type.
std::string_view encoding(const Scope& scope, const Key& key, Type type) {
  switch (type) {
    case Type::kString: {
      const std::string value = scope.get(key.of(type)).value_or("");
      if (core::parse_integer(value)) return "int";
      return value.size() <= kEmbeddedMax ? "embstr" : "raw";
    }
    case Type::kSortedSet:
      return "skiplist";
    case Type::kList:
      return "quicklist";
    case Type::kSet:
    case Type::kRemoveWinsSet:
    case Type::kMap:
      return "hashtable";
    default:
      return "raw";
  }
}

void object_encoding(Call& call) {
  const Type type = take_type(call);
  if (type != Type::kNone) call.reply().bulk(encoding(call.scope, call.key(2), type));
}

void object_refcount(Call& call) {
  if (take_type(call) != Type::kNone) call.reply().integer(1);
}

// Not known: reading writes nothing.
void object_idletime(Call& call) {
  if (take_type(call) != Type::kNone) call.reply().integer(0);
}

void object_freq(Call& call) {
  if (take_type(call) == Type::kNone) return;
  call.reply().error(
      "ERR An LFU maxmemory policy is not selected, access frequency not tracked. Please note that "
      "when switching between policies at runtime LRU and LFU data will take some time to adjust.");
}

constexpr Command kObjectVerbs[] = {
    {.name = "encoding",
     .arity = 3,
     .flags = kReads,
     .keys = {key_at(2, kReadsOnly)},
     .run = object_encoding,
     .since = "2.2.3",
     .usage = "key",
     .help = "A word for how Redis would hold the value.",
     .complexity = "O(1)"},
    {.name = "freq",
     .arity = 3,
     .flags = kReads,
     .keys = {key_at(2, kReadsOnly)},
     .run = object_freq,
     .since = "4.0.0",
     .usage = "key",
     .help = "Is refused: accesses are not counted.",
     .complexity = "O(1)"},
    {.name = "idletime",
     .arity = 3,
     .flags = kReads,
     .keys = {key_at(2, kReadsOnly)},
     .run = object_idletime,
     .since = "2.2.3",
     .usage = "key",
     .help = "Is always 0: the time of the last access is not kept.",
     .complexity = "O(1)"},
    {.name = "refcount",
     .arity = 3,
     .flags = kReads,
     .keys = {key_at(2, kReadsOnly)},
     .run = object_refcount,
     .since = "2.2.3",
     .usage = "key",
     .help = "Is always 1.",
     .complexity = "O(1)"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "6.2.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> object_verbs() { return kObjectVerbs; }

}  // namespace anabranch::server
