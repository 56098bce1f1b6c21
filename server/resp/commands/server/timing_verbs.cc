#include "server/resp/commands/server/timing_verbs.h"

#include <algorithm>
#include <string>

#include "core/text.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

// ---- SLOWLOG

void slowlog_get(Call& call) {
  constexpr std::int64_t kDefault = 10;
  std::int64_t count = kDefault;
  if (call.size() > 3) {
    return call.reply().error(
        "ERR unknown subcommand or wrong number of arguments for 'GET'. Try SLOWLOG HELP.");
  }
  if (call.size() == 3) {
    const std::optional<std::int64_t> wanted = core::parse_integer(call[2]);
    if (!wanted || *wanted < -1) {
      return call.reply().error("ERR count should be greater than or equal to -1");
    }
    count = *wanted;
  }
  const auto& all = call.host.observed.slow().all();
  const std::size_t shown =
      count < 0 ? all.size() : std::min(all.size(), static_cast<std::size_t>(count));
  Writer& reply = call.reply();
  reply.array(shown);
  for (std::size_t i = 0; i < shown; ++i) {
    const SlowCommand& slow = all[i];
    reply.array(6);
    reply.integer(static_cast<std::int64_t>(slow.id));
    reply.integer(slow.time);
    reply.integer(slow.took.count());
    reply.array(slow.words.size());
    for (const std::string& word : slow.words) reply.bulk(word);
    reply.bulk(slow.address);
    reply.bulk(slow.client);
  }
}

void slowlog_len(Call& call) {
  call.reply().integer(static_cast<std::int64_t>(call.host.observed.slow().all().size()));
}

void slowlog_reset(Call& call) {
  call.host.observed.slow().reset();
  call.reply().ok();
}

// ---- LATENCY

void latency_latest(Call& call) {
  const auto& events = call.host.observed.latency().all();
  call.reply().array(events.size());
  for (const auto& [name, event] : events) {
    call.reply().array(4);
    call.reply().bulk(name);
    call.reply().integer(event.samples.back().time);
    call.reply().integer(event.samples.back().ms);
    call.reply().integer(event.most_ms);
  }
}

void latency_history(Call& call) {
  const auto& events = call.host.observed.latency().all();
  const auto found = events.find(call[2]);
  if (found == events.end()) return call.reply().array(0);
  call.reply().array(found->second.samples.size());
  for (const LatencyEvents::Sample& sample : found->second.samples) {
    call.reply().array(2);
    call.reply().integer(sample.time);
    call.reply().integer(sample.ms);
  }
}

void latency_reset(Call& call) {
  LatencyEvents& latency = call.host.observed.latency();
  std::size_t count = 0;
  if (call.size() == 2) count = latency.forget_all();
  for (const std::string_view event : call.arguments.subspan(2)) {
    count += latency.forget(event) ? 1 : 0;
  }
  call.reply().integer(static_cast<std::int64_t>(count));
}

void latency_doctor(Call& call) {
  const LatencyEvents& latency = call.host.observed.latency();
  if (latency.threshold().count() == 0) {
    return call.reply().verbatim(
        "Nothing is sampled: CONFIG SET latency-monitor-threshold MILLISECONDS begins.\n");
  }
  if (latency.all().empty()) return call.reply().verbatim("Nothing took that long.\n");
  std::string text;
  for (const auto& [name, event] : latency.all()) {
    text += name + ": " + std::to_string(event.samples.size()) + " samples, the longest of " +
            std::to_string(event.most_ms) + " ms.\n";
  }
  text += "command: SLOWLOG GET names the commands. commit: the disk of this leader.\n";
  call.reply().verbatim(text);
}

// A command whose calls took their time: its name, calls, and how many took at most so long.
void tell_histogram(Writer& reply, const Command& row, const LatencyHistogram& histogram) {
  reply.bulk(full_name(row));
  reply.map(2);
  reply.bulk("calls");
  std::int64_t calls = 0;
  std::size_t shown = 0;
  for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
    calls += static_cast<std::int64_t>(histogram.in(i));
    shown += histogram.in(i) > 0 ? 1 : 0;
  }
  reply.integer(calls);
  reply.bulk("histogram_usec");
  reply.map(shown);
  std::int64_t until = 0;
  for (std::size_t i = 0; i < LatencyHistogram::kBuckets; ++i) {
    if (histogram.in(i) == 0) continue;
    until += static_cast<std::int64_t>(histogram.in(i));
    reply.integer(LatencyHistogram::micros_of(i));
    reply.integer(until);
  }
}

// The same for a command or, of a container, for its verbs; those that were never called are left
// out. Returns how many were told.
std::size_t tell_histograms(const Call& call, const Command& row) {
  std::size_t told = 0;
  for (const Command& verb : row.verbs) told += tell_histograms(call, verb);
  const CommandCount& count = call.host.observed.commands.of(row.id);
  if (count.calls == 0) return told;
  tell_histogram(call.reply(), row, count.latency);
  return told + 1;
}

void latency_histogram(Call& call) {
  const std::size_t mark = call.reply().mark();
  std::size_t told = 0;
  if (call.size() == 2) {
    for (const Command& row : all_commands()) told += tell_histograms(call, row);
  }
  for (const std::string_view name : call.arguments.subspan(2)) {
    const Command* const row = find_row(name);
    if (row != nullptr) told += tell_histograms(call, *row);
  }
  call.reply().enclose(mark, Writer::Aggregate::kMap, told);
}

constexpr Command kSlowlogVerbs[] = {
    {.name = "get",
     .arity = -2,
     .flags = kAdmin | kAllKeys,
     .run = slowlog_get,
     .since = "2.2.12",
     .usage = "[count]",
     .help = "The commands that took longest, the newest first.",
     .complexity = "O(N), N the number of entries"},
    {.name = "len",
     .arity = 2,
     .flags = kAdmin,
     .run = slowlog_len,
     .since = "2.2.12",
     .help = "How many commands are kept.",
     .complexity = "O(1)"},
    {.name = "reset",
     .arity = 2,
     .flags = kAdmin,
     .run = slowlog_reset,
     .since = "2.2.12",
     .help = "Forgets them.",
     .complexity = "O(N), N the number of entries"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "6.2.0",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

constexpr Command kLatencyVerbs[] = {
    {.name = "latest",
     .arity = 2,
     .flags = kAdmin,
     .run = latency_latest,
     .since = "2.8.13",
     .help = "The newest sample of each event: command, fast-command, commit.",
     .complexity = "O(1)"},
    {.name = "history",
     .arity = 3,
     .flags = kAdmin,
     .run = latency_history,
     .since = "2.8.13",
     .usage = "event",
     .help = "The samples of an event.",
     .complexity = "O(1)"},
    {.name = "reset",
     .arity = -2,
     .flags = kAdmin | kFewNames,
     .run = latency_reset,
     .since = "2.8.13",
     .usage = "[event ...]",
     .help = "Forgets events.",
     .complexity = "O(1)"},
    {.name = "doctor",
     .arity = 2,
     .flags = kAdmin,
     .run = latency_doctor,
     .since = "2.8.13",
     .help = "The samples in words.",
     .complexity = "O(1)"},
    {.name = "histogram",
     .arity = -2,
     .flags = kAdmin | kFewNames,
     .run = latency_histogram,
     .since = "7.0.0",
     .usage = "[command ...]",
     .help = "How long the calls of each command took: how many at most so many microseconds.",
     .complexity = "O(N), N the number of commands"},
    {.name = "help",
     .arity = 2,
     .run = help,
     .since = "2.8.13",
     .help = "Prints this help.",
     .complexity = "O(1)"},
};

}  // namespace

std::span<const Command> slowlog_verbs() { return kSlowlogVerbs; }

std::span<const Command> latency_verbs() { return kLatencyVerbs; }

}  // namespace anabranch::server
