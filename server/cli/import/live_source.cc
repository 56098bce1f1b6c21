#include "server/cli/import/live_source.h"

#include <algorithm>
#include <utility>

#include "core/text.h"
#include "server/cli/printable.h"

namespace anabranch::server::cli {
namespace {

using core::invalid;
using core::Result;

constexpr std::string_view kPage = "100";
constexpr std::uint64_t kSmallItems = 100;
constexpr std::size_t kGroupKeys = 64;
constexpr std::uint64_t kGroupBytes = std::uint64_t{4} << 20U;
constexpr const char* kChanged = "changed while it was read";

// "%40" is '@'. Returns nullopt for a percent sign without two digits.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    const auto byte = core::parse_number<std::uint8_t, 16>(text.substr(i + 1, 2));
    if (!byte || text.size() < i + 3) return std::nullopt;
    out.push_back(static_cast<char>(*byte));
    i += 2;
  }
  return out;
}

// The value of "name:value\r\n" in INFO.
std::string field_of(std::string_view info, std::string_view name) {
  const std::size_t at = info.find("\n" + std::string(name) + ":");
  if (at == info.npos) return {};
  info.remove_prefix(at + name.size() + 2);
  return std::string(info.substr(0, info.find_first_of("\r\n")));
}

std::string_view size_command(std::string_view type) {
  if (type == "string") return "STRLEN";
  if (type == "hash") return "HLEN";
  return type == "set" ? "SCARD" : "";
}

std::string_view whole_command(std::string_view type) {
  if (type == "string") return "GET";
  return type == "hash" ? "HGETALL" : "SMEMBERS";
}

KeyKind kind_of(std::string_view type) {
  if (type == "string") return KeyKind::kString;
  return type == "hash" ? KeyKind::kHash : KeyKind::kSet;
}

Result<void> parse_login(std::string_view login, LiveAddress& address) {
  const std::size_t colon = login.find(':');
  const auto user = decoded(login.substr(0, colon));
  const auto password = decoded(colon == login.npos ? "" : login.substr(colon + 1));
  if (!user || !password) return invalid("--from: a percent sign needs two digits behind it");
  address.user = *user;
  address.password = *password;
  return {};
}

}  // namespace

std::string LiveAddress::text() const {
  return host_port + (database ? "/" + std::to_string(*database) : "");
}

Result<LiveAddress> parse_live_address(std::string_view text) {
  constexpr std::string_view kScheme = "redis://";
  LiveAddress address;
  if (text.starts_with("rediss://")) {
    return invalid("--from: a source is read without TLS: take a file that it saved, or a tunnel");
  }
  if (!text.starts_with(kScheme)) {
    if (text.find(':') == text.npos) {
      return invalid("--from: " + std::string(text) +
                     " is no file that is there, no HOST:PORT and no redis://HOST:PORT");
    }
    address.host_port = text;
    return address;
  }
  text.remove_prefix(kScheme.size());
  if (const std::size_t at = text.rfind('@'); at != text.npos) {
    const Result<void> login = parse_login(text.substr(0, at), address);
    if (!login.ok()) return login.failure();
    text.remove_prefix(at + 1);
  }
  if (const std::size_t slash = text.find('/'); slash != text.npos) {
    const std::string_view number = text.substr(slash + 1);
    address.database = core::parse_number<std::uint32_t>(number);
    if (!number.empty() && (!address.database || *address.database >= kDatabases)) {
      return invalid("--from: " + std::string(number) + " is no database, 0 to 15");
    }
    text = text.substr(0, slash);
  }
  address.host_port = text;
  if (text.find(':') == text.npos) address.host_port += ":6379";
  return address;
}

Result<LiveSource> LiveSource::connect(const LiveAddress& address) {
  Result<Client> client = Client::connect(address.host_port);
  if (!client.ok()) {
    core::Failure failure = client.failure();
    if (failure.message.starts_with("--redis")) failure.message.replace(0, 7, "--from");
    return failure;
  }
  LiveSource source(std::move(client).value());
  if (!address.password.empty()) {
    std::vector<std::string> words{"AUTH", address.user, address.password};
    if (address.user.empty()) words.erase(words.begin() + 1);
    const Result<std::string> done = source.client_.call(words);
    if (!done.ok()) return core::Failure{done.failure().code, "--from: " + done.failure().message};
  }
  const Result<void> known = source.read_databases(address.database);
  if (!known.ok()) return core::Failure{known.failure().code, "--from: " + known.failure().message};
  return source;
}

Result<void> LiveSource::read_databases(const std::optional<std::uint32_t>& only) {
  const Result<std::string> server = client_.call({"INFO", "server"});
  if (!server.ok()) return server.failure();
  run_id_ = field_of(server.value(), "run_id");
  const Result<std::string> info = client_.call({"INFO", "keyspace"});
  if (!info.ok()) return info.failure();
  std::string_view left = info.value();
  while (!left.empty()) {
    const std::string_view line = left.substr(0, left.find('\n'));
    left.remove_prefix(std::min(left.size(), line.size() + 1));
    const std::size_t keys = line.find(":keys=");
    if (!line.starts_with("db") || keys == line.npos) continue;
    const std::string_view count = line.substr(keys + 6);
    const auto database = core::parse_number<std::uint32_t>(line.substr(2, keys - 2));
    const auto number = core::parse_number<std::uint64_t>(count.substr(0, count.find(',')));
    if (!database || !number) return client_.nonsense();
    if (!only || *only == *database) databases_[*database] = *number;
  }
  return {};
}

std::uint64_t LiveSource::keys() const {
  std::uint64_t sum = 0;
  for (const auto& [database, keys] : databases_) sum += keys;
  return sum;
}

Result<LiveSource::Head> LiveSource::head() {
  Result<std::string> line = client_.line();
  if (!line.ok()) return line.failure();
  if (line.value().empty()) return client_.nonsense();
  Head head{line.value().front(), 0, line.value().substr(1)};
  if (head.kind == '-') return invalid("the source says " + head.text);
  if (head.kind == '+') return head;
  const auto number = core::parse_number<std::int64_t>(head.text);
  const bool known = head.kind == ':' || head.kind == '$' || head.kind == '*';
  if (!known || !number || (head.kind != ':' && *number < -1)) return client_.nonsense();
  head.number = *number;
  return head;
}

Result<std::int64_t> LiveSource::number() {
  const Result<Head> told = head();
  if (!told.ok()) return told.failure();
  if (told.value().kind != ':') return client_.nonsense();
  return told.value().number;
}

Result<std::optional<std::string>> LiveSource::bulk(std::size_t limit) {
  const Result<Head> told = head();
  if (!told.ok()) return told.failure();
  if (told.value().kind != '$') return client_.nonsense();
  if (told.value().number < 0) return std::optional<std::string>{};
  const auto size = static_cast<std::size_t>(told.value().number);
  if (size > limit) {
    const Result<void> skipped = client_.skip_body(size);
    if (!skipped.ok()) return skipped.failure();
    return std::optional<std::string>{};
  }
  Result<std::string> bytes = client_.body(size);
  if (!bytes.ok()) return bytes.failure();
  return std::optional<std::string>(std::move(bytes).value());
}

Result<std::uint64_t> LiveSource::cursor() {
  const Result<Head> pair = head();
  if (!pair.ok()) return pair.failure();
  if (pair.value().kind != '*' || pair.value().number != 2) return client_.nonsense();
  const Result<std::optional<std::string>> text = bulk(32);
  if (!text.ok()) return text.failure();
  const auto value = core::parse_number<std::uint64_t>(text.value().value_or(""));
  if (!value) return client_.nonsense();
  return *value;
}

Result<std::uint64_t> LiveSource::scan(KeySink& sink, std::uint32_t database, std::uint64_t from,
                                       std::vector<Key>& page) {
  const Result<void> sent =
      client_.send(Client::bytes_of({"SCAN", std::to_string(from), "COUNT", std::string(kPage)}));
  if (!sent.ok()) return sent.failure();
  Result<std::uint64_t> next = cursor();
  if (!next.ok()) return next;
  const Result<Head> count = head();
  if (!count.ok()) return count.failure();
  if (count.value().kind != '*') return client_.nonsense();
  for (std::int64_t i = 0; i < count.value().number; ++i) {
    Result<std::optional<std::string>> name = bulk(kNameBytesMax);
    if (!name.ok()) return name.failure();
    if (name.value()) {
      page.push_back({*std::move(name).value(), {}, {}, 0, true});
    } else {
      sink.leave_out("over the limits: a key of more than 65536 bytes", database, "");
    }
  }
  return next;
}

Result<void> LiveSource::ask_types(std::vector<Key>& page) {
  std::string commands;
  for (const Key& key : page) {
    commands += Client::bytes_of({"TYPE", key.name}) + Client::bytes_of({"PTTL", key.name});
  }
  if (Result<void> sent = client_.send(commands); !sent.ok()) return sent;
  for (Key& key : page) {
    Result<Head> type = head();
    if (!type.ok()) return type.failure();
    key.type = type.value().text == "zset" ? "sorted set" : printable(type.value().text);
    key.is_there = key.type != "none";
    const Result<std::int64_t> left = number();
    if (!left.ok()) return left.failure();
    if (left.value() >= 0) key.expires_ms = clock_.now_ms() + left.value();
  }
  return {};
}

Result<void> LiveSource::ask_sizes(std::vector<Key>& page) {
  std::string commands;
  for (const Key& key : page) {
    const std::string_view command = size_command(key.type);
    if (!command.empty()) commands += Client::bytes_of({std::string(command), key.name});
  }
  if (Result<void> sent = client_.send(commands); !sent.ok()) return sent;
  for (Key& key : page) {
    if (size_command(key.type).empty()) continue;
    const Result<std::int64_t> size = number();
    if (!size.ok() && size.failure().code != ErrorCode::kInvalid) return size.failure();
    // Of another type meanwhile: its contents will be refused, too.
    key.size = size.ok() && size.value() > 0 ? static_cast<std::uint64_t>(size.value()) : 0;
  }
  return {};
}

Result<void> LiveSource::take_items(KeySink& sink, std::uint32_t database, const Key& key,
                                    std::int64_t count) {
  const bool paired = key.type == "hash";
  if (count < 0 || (paired && count % 2 != 0)) return client_.nonsense();
  for (std::int64_t i = 0; i < count; i += paired ? 2 : 1) {
    const auto first = bulk(kNameBytesMax);
    if (!first.ok()) return first.failure();
    const auto second = paired ? bulk(kValueBytesMax) : std::optional<std::string>("");
    if (!second.ok()) return second.failure();
    if (!first.value() || !second.value()) {
      sink.leave_out(
          "over the limits: a field or member of more than 65536 bytes, or a value of "
          "more than 32 MiB",
          database, key.name);
      continue;
    }
    Result<void> taken = sink.item(*first.value(), *second.value());
    if (!taken.ok()) return taken;
  }
  return {};
}

Result<void> LiveSource::take_contents(KeySink& sink, std::uint32_t database, const Key& key,
                                       bool is_page) {
  const Result<Head> told = head();
  if (!told.ok() && told.failure().code == ErrorCode::kInvalid) {
    sink.leave_out(kChanged, database, key.name);
    return {};
  }
  if (!told.ok()) return told.failure();
  const char kind = told.value().kind;
  const std::int64_t number = told.value().number;
  if (kind != (key.type == "string" ? '$' : '*')) return client_.nonsense();
  if (kind == '*') {
    if (is_page) return take_items(sink, database, key, number);
  } else if (number < 0) {
    return {};  // It has gone meanwhile.
  } else if (static_cast<std::uint64_t>(number) > kValueBytesMax) {
    sink.leave_out("over the limits: a value of more than 32 MiB", database, key.name);
    return client_.skip_body(static_cast<std::size_t>(number));
  }
  Result<void> begun = sink.begin({database, key.name, kind_of(key.type), key.expires_ms});
  if (!begun.ok()) return begun;
  if (kind == '*') {
    const Result<void> items = take_items(sink, database, key, number);
    return items.ok() ? sink.end() : items;
  }
  const Result<std::string> value = client_.body(static_cast<std::size_t>(number));
  if (!value.ok()) return value.failure();
  const Result<void> taken = sink.item(value.value(), {});
  return taken.ok() ? sink.end() : taken;
}

Result<void> LiveSource::read_group(KeySink& sink, std::uint32_t database,
                                    const std::vector<const Key*>& group) {
  std::string commands;
  for (const Key* key : group) {
    commands += Client::bytes_of({std::string(whole_command(key->type)), key->name});
  }
  if (Result<void> sent = client_.send(commands); !sent.ok()) return sent;
  for (const Key* key : group) {
    Result<void> taken = take_contents(sink, database, *key, false);
    if (!taken.ok()) return taken;
  }
  return {};
}

Result<void> LiveSource::read_large(KeySink& sink, std::uint32_t database, const Key& key) {
  const std::string command = key.type == "hash" ? "HSCAN" : "SSCAN";
  Result<void> begun = sink.begin({database, key.name, kind_of(key.type), key.expires_ms});
  if (!begun.ok()) return begun;
  std::uint64_t at = 0;
  do {
    Result<void> sent = client_.send(
        Client::bytes_of({command, key.name, std::to_string(at), "COUNT", std::string(kPage)}));
    if (!sent.ok()) return sent;
    const Result<std::uint64_t> next = cursor();
    if (!next.ok() && next.failure().code == ErrorCode::kInvalid) {
      sink.leave_out(kChanged, database, key.name);
      return sink.end();
    }
    if (!next.ok()) return next.failure();
    at = next.value();
    Result<void> taken = take_contents(sink, database, key, true);
    if (!taken.ok()) return taken;
  } while (at != 0);
  return sink.end();
}

Result<void> LiveSource::read_page(KeySink& sink, std::uint32_t database, std::vector<Key>& page) {
  if (Result<void> types = ask_types(page); !types.ok()) return types;
  if (Result<void> sizes = ask_sizes(page); !sizes.ok()) return sizes;
  std::vector<const Key*> group;
  std::uint64_t group_bytes = 0;
  std::vector<const Key*> large;
  for (const Key& key : page) {
    if (!key.is_there) continue;
    const bool is_string = key.type == "string";
    if (size_command(key.type).empty()) {
      sink.leave_out(key.type, database, key.name);
    } else if (is_string && key.size > kValueBytesMax) {
      sink.leave_out("over the limits: a value of more than 32 MiB", database, key.name);
    } else if (!is_string && key.size > kSmallItems) {
      large.push_back(&key);
    } else {
      const std::uint64_t bytes = is_string ? key.size : 0;
      if (group.size() == kGroupKeys || (!group.empty() && group_bytes + bytes > kGroupBytes)) {
        Result<void> done = read_group(sink, database, std::exchange(group, {}));
        if (!done.ok()) return done;
        group_bytes = 0;
      }
      group.push_back(&key);
      group_bytes += bytes;
    }
  }
  if (Result<void> done = read_group(sink, database, group); !done.ok()) return done;
  for (const Key* key : large) {
    Result<void> done = read_large(sink, database, *key);
    if (!done.ok()) return done;
  }
  return {};
}

Result<void> LiveSource::read_database(KeySink& sink, std::uint32_t database, std::uint64_t from) {
  const Result<std::string> selected = client_.call({"SELECT", std::to_string(database)});
  if (!selected.ok()) return selected.failure();
  std::uint64_t at = from;
  do {
    if (Result<void> here = sink.boundary({database, at}); !here.ok()) return here;
    std::vector<Key> page;
    const Result<std::uint64_t> next = scan(sink, database, at, page);
    if (!next.ok()) return next.failure();
    at = next.value();
    if (Result<void> done = read_page(sink, database, page); !done.ok()) return done;
  } while (at != 0);
  return {};
}

Result<void> LiveSource::read(KeySink& sink, std::optional<Position> from) {
  for (const auto& [database, keys] : databases_) {
    if (from && database < from->database) continue;
    if (database >= kDatabases) {
      for (std::uint64_t i = 0; i < keys; ++i) {
        sink.leave_out("there are databases 0 to 15 only", database, "");
      }
      continue;
    }
    const bool goes_on = from && from->database == database;
    Result<void> done = read_database(sink, database, goes_on ? from->at : 0);
    if (!done.ok()) return done;
  }
  return {};
}

}  // namespace anabranch::server::cli
