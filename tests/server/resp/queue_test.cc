// The commands between MULTI and EXEC are kept with all their words.

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "server/resp/queue.h"

namespace anabranch::queue_test {

using server::Queue;
using Words = std::vector<std::string_view>;

TEST_SUITE("server: queue") {
  TEST_CASE("each command has its words, whatever their number and size") {
    const std::string large(1'000'000, 'l');
    const std::string middle(300, 'm');
    std::vector<Words> commands{{"PING"}, {"SET", "", middle}, {"SET", "k", large}, {"GET", "k"}};
    for (int i = 0; i < 10'000; ++i) commands.push_back({"RPUSH", "a", std::string_view(middle)});
    commands.push_back(Words(100'000, "w"));
    commands.push_back({"PING"});
    Queue queue;
    std::size_t bytes = 0;
    for (const Words& words : commands) {
      queue.add({.rights_version = words.size()}, words);
      bytes += Queue::bytes_of(words);
    }
    CHECK(queue.bytes == bytes);
    REQUIRE(queue.entries.size() == commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
      CHECK(queue.words(queue.entries[i]) == commands[i]);
      CHECK(queue.entries[i].rights_version == commands[i].size());
    }
    const Queue moved = std::move(queue);
    CHECK(moved.words(moved.entries.front()) == Words{"PING"});
  }

  TEST_CASE("a queue that is closed holds nothing, and takes commands anew") {
    Queue queue;
    queue.open = true;
    queue.add({}, Words{"SET", "k", "v"});
    queue.close();
    CHECK_FALSE(queue.open);
    CHECK(queue.bytes == 0);
    CHECK(queue.entries.empty());
    CHECK(queue.pieces.empty());
    queue.add({}, Words{"GET", "k"});
    CHECK(queue.words(queue.entries.front()) == Words{"GET", "k"});
  }
}

}  // namespace anabranch::queue_test
