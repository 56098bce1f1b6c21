// Our server and a real redis-server, asked the same.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/server/redis_process.h"
#include "tests/server/running_server.h"

namespace anabranch::test {

// The lines of a reply in a fixed order.
inline std::string sorted_lines(const std::string& reply) {
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < reply.size();) {
    const std::size_t end = std::min(reply.find("\r\n", at), reply.size());
    lines.push_back(reply.substr(at, end - at));
    at = end + 2;
  }
  std::ranges::sort(lines);
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

inline std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += "'" + word + "' ";
  return text;
}

// Whether the order of the elements in a reply is free.
inline bool is_unordered(const std::string& name) {
  constexpr const char* kNames[] = {"SMEMBERS", "HGETALL", "HKEYS",      "HVALS", "KEYS",
                                    "SINTER",   "SUNION",  "SDIFF",      "SCAN",  "SSCAN",
                                    "HSCAN",    "SPOP",    "SRANDMEMBER"};
  return std::ranges::any_of(kNames, [&](const char* each) { return name == each; });
}

struct ServerPair {
  RunningServer ours_server;
  RedisProcess theirs_server;
  RespClient ours = ours_server.client();
  RespClient theirs = theirs_server.client();

  // Checks that both reply alike.
  void compare(const Words& words) { compare(words, ours, theirs); }
  static void compare(const Words& words, RespClient& ours, RespClient& theirs) {
    const std::string mine = ours.ask(words);
    const std::string redis = theirs.ask(words);
    const bool any_order = is_unordered(words[0]);
    const std::string request = joined(words);
    CAPTURE(request);
    CHECK((any_order ? sorted_lines(mine) : mine) == (any_order ? sorted_lines(redis) : redis));
  }
};

}  // namespace anabranch::test
