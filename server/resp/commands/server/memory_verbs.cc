#include "server/resp/commands/server/memory_verbs.h"

#include <algorithm>
#include <optional>
#include <string>

#include "core/text.h"
#include "leader/health/footprint.h"
#include "server/allocator.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

constexpr std::int64_t kSamples = 5;  // The default.
constexpr std::int64_t kSamplesMax = 1'000;
// What a row takes besides its path and value: its dot, its place in a page, and its part in the
// counts and digests.
constexpr std::uint64_t kRowBytes = 64;
// Of a client on average, for the doctor.
constexpr std::uint64_t kMuchOfClient = std::uint64_t{200} << 10U;

bool is_collection(Type type) {
  return type == Type::kSet || type == Type::kRemoveWinsSet || type == Type::kMap ||
         type == Type::kSortedSet || type == Type::kList;
}

// Returns the approximate number of bytes that a key takes on disk, from some of its rows.
std::uint64_t bytes_of(const Scope& scope, const Key& key, Type type, std::int64_t samples) {
  const Key place = key.of(type);
  const std::uint64_t path = place.encoded().size();
  if (type == Type::kString) {
    return kRowBytes + path + scope.get(place).value_or("").size();
  }
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  scope.scan(place, [&](const Entry& entry) {
    ++rows;
    bytes += kRowBytes + path + entry.value.size();
    for (const std::string& name : entry.path) bytes += name.size() + 2;
    return rows < static_cast<std::uint64_t>(samples);
  });
  if (rows == 0) return kRowBytes + path;
  if (!is_collection(type)) return bytes;
  return bytes / rows * std::max(rows, scope.count(place));
}

void memory_usage(Call& call) {
  std::int64_t samples = kSamples;
  for (std::size_t i = 3; i < call.size(); i += 2) {
    if (!same_word(call[i], "samples") || i + 1 == call.size()) {
      return call.reply().error(kSyntaxError);
    }
    const std::optional<std::int64_t> wanted = take_integer(call, i + 1);
    if (!wanted) return;
    if (*wanted < 0) return call.reply().error(kSyntaxError);
    samples = *wanted == 0 ? kSamplesMax : std::min(*wanted, kSamplesMax);
  }
  const Key key = call.key(2);
  const Type type = call.scope.type(key);
  if (type == Type::kNone) return call.reply().null();
  call.reply().integer(static_cast<std::int64_t>(bytes_of(call.scope, key, type, samples)));
}

std::string mebibytes(std::uint64_t bytes) { return std::to_string(bytes >> 20U) + " MiB"; }

// In sentences, each with its figures, and with the remedy where something is much.
void memory_doctor(Call& call) {
  constexpr std::uint64_t kFew = std::uint64_t{10} << 20U;
  const Host& host = call.host;
  const std::uint64_t resident = leader::memory_bytes();
  const std::uint64_t unused = std::min<std::uint64_t>(unused_memory(), resident);
  const std::uint64_t held = host.output_bytes + host.input_bytes;
  const std::uint64_t clients = std::max<std::uint64_t>(host.clients.size(), 1);
  std::string text = "The process has " + mebibytes(resident) + ", with pages of its files; " +
                     mebibytes(unused) + " are unused. " + std::to_string(clients) +
                     " clients hold " + mebibytes(held) + " in answers and requests.\n";
  const std::size_t figures = text.size();
  if (unused > kFew && unused > resident / 3) {
    text += "Much is unused: MEMORY PURGE returns it to the system.\n";
  }
  if (held > kFew && held / clients > kMuchOfClient) {
    text +=
        "Clients hold much: CLIENT LIST has omem and qbuf of each; clients_bytes_max closes "
        "those that hold the most.\n";
  }
  if (host.output_bytes > host.options.output_bytes_total / 2) {
    text +=
        "Answers that clients do not read take over half of output_bytes_total: further ones "
        "will wait.\n";
  }
  if (host.watched.bytes() > WatchedKeys::kBytesMax / 2) {
    text += "Watched keys take over half of their room: beyond it WATCH is refused.\n";
  }
  if (text.size() == figures) text += "Nothing of it is much.\n";
  call.reply().verbatim(text);
}

void memory_purge(Call& call) {
  return_unused_memory();
  call.reply().ok();
}

constexpr Command kMemoryVerbs[] = {
    {.name = "usage",
     .arity = -3,
     .flags = kReads | kLong,
     .keys = {key_at(2, kReadsOnly)},
     .run = memory_usage,
     .since = "4.0.0",
     .usage = "key [SAMPLES count]",
     .help = "About how many bytes a key takes on disk, from some of its rows.",
     .complexity = "O(N), N the number of samples"},
    {.name = "doctor",
     .arity = 2,
     .flags = kAllKeys,
     .run = memory_doctor,
     .since = "4.0.0",
     .help = "The memory of the process and its clients in words, and what is much of it.",
     .complexity = "O(1)"},
    {.name = "purge",
     .arity = 2,
     .run = memory_purge,
     .since = "4.0.0",
     .help = "Returns unused memory to the system.",
     .complexity = "O(N), N the number of free blocks"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "4.0.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> memory_verbs() { return kMemoryVerbs; }

}  // namespace anabranch::server
