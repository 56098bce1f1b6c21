// SUBSCRIBE and its like, at the Sentinel port: its channels tell when the region changes.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

using Wishes = Subscribers::Wishes;
using Kind = std::set<std::string, std::less<>> Wishes::*;

constexpr Kind kChannels = &Wishes::channels;
constexpr Kind kPatterns = &Wishes::patterns;
// So many clients may have channels: a message is written to each, on the thread that serves all.
constexpr std::size_t kClientsMax = 1'000;

bool is_on(Call& call) {
  if (call.client.at_sentinel) return true;
  call.reply().error(
      "ERR there are no channels here but those of the Sentinel port (setting sentinel), which "
      "tell when the region has another leader");
  return false;
}

std::size_t count_of(const Call& call) {
  const Wishes* const wishes = call.host.subscribers.of(call.client);
  return wishes == nullptr ? 0 : wishes->count();
}

void confirm(Call& call, std::string_view act, std::string_view name) {
  call.reply().push(3);
  call.reply().bulk(act);
  call.reply().bulk(name);
  call.reply().integer(static_cast<std::int64_t>(count_of(call)));
}

bool has_room(const Call& call, Arguments names) {
  const auto is_long = [](std::string_view name) {
    return name.size() > Subscribers::kNameBytesMax;
  };
  return count_of(call) + names.size() <= Subscribers::kNamesMax &&
         std::ranges::none_of(names, is_long);
}

// The first client has the region looked at, so that it is told of all changes from now on.
void begin(Call& call, Kind kind, std::string_view act) {
  if (!is_on(call)) return;
  const Arguments names = call.arguments.subspan(1);
  Subscribers& subscribers = call.host.subscribers;
  if (subscribers.clients() >= kClientsMax && subscribers.of(call.client) == nullptr) {
    return call.reply().error("ERR this server has " + std::to_string(kClientsMax) +
                              " clients with channels, and takes no more of them");
  }
  if (!has_room(call, names)) {
    return call.reply().error("ERR a client has at most " + std::to_string(Subscribers::kNamesMax) +
                              " channels and patterns, of " +
                              std::to_string(Subscribers::kNameBytesMax) + " bytes each");
  }
  if (!subscribers.any()) subscribers.look(call.host.status(), call.host.now);
  for (const std::string_view name : names) {
    (void)subscribers.add(call.client, kind, name);
    confirm(call, act, name);
  }
}

void end_all(Call& call, Kind kind, std::string_view act) {
  const Wishes* const wishes = call.host.subscribers.of(call.client);
  if (wishes == nullptr || (wishes->*kind).empty()) {
    call.reply().push(3);
    call.reply().bulk(act);
    call.reply().null();
    return call.reply().integer(static_cast<std::int64_t>(count_of(call)));
  }
  const std::vector<std::string> names((wishes->*kind).begin(), (wishes->*kind).end());
  for (const std::string& name : names) {
    call.host.subscribers.remove(call.client, kind, name);
    confirm(call, act, name);
  }
}

void end(Call& call, Kind kind, std::string_view act) {
  if (!is_on(call)) return;
  if (call.size() == 1) return end_all(call, kind, act);
  for (const std::string_view name : call.arguments.subspan(1)) {
    call.host.subscribers.remove(call.client, kind, name);
    confirm(call, act, name);
  }
}

void subscribe(Call& call) { begin(call, kChannels, "subscribe"); }
void psubscribe(Call& call) { begin(call, kPatterns, "psubscribe"); }
void unsubscribe(Call& call) { end(call, kChannels, "unsubscribe"); }
void punsubscribe(Call& call) { end(call, kPatterns, "punsubscribe"); }

constexpr Command kSubscribeCommands[] = {
    {.name = "subscribe",
     .arity = -2,
     .flags = kAlone | kFewNames,
     .run = subscribe,
     .since = "2.0.0",
     .usage = "channel [channel ...]",
     .help = "At the Sentinel port: messages when the region has another leader "
             "(`+switch-master`), when a member is new (`+slave`, `+sentinel`), is not heard "
             "(`+sdown`, `+odown`) or is heard again (`-sdown`, `-odown`).",
     .complexity = "O(N), N the number of channels"},
    {.name = "psubscribe",
     .arity = -2,
     .flags = kAlone | kFewNames,
     .run = psubscribe,
     .since = "2.0.0",
     .usage = "pattern [pattern ...]",
     .help = "The same for channels with names like these.",
     .complexity = "O(N), N the number of patterns"},
    {.name = "unsubscribe",
     .arity = -1,
     .flags = kAlone | kFewNames,
     .run = unsubscribe,
     .since = "2.0.0",
     .usage = "[channel [channel ...]]",
     .help = "No messages of these channels any more; of none, without names.",
     .complexity = "O(N), N the number of channels"},
    {.name = "punsubscribe",
     .arity = -1,
     .flags = kAlone | kFewNames,
     .run = punsubscribe,
     .since = "2.0.0",
     .usage = "[pattern [pattern ...]]",
     .help = "The same for patterns.",
     .complexity = "O(N), N the number of patterns"},
};

}  // namespace

std::span<const Command> subscribe_commands() { return kSubscribeCommands; }

}  // namespace anabranch::server
