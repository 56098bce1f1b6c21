// Names of peers: nobody waits for a look-up, each number of a name is tried, and a name that has
// led to the wrong place, or leads to another one now, is looked up again.
#include "transport/zmq/names.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/transport/event_log.h"
#include "transport/zmq/zmq_transport.h"

namespace anabranch::transport::names_test {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::EventLog;
using Clock = std::chrono::steady_clock;

TEST_SUITE_BEGIN("transport: names");

namespace {

// A name server as the test wants it; outlived by look-ups that it has swallowed.
class NameServer {
 public:
  void set(const std::string& name, std::vector<std::string> hosts) {
    const std::lock_guard lock(mutex_);
    hosts_[name] = std::move(hosts);
  }
  // From now on, or until answer_all(), it answers nothing.
  void swallow(const std::string& name) {
    const std::lock_guard lock(mutex_);
    swallowed_.push_back(name);
  }
  void answer_all() {
    {
      const std::lock_guard lock(mutex_);
      swallowed_.clear();
    }
    changed_.notify_all();
  }
  Found look_up(const std::string& name) {
    std::unique_lock lock(mutex_);
    ++asked_[name];
    most_ = std::max(most_, ++under_way_);
    changed_.notify_all();
    changed_.wait(lock, [&] { return std::ranges::count(swallowed_, name) == 0; });
    --under_way_;
    const auto found = hosts_.find(name);
    if (found == hosts_.end()) return {{}, "the name " + name + " is not known"};
    return {found->second, {}};
  }
  // Waits until a name was asked for so often.
  bool wait_asked(const std::string& name, std::size_t times) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(30), [&] { return asked_[name] >= times; });
  }
  std::size_t asked(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return asked_[name];
  }
  std::size_t most() {
    const std::lock_guard lock(mutex_);
    return most_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::vector<std::string>> hosts_;
  std::map<std::string, std::size_t> asked_;
  std::vector<std::string> swallowed_;
  std::size_t under_way_ = 0;
  std::size_t most_ = 0;
};

class World {
 public:
  ~World() { server->answer_all(); }

  std::unique_ptr<Transport> dial(std::vector<std::string> peers) const {
    return open_zmq_transport(
               {.listen = {},
                .peers = std::move(peers),
                .resolve = [from = server](const std::string& name) { return from->look_up(name); },
                .check_names_every = milliseconds(50)})
        .value_or_raise();
  }

  std::shared_ptr<NameServer> server = std::make_shared<NameServer>();
};

std::unique_ptr<Transport> listen(const std::string& at = "tcp://127.0.0.1:*") {
  return open_zmq_transport({.listen = at, .peers = {}}).value_or_raise();
}

std::string port_of(const Transport& transport) {
  return transport.endpoint().substr(transport.endpoint().rfind(':'));
}

bool is_down(const Event& event) { return event.kind == Event::Kind::kDown; }

}  // namespace

TEST_CASE("a name server that answers nothing holds up no other link, and not the end") {
  World world;
  world.server->swallow("dead.example");
  const auto eu = listen();
  auto us = world.dial({"tcp://dead.example:7400", eu->endpoint()});
  EventLog at_eu{*eu};
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  REQUIRE(link != 0);
  REQUIRE(world.server->wait_asked("dead.example", 1));
  for (int i = 0; i < 200; ++i) {
    us->send(link, 1, std::to_string(i));
    REQUIRE(at_eu.wait_body(std::to_string(i), at_eu.size() > 0 ? at_eu.size() - 1 : 0));
  }
  CHECK(std::ranges::none_of(at_us.events(), is_down));
  CHECK(world.server->asked("dead.example") == 1);
  const auto begun = Clock::now();
  us.reset();
  CHECK(Clock::now() - begun < seconds(10));
}

TEST_CASE("eight look-ups are under way at most, and a name is asked for once at a time") {
  World world;
  std::vector<std::string> peers;
  for (int i = 0; i < 12; ++i) {
    const std::string name = "name" + std::to_string(i) + ".example";
    world.server->swallow(name);
    peers.push_back("tcp://" + name + ":7400");
    peers.push_back("tcp://" + name + ":7401");
  }
  const auto us = world.dial(peers);
  for (int i = 0; i < 8; ++i) {
    REQUIRE(world.server->wait_asked("name" + std::to_string(i) + ".example", 1));
  }
  CHECK(world.server->most() == Names::kThreadsMax);
  world.server->answer_all();
  for (int i = 8; i < 12; ++i) {
    REQUIRE(world.server->wait_asked("name" + std::to_string(i) + ".example", 1));
  }
  CHECK(world.server->most() == Names::kThreadsMax);
}

TEST_CASE("each number of a name is tried, and the one that worked is the first again") {
  World world;
  auto eu = listen();
  const std::string port = port_of(*eu);
  // Nobody listens at the first two.
  world.server->set("eu.example", {"127.0.0.2", "[::1]", "127.0.0.1"});
  const auto us = world.dial({"tcp://eu.example" + port});
  EventLog at_us{*us};
  REQUIRE(at_us.wait_up() != 0);
  CHECK(at_us.events()[0].address == "tcp://eu.example" + port);
  CHECK(us->dials()[0].connected);
  // The name server is gone when the link breaks: the old number is good.
  world.server->swallow("eu.example");
  eu.reset();
  REQUIRE(at_us.wait_down() != 0);
  eu = listen("tcp://127.0.0.1" + port);
  CHECK(at_us.wait_up(at_us.size()) != 0);
}

TEST_CASE("a name that has numbers of IPv6 alone connects") {
  World world;
  const auto eu = listen("tcp://[::1]:*");
  world.server->set("six.example", {"[::1]"});
  const auto us = world.dial({"tcp://six.example" + port_of(*eu)});
  EventLog at_us{*us};
  CHECK(at_us.wait_up() != 0);
}

TEST_CASE("a name that is not known is looked up until it is, and the reason is told") {
  World world;
  const auto eu = listen();
  const auto us = world.dial({"tcp://eu.example" + port_of(*eu)});
  REQUIRE(world.server->wait_asked("eu.example", 2));
  CHECK(us->dials()[0].why == "the name eu.example is not known");
  CHECK(us->dials()[0].tries >= 1);
  world.server->set("eu.example", {"127.0.0.1"});
  EventLog at_us{*us};
  CHECK(at_us.wait_up() != 0);
}

TEST_CASE("a name that leads to the wrong place is hung up on and looked up again") {
  World world;
  const auto eu = listen();
  world.server->set("eu.example", {"127.0.0.1"});
  const auto us = world.dial({"tcp://eu.example" + port_of(*eu), eu->endpoint()});
  EventLog at_us{*us};
  const LinkId one = at_us.wait_up();
  const LinkId other = at_us.wait_up(1);
  REQUIRE((one != 0 && other != 0));
  us->redial(one, "is this leader itself");
  us->redial(other, "is this leader itself");
  const LinkId down = at_us.wait_down();
  const bool first = at_us.events()[0].address.find("eu.example") != std::string::npos;
  CHECK(down == (first ? one : other));  // A number would lead to the same again.
  REQUIRE(world.server->wait_asked("eu.example", 2));
  CHECK(us->dials()[0].elsewhere == "is this leader itself");
  REQUIRE(at_us.wait_up(at_us.size()) != 0);
  CHECK(std::ranges::count_if(at_us.events(), is_down) == 1);
}

TEST_CASE("a name in doubt is hung up on when it has no longer the number that is connected") {
  World world;
  const auto eu = listen();
  world.server->set("eu.example", {"127.0.0.1"});
  const auto us = world.dial({"tcp://eu.example" + port_of(*eu)});
  EventLog at_us{*us};
  const LinkId link = at_us.wait_up();
  REQUIRE(link != 0);
  us->doubt(link);
  REQUIRE(world.server->wait_asked("eu.example", 3));
  world.server->set("eu.example", {"127.0.0.3", "127.0.0.1"});
  REQUIRE(world.server->wait_asked("eu.example", world.server->asked("eu.example") + 2));
  CHECK(us->dials()[0].connected);
  world.server->set("eu.example", {"127.0.0.3"});
  CHECK(at_us.wait_down() == link);
}

}  // namespace anabranch::transport::names_test
