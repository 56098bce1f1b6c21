// The users of the HTTP port: their rights, waits and notes are those of the Redis port.

#include "server/resp/web/judge.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/resp/command.h"
#include "server/resp/web/web_gate.h"

namespace anabranch::judge_test {

using namespace server;
using Verb = std::vector<std::string>;
using Verdict = http::Gate::Verdict;

namespace {

struct World {
  Users users{catalogue()};
  FailedLogins failed_logins;
  DenialLog denials;

  World() {
    set("default", {"off", "resetpass"});
    set("ann", {"on", ">secret", "~*", "+@anabranch-read"});
    set("some", {"on", ">secret", "~a:*", "+@anabranch-read"});
    set("act", {"on", ">secret", "~*", "+@anabranch-act"});
    set("pause", {"on", ">secret", "+anabranch|peer|pause"});
    set("open", {"on", "nopass", "~*", "+@all"});
    set("off", {"off", ">secret", "~*", "+@all"});
  }
  void set(std::string_view name, const std::vector<std::string_view>& rules) {
    REQUIRE(users.set(name, rules).ok());
  }
};

http::Gate::Question question(const std::string& user, const Verb& verb, bool lasts = false) {
  return {user, "secret", verb, "127.0.0.1", lasts};
}

const Verb kStatus{"STATUS"};
const Verb kList{"CONFLICTS", "LIST"};
const Verb kPause{"PEER", "PAUSE", "us"};
const Verb kPutBack{"CONFLICTS", "PUTBACK", "1.1"};

}  // namespace

TEST_SUITE("server: users of the HTTP port") {
  TEST_CASE("rights are those of the verb at the Redis port") {
    World world;
    Judge judge({world.users, world.failed_logins, world.denials, catalogue()});
    const auto may = [&](const std::string& user, const Verb& verb) {
      return judge.rule(question(user, verb)).verdict == Verdict::kMay;
    };
    CHECK(may("ann", kStatus));
    CHECK(may("ann", kList));
    CHECK(!may("ann", kPause));
    CHECK(may("some", kStatus));
    CHECK(!may("some", kList));  // It tells keys of others.
    CHECK(!may("act", kStatus));
    CHECK(may("act", kPause));
    CHECK(may("act", kPutBack));
    CHECK(may("pause", kPause));
    CHECK(!may("pause", {"PEER", "RESUME", "us"}));
    CHECK(!may("ann", {"NOTHING"}));
    CHECK(!may("ann", {"CONFLICTS"}));
    CHECK(world.denials.denied() == 6);
    CHECK(world.denials.failed_logins() == 0);
    CHECK(world.denials.all().front().client.find("addr=127.0.0.1:0") != std::string::npos);
  }

  TEST_CASE("an unknown user, a wrong password and a user that is off wait alike") {
    World world;
    Judge judge({world.users, world.failed_logins, world.denials, catalogue()});
    http::Gate::Question wrong = question("ann", kStatus);
    wrong.password = "wrong";
    const auto first = judge.rule(wrong);
    CHECK(first.verdict == Verdict::kUnknown);
    CHECK(first.delay == std::chrono::milliseconds(50));
    CHECK(judge.rule(question("nobody", kStatus)).delay == std::chrono::milliseconds(50));
    CHECK(judge.rule(question("off", kStatus)).delay == std::chrono::milliseconds(50));
    CHECK(judge.rule(wrong).delay == std::chrono::milliseconds(100));
    CHECK(judge.rule(question("ann", kStatus)).verdict == Verdict::kMay);
    CHECK(world.denials.failed_logins() == 4);
    // The Redis port waits with it.
    CHECK(world.failed_logins.add("127.0.0.1", "ann", steady_now()) ==
          std::chrono::milliseconds(200));
  }

  TEST_CASE("a right password is never refused, however many wrong ones of its user wait") {
    World world;
    Judge judge({world.users, world.failed_logins, world.denials, catalogue()});
    http::Gate::Question wrong = question("ann", kStatus);
    wrong.password = "wrong";
    for (int i = 0; i < 1000; ++i) CHECK(judge.rule(wrong).verdict == Verdict::kUnknown);
    const auto right = judge.rule(question("ann", kStatus));
    CHECK(right.verdict == Verdict::kMay);
    CHECK(right.delay.count() == 0);
  }

  TEST_CASE("a user without a password comes from this machine only, unless it is insecure") {
    World world;
    http::Gate::Question asked = question("open", kStatus);
    for (const bool insecure : {false, true}) {
      Judge judge({world.users, world.failed_logins, world.denials, catalogue(), insecure});
      for (const char* from : {"127.0.0.1", "127.9.9.9", "::1", "a socket"}) {
        CAPTURE(from);
        asked.from = from;
        CHECK(judge.rule(asked).verdict == Verdict::kMay);
      }
      for (const char* from : {"192.0.2.1", "2001:db8::1", "::127"}) {
        CAPTURE(from);
        asked.from = from;
        CHECK((judge.rule(asked).verdict == Verdict::kMay) == insecure);
      }
    }
  }

  TEST_CASE("a right that lasts ends with the right, the password or the user") {
    World world;
    Judge judge({world.users, world.failed_logins, world.denials, catalogue()});
    const auto lasting = [&] { return judge.rule(question("ann", kStatus, true)).holds; };
    auto holds = lasting();
    REQUIRE(holds);
    world.set("some", {"off"});
    judge.follow();
    CHECK(*holds);
    world.set("ann", {"-@anabranch-read"});
    CHECK(*holds);  // Until it looks.
    judge.follow();
    CHECK(!*holds);
    world.set("ann", {"+@anabranch-read"});
    judge.follow();
    CHECK(!*holds);

    holds = lasting();
    world.set("ann", {">other"});
    judge.follow();
    CHECK(*holds);
    world.set("ann", {"<secret"});
    judge.follow();
    CHECK(!*holds);

    world.set("ann", {">secret"});
    holds = lasting();
    REQUIRE(world.users.remove("ann"));
    judge.follow();
    CHECK(!*holds);
    CHECK(judge.rule(question("some", kStatus)).verdict == Verdict::kUnknown);
  }

  TEST_CASE("there are users from the first password on") {
    Users users{catalogue()};
    FailedLogins failed_logins;
    DenialLog denials;
    Judge judge({users, failed_logins, denials, catalogue()});
    CHECK(!judge.has_users());
    const std::vector<std::string_view> password{">secret"};
    const std::vector<std::string_view> none{"nopass"};
    REQUIRE(users.set("default", password).ok());
    judge.follow();
    CHECK(judge.has_users());
    REQUIRE(users.set("default", none).ok());
    judge.follow();
    CHECK(judge.has_users());
  }

  TEST_CASE("questions wait at the gate for the loop, a bounded number, until they are left") {
    World world;
    Judge judge({world.users, world.failed_logins, world.denials, catalogue()});
    WebGate gate(true);
    int called = 0;
    const auto count = [&](const http::Gate::Ruling& ruling) {
      called += static_cast<int>(ruling.verdict == Verdict::kMay);
    };
    REQUIRE(gate.ask(question("ann", kStatus), count));
    CHECK(called == 0);
    gate.serve(judge);
    CHECK(called == 1);
    gate.serve(judge);
    for (std::size_t i = 0; i < WebGate::kWaitingMax; ++i) {
      REQUIRE(gate.ask(question("ann", kStatus), count));
    }
    CHECK(!gate.ask(question("ann", kStatus), count));
    gate.leave();
    gate.serve(judge);
    CHECK(called == 1);
  }
}

}  // namespace anabranch::judge_test
