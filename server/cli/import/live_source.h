// A Redis or KeyDB that runs, read by SCAN and by reads of each type: no DUMP, which other servers
// could not read.
//
// Idea: a page of SCAN at a time: types and times to live, then sizes, then contents. Small ones
// are asked for together, large collections in pages of their own.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.h"
#include "core/wall_clock.h"
#include "server/cli/client.h"
#include "server/cli/import/key_sink.h"

namespace anabranch::server::cli {

// Where such a server is.
struct LiveAddress {
  std::string host_port;
  std::string user;
  std::string password;
  std::optional<std::uint32_t> database;  // Only this one.

  // The same without the password.
  [[nodiscard]] std::string text() const;
};

// Parses HOST:PORT and redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE], percent signs decoded.
// Fails with a sentence.
core::Result<LiveAddress> parse_live_address(std::string_view text);

// Movable. Not thread-safe.
class LiveSource {
 public:
  static core::Result<LiveSource> connect(const LiveAddress& address);

  // Returns the id of the run of the server: cursors mean something in it alone.
  [[nodiscard]] const std::string& run_id() const { return run_id_; }
  // Returns how many keys there are.
  [[nodiscard]] std::uint64_t keys() const;
  // Hands all keys to `sink`, from a position on.
  core::Result<void> read(KeySink& sink, std::optional<Position> from);

 private:
  struct Key {
    std::string name;
    std::string type;
    std::optional<std::int64_t> expires_ms;
    std::uint64_t size = 0;
    bool is_there = true;
  };
  // An answer, or its head: for '$' and '*' a number, -1 for none.
  struct Head {
    char kind = 0;
    std::int64_t number = 0;
    std::string text;
  };

  explicit LiveSource(Client client) : client_(std::move(client)) {}

  core::Result<void> read_databases(const std::optional<std::uint32_t>& only);
  core::Result<void> read_database(KeySink& sink, std::uint32_t database, std::uint64_t cursor);
  core::Result<std::uint64_t> scan(KeySink& sink, std::uint32_t database, std::uint64_t cursor,
                                   std::vector<Key>& page);
  core::Result<void> ask_types(std::vector<Key>& page);
  core::Result<void> ask_sizes(std::vector<Key>& page);
  core::Result<void> read_page(KeySink& sink, std::uint32_t database, std::vector<Key>& page);
  core::Result<void> read_group(KeySink& sink, std::uint32_t database,
                                const std::vector<const Key*>& group);
  core::Result<void> read_large(KeySink& sink, std::uint32_t database, const Key& key);
  // Takes the answers of GET, HGETALL and SMEMBERS, or the second part of that of HSCAN and SSCAN.
  core::Result<void> take_contents(KeySink& sink, std::uint32_t database, const Key& key,
                                   bool is_page);
  core::Result<void> take_items(KeySink& sink, std::uint32_t database, const Key& key,
                                std::int64_t count);

  core::Result<Head> head();
  core::Result<std::int64_t> number();
  // Takes a bulk string; nullopt if it is absent or longer than `limit`.
  core::Result<std::optional<std::string>> bulk(std::size_t limit);
  core::Result<std::uint64_t> cursor();

  Client client_;
  core::SystemClock clock_;
  std::string run_id_;
  std::map<std::uint32_t, std::uint64_t> databases_;  // With their keys.
};

}  // namespace anabranch::server::cli
