// What Redis has no words for: ANABRANCH and its verbs. Structured answers are JSON in a bulk
// string, for the command line and for scripts. Keys and values are strings in it when they are
// UTF-8, else {"hex": "00ff..."}.

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/host.h"

namespace anabranch::server {
namespace {

using Json = nlohmann::ordered_json;

// How many elements or fields SHOW lists.
constexpr std::size_t kShownMax = 100;

void reply_json(Call& call, const Json& json) {
  call.reply().bulk(json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

// The size of the UTF-8 character that `text` begins with; 0 when it begins with none.
std::size_t character_size(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  const std::size_t size = byte(0) >= 0xF0 ? 4 : byte(0) >= 0xE0 ? 3 : 2;
  if (byte(0) < 0xC2 || byte(0) > 0xF4 || text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  // Forms that are longer than needed, surrogates, and what lies beyond the last character.
  const bool wrong = (byte(0) == 0xE0 && byte(1) < 0xA0) || (byte(0) == 0xED && byte(1) > 0x9F) ||
                     (byte(0) == 0xF0 && byte(1) < 0x90) || (byte(0) == 0xF4 && byte(1) > 0x8F);
  return wrong ? 0 : size;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    const std::size_t size = character_size(text);
    if (size == 0) return false;
    text.remove_prefix(size);
  }
  return true;
}

// A client's bytes.
Json bytes_json(std::string_view bytes) {
  if (is_utf8(bytes)) return std::string(bytes);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex.push_back(kDigits[byte >> 4U]);
    hex.push_back(kDigits[byte & 15U]);
  }
  return {{"hex", hex}};
}

Json to_json(const AppliedStatus& applied) {
  return {{"origin", applied.origin}, {"region", applied.region}, {"seq", applied.seq}};
}

Json to_json(const PeerStatus& peer) {
  return {{"region", peer.region},       {"address", peer.address},       {"origin", peer.origin},
          {"connected", peer.connected}, {"paused", peer.paused},         {"lag_ops", peer.lag_ops},
          {"lag_ms", peer.lag_ms},       {"behind_ops", peer.behind_ops}, {"note", peer.note}};
}

Json to_json(const Sibling& sibling) {
  Json json{{"region", sibling.region},
            {"time_ms", sibling.time_ms},
            {"value", bytes_json(sibling.value)}};
  if (sibling.base) json["base"] = bytes_json(*sibling.base);
  return json;
}

template <typename Items>
Json to_array(const Items& items) {
  Json array = Json::array();
  for (const auto& item : items) array.push_back(to_json(item));
  return array;
}

// ---- ANABRANCH STATUS

void status(Call& call) {
  const StoreStatus status = call.host.leader.status();
  reply_json(call, {{"region", status.region},
                    {"origin", status.origin},
                    {"mesh", status.mesh},
                    {"endpoint", status.endpoint},
                    {"redis", call.host.endpoint},
                    {"applied", to_array(status.applied)},
                    {"peers", to_array(status.peers)},
                    {"log_records", status.log_records},
                    {"held_batches", status.held_batches},
                    {"resolver_failures", status.resolver_failures},
                    {"writable", status.writable}});
}

// ---- ANABRANCH PEER

void answer_peer(Call& call, bool known) {
  if (known) return call.reply().ok();
  call.reply().error("ERR there is no peer '" + std::string(call[3]) + "'");
}

void pause(Call& call) { answer_peer(call, call.host.leader.pause(call[3])); }

void resume(Call& call) { answer_peer(call, call.host.leader.resume(call[3])); }

// ---- ANABRANCH SHOW

// A row of a string: what is shown, and what it is made of.
void describe_string(Json& json, const Scope& scope, const Key& key) {
  const Key row = key.of(Type::kString);
  const std::optional<std::string> shown = scope.get(row);
  json["value"] = shown ? bytes_json(*shown) : Json();
  json["tally"] = scope.tally(row);
  json["siblings"] = to_array(scope.siblings(row));
}

// The names of the first elements or fields.
std::vector<std::string> first_names(const Scope& scope, const Key& collection) {
  std::vector<std::string> names;
  scope.scan(collection, [&](const Entry& entry) {
    if (names.empty() || names.back() != entry.path.front()) {
      if (names.size() == kShownMax) return false;
      names.push_back(entry.path.front());
    }
    return true;
  });
  return names;
}

void describe_set(Json& json, const Scope& scope, const Key& key) {
  json["count"] = scope.count(key.of(Type::kSet));
  json["elements"] = Json::array();
  for (const std::string& element : first_names(scope, key.of(Type::kSet))) {
    json["elements"].push_back({{"element", bytes_json(element)},
                                {"siblings", to_array(scope.siblings(key.element(element)))}});
  }
}

void describe_map(Json& json, const Scope& scope, const Key& key) {
  json["count"] = scope.count(key.of(Type::kMap));
  json["fields"] = Json::array();
  for (const std::string& name : first_names(scope, key.of(Type::kMap))) {
    const Key field = key.field(name);
    const Type type = scope.type(field);
    Json entry{{"field", bytes_json(name)}, {"type", to_string(type)}};
    if (type == Type::kString) describe_string(entry, scope, field);
    json["fields"].push_back(std::move(entry));
  }
}

void show(Call& call) {
  const Key key = call[2];
  const Type type = call.scope.type(key);
  Json json{{"key", bytes_json(call[2])}, {"type", to_string(type)}};
  switch (type) {
    case Type::kNone:
      break;
    case Type::kString:
      describe_string(json, call.scope, key);
      break;
    case Type::kSet:
      describe_set(json, call.scope, key);
      break;
    case Type::kMap:
      describe_map(json, call.scope, key);
      break;
  }
  reply_json(call, json);
}

// ---- ANABRANCH DIGEST

void digest(Call& call) { call.reply().bulk(call.host.leader.digest().value_or_raise()); }

constexpr std::uint32_t kLeader = kAlone | kSettled;

constexpr Command kPeerVerbs[] = {
    {"pause",
     4,
     kLeader,
     Right::kAdmin,
     {},
     "name",
     "Stops the exchange with a peer, both ways, until resumed or restarted.",
     pause},
    {"resume", 4, kLeader, Right::kAdmin, {}, "name", "Goes on with it.", resume},
    {"help", 3, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> peer_verbs() { return kPeerVerbs; }

constexpr Command kVerbs[] = {
    {"status",
     2,
     kLeader,
     Right::kAdmin,
     {},
     "",
     "This leader and its peers, as JSON: region, origin, vector, lag.",
     status},
    {"peer",
     -3,
     0,
     Right::kAdmin,
     {},
     "PAUSE | RESUME name",
     "The exchange with a peer.",
     nullptr,
     peer_verbs},
    {"show",
     3,
     kReads,
     Right::kRead,
     {2, 2, 1},
     "key",
     "A key with its siblings, their regions and times, as JSON.",
     show},
    {"digest",
     2,
     kLeader,
     Right::kAdmin,
     {},
     "",
     "A hash over all that is visible: equal in regions that have applied the same.",
     digest},
    {"help", 2, 0, Right::kConnection, {}, "", "Prints this help.", help},
};

std::span<const Command> anabranch_verbs() { return kVerbs; }

constexpr Command kCommands[] = {
    {"anabranch",
     -2,
     0,
     Right::kAdmin,
     {},
     "verb ...",
     "This leader and its peers.",
     nullptr,
     anabranch_verbs},
};

}  // namespace

std::span<const Command> anabranch_commands() { return kCommands; }

}  // namespace anabranch::server
