// The clients that the room for answers closes when others wait for it: with time that the test
// moves.

#include <doctest/doctest.h>

#include <sys/socket.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "leader/leader.h"
#include "server/resp/admission.h"
#include "server/resp/output_room.h"
#include "tests/temp_dir.h"

namespace anabranch::output_room_test {

using namespace std::chrono_literals;
using control::File;
using leader::Leader;
using server::Connection;
using server::Host;
using server::OutputRoom;
using server::ServerOptions;
using server::SteadyTime;
using test::TempDir;

namespace {

constexpr std::size_t kLarge = 600'000;  // More than a half of the room.

// A room of 1 MiB, and clients that take nothing.
struct RoomWorld {
  TempDir folder;
  std::unique_ptr<Leader> leader;
  ServerOptions options;
  std::unique_ptr<Host> host;
  std::unique_ptr<OutputRoom> room;
  OutputRoom::Connections connections;
  std::vector<File> other_ends;

  RoomWorld() {
    Options store;
    store.path = (folder.path() / "data").string();
    store.region = "eu";
    leader = Leader::open(store).value_or_raise();
    options.output_pause_bytes = 100'000;
    options.output_bytes_total = std::size_t{1} << 20U;
    host.reset(
        new Host{*leader, options, {}, anabranch::server::Users(anabranch::server::catalogue())});
    room = std::make_unique<OutputRoom>(options, *host);
  }

  Connection& connect(std::uint64_t id) {
    std::array<int, 2> ends{};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()) == 0);
    other_ends.emplace_back(ends[1]);
    auto connection = std::make_unique<Connection>(anabranch::server::Stream(File(ends[0])), id,
                                                   "client " + std::to_string(id), options);
    host->clients[id] = &connection->client();
    anabranch::server::welcome(*host, connection->client());
    return *(connections[id] = std::move(connection));
  }

  // The clients that are to be closed when no client has taken anything for so long.
  std::vector<std::uint64_t> closed_after(OutputRoom::Milliseconds time) {
    std::vector<std::uint64_t> closed;
    room->relieve(anabranch::server::steady_now() + time, connections,
                  [&](Connection& each) { closed.push_back(each.client().id); });
    return closed;
  }
};

}  // namespace

TEST_SUITE("server: room for answers") {
  TEST_CASE("who has not read is closed when others wait, and not for what it could not read yet") {
    RoomWorld world;
    Connection& first = world.connect(1);
    Connection& waits = world.connect(2);
    std::vector<std::uint64_t> closed;
    SUBCASE("the answer waits to be read") {
      first.client().output.append(std::string(kLarge, 'x'));
      closed = {1};
    }
    SUBCASE("the answer is a draft, of a long read that goes on") {
      first.client().draft.append(std::string(kLarge, 'x'));
    }
    world.room->count(first);
    CHECK(world.host->output_bytes == kLarge);
    REQUIRE(world.closed_after(1h).empty());  // No client waits.
    world.room->hold(waits, kLarge);
    CHECK(world.closed_after(world.options.output_stall / 2).empty());
    CHECK(world.closed_after(1h) == closed);
    CHECK(world.host->statistics.clients_cut == closed.size());
  }
}

}  // namespace anabranch::output_room_test
