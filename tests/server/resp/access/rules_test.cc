// Users and their rules, without a server.

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

#include "server/resp/access/password.h"
#include "server/resp/access/users.h"
#include "server/resp/command.h"

namespace anabranch::rules_test {

using namespace server;

namespace {

using Views = std::vector<std::string_view>;

// Applies rules, as a person writes them; returns the first error.
std::string give(User& user, std::string_view rules) {
  while (!rules.empty()) {
    const std::string_view rule = rules.substr(0, rules.find(' '));
    rules.remove_prefix(std::min(rule.size() + 1, rules.size()));
    std::string error = user.apply(rule, catalogue());
    if (!error.empty()) return error;
  }
  return {};
}

User user_of(std::string_view rules) {
  User user("u");
  CHECK(give(user, rules).empty());
  return user;
}

// "", "command", "key a", "all keys".
std::string check(const User& user, const Views& words) {
  const Resolved resolved = resolve(words);
  REQUIRE(resolved.command != nullptr);
  const Denial denial = user.rules().check(*resolved.command, words);
  switch (denial.reason) {
    case Denial::Reason::kNone:
      return "";
    case Denial::Reason::kCommand:
      return "command";
    case Denial::Reason::kKey:
      return "key " + std::string(denial.key);
    case Denial::Reason::kAllKeys:
      return "all keys";
    case Denial::Reason::kUnfinished:
      return "unfinished";
  }
  return "?";
}

}  // namespace

TEST_SUITE("server: rules") {
  TEST_CASE("a new user may do nothing but log in") {
    const User user("u");
    for (const Command& row : all_rows()) {
      CAPTURE(full_name(row));
      const Views words{"x", "y"};
      const bool denied = static_cast<bool>(user.rules().check(row, words));
      CHECK(denied == !row.has(kStranger));
    }
    CHECK(user.text() == "off resetchannels -@all");
    CHECK(!user.accepts(""));
  }

  TEST_CASE("commands are given and taken by name, verb, category and first word") {
    const User user = user_of("allkeys +@read -get +config|get +select|3");
    CHECK(check(user, {"mget", "a"}).empty());
    CHECK(check(user, {"get", "a"}) == "command");
    CHECK(check(user, {"set", "a", "b"}) == "command");
    CHECK(check(user, {"config", "get", "x"}).empty());
    CHECK(check(user, {"config", "set", "x", "y"}) == "command");
    CHECK(check(user, {"SELECT", "3"}).empty());
    CHECK(check(user, {"select", "4"}) == "command");
    CHECK(check(user_of("+@all -config"), {"config", "get", "x"}) == "command");
    CHECK(check(user_of("+anabranch|peer"), {"anabranch", "peer", "pause", "us"}).empty());
    CHECK(check(user_of("+anabranch|peer"), {"anabranch", "promote"}) == "command");
    CHECK(check(user_of("+select|3 -@connection"), {"select", "3"}) == "command");
  }

  TEST_CASE("a user that may run all commands, or none, is the same again after it was written") {
    for (const char* const rules : {"+@all +select|0", "+@all -get +get", "+get -get",
                                    "+select|3 -select", "+@all -@connection +@connection"}) {
      CAPTURE(std::string(rules));
      const User user = user_of(rules);
      CHECK(user_of(user.text()) == user);
    }
  }

  TEST_CASE("a pattern for all keys beside other patterns is the same again after it was written") {
    for (const char* const rules : {"%RW~*", "%R~* %W~*", "%RW~* %R~x", "%R~x %RW~* ~y"}) {
      CAPTURE(std::string(rules));
      const User user = user_of(rules);
      CHECK(user_of(user.text()) == user);
    }
  }

  TEST_CASE("verbs of ANABRANCH that show and that act are categories of their own") {
    const User reader = user_of("+@anabranch-read");
    CHECK(check(reader, {"anabranch", "status"}).empty());
    CHECK(check(reader, {"anabranch", "peer", "pause", "us"}) == "command");
    CHECK(check(reader, {"anabranch", "conflicts", "list"}) == "all keys");
    const User actor = user_of("+@anabranch-act");
    CHECK(check(actor, {"anabranch", "status"}) == "command");
    CHECK(check(actor, {"anabranch", "peer", "pause", "us"}).empty());
    const User both = user_of("+@anabranch allkeys");
    CHECK(check(both, {"anabranch", "conflicts", "list"}).empty());
    CHECK(check(both, {"anabranch", "promote"}).empty());
    CHECK(check(both, {"anabranch", "token"}).empty());
    CHECK(check(both, {"get", "a"}) == "command");
  }

  TEST_CASE("keys are given by patterns, for reading, writing or both") {
    const User user = user_of("+@all ~a:* %R~r:* %W~w:* %rw~x");
    CHECK(check(user, {"get", "a:1"}).empty());
    CHECK(check(user, {"get", "b"}) == "key b");
    CHECK(check(user, {"mget", "a:1", "r:1", "w:1"}) == "key w:1");
    CHECK(check(user, {"set", "r:1", "v"}) == "key r:1");
    CHECK(check(user, {"set", "w:1", "v"}).empty());
    CHECK(check(user, {"set", "w:1", "v", "get"}) == "key w:1");
    CHECK(check(user, {"append", "w:1", "v"}).empty());
    CHECK(check(user, {"incr", "w:1"}) == "key w:1");
    CHECK(check(user, {"exists", "w:1", "r:1"}).empty());
    CHECK(check(user, {"copy", "r:1", "w:1"}).empty());
    CHECK(check(user, {"copy", "w:1", "r:1"}) == "key w:1");
    CHECK(check(user, {"getset", "x", "v"}).empty());
    CHECK(check(user, {"sintercard", "2", "a:1", "b"}) == "key b");
    CHECK(check(user, {"object", "encoding", "b"}) == "key b");
    CHECK(check(user, {"anabranch", "show", "b"}) == "key b");
  }

  TEST_CASE("a command that tells of keys which it does not name is for users of all keys") {
    const User user = user_of("+@all ~a:*");
    for (const Views& words :
         {Views{"dbsize"}, Views{"randomkey"}, Views{"flushall"}, Views{"flushdb"},
          Views{"monitor"}, Views{"slowlog", "get"}, Views{"anabranch", "conflicts", "list"}}) {
      CAPTURE(words[0]);
      CHECK(check(user, words) == "all keys");
      CHECK(check(user_of("+@all ~*"), words).empty());
    }
    CHECK(check(user_of("+@all %R~*"), {"dbsize"}).empty());
    CHECK(check(user_of("+@all %R~*"), {"flushall"}) == "all keys");
    CHECK(check(user, {"keys", "*"}).empty());
  }

  TEST_CASE("a request whose words do not tell its keys is for users of all keys") {
    CHECK(check(user_of("+@all ~a"), {"sintercard", "x", "a"}) == "all keys");
    CHECK(check(user_of("+@all ~a"), {"sintercard", "9", "a"}) == "all keys");
    CHECK(check(user_of("+@all ~*"), {"sintercard", "x", "a"}).empty());
  }

  TEST_CASE("rules that later ones have replaced are not described") {
    CHECK(user_of("+get +set -get").rules().commands() == "-@all +set -get");
    CHECK(user_of("+get +config|get +config|set -config").rules().commands() ==
          "-@all +get -config");
    CHECK(user_of("+@read +@all").rules().commands() == "+@all");
    CHECK(user_of("+@all -get +GET").rules().commands() == "+@all");
    CHECK(user_of("+@read -@read").rules().commands() == "-@all");
    CHECK(user_of("+@all -@dangerous").rules().commands() == "+@all -@dangerous");
    CHECK(user_of("+@read -get +@read").rules().commands() == "-@all -get +@read");
  }

  TEST_CASE("what describes a user makes the same user again") {
    for (const std::string_view rules :
         {"", "on nopass +@all ~* &*", "on >a >b ~a:* %R~r %W~w &news +@read -get +config|get",
          "reset +select|0 +select|1 -client +client|id", "+@all -@dangerous -flushall ~",
          "skip-sanitize-payload off resetchannels &a &b"}) {
      CAPTURE(rules);
      const User user = user_of(rules);
      CHECK(user_of(user.text()) == user);
    }
  }

  TEST_CASE("a user accepts each of its passwords, and no other") {
    User user = user_of("on >one >two");
    CHECK(user.accepts("one"));
    CHECK(user.accepts("two"));
    CHECK(!user.accepts("three"));
    CHECK(!user.accepts(""));
    CHECK(!user.accepts(hash_of("one")));
    CHECK(give(user, "<one").empty());
    CHECK(!user.accepts("one"));
    CHECK(give(user, "!" + hash_of("two")).empty());
    CHECK(!user.accepts("two"));
    CHECK(give(user, "nopass").empty());
    CHECK(user.accepts("anything"));
    CHECK(give(user, "off").empty());
    CHECK(!user.accepts("anything"));
    CHECK(hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  }

  TEST_CASE("a text that is longer than any password is none, and is not taken as one") {
    const std::string longest(server::kPasswordMax, 'p');
    const std::string longer = longest + "p";
    User user = user_of("on");
    CHECK(give(user, ">" + longest).empty());
    CHECK(user.accepts(longest));
    CHECK(give(user, ">" + longer) == "A password has at most 16383 bytes");
    CHECK(give(user, "#" + hash_of(longer)).empty());
    CHECK(!user.accepts(longer));
    CHECK(give(user, "<" + longer) ==
          "The password you are trying to remove from the user does not exist");
    CHECK(give(user, "nopass").empty());
    CHECK(user.accepts(longer));
  }

  TEST_CASE("keys are checked in slices, with the same result") {
    User user = user_of("on +mget");
    for (int i = 0; i < 100; ++i) CHECK(give(user, "~k" + std::to_string(i) + ":*").empty());
    std::vector<std::string> keys;
    for (int i = 0; i < 100; ++i) keys.push_back("k" + std::to_string(99 - i % 3) + ":x");
    for (const std::string_view last : {"k7:x", "other"}) {
      std::vector<std::string_view> words{"mget"};
      words.insert(words.end(), keys.begin(), keys.end());
      words.push_back(last);
      const server::Command& mget = *catalogue().find("mget");
      server::KeyCheck check;
      server::Denial denial{server::Denial::Reason::kUnfinished};
      std::size_t slices = 0;
      while (denial.reason == server::Denial::Reason::kUnfinished) {
        check.go_on(1, server::SteadyTime::min());
        denial = user.rules().check(mget, words, &check);
        ++slices;
        REQUIRE(slices < 1000);
      }
      CHECK(slices > 5);
      CHECK(denial.reason == user.rules().check(mget, words).reason);
      CHECK(denial.key == user.rules().check(mget, words).key);
      // Other rights are checked from the first key on.
      check.go_on(2, server::SteadyTime::max());
      CHECK(check.keys() == 0);
    }
  }

  TEST_CASE("rules, patterns and passwords of a user are bounded") {
    User user("u");
    std::string error;
    for (std::size_t i = 0; i <= Rules::kPatternsMax && error.empty(); ++i) {
      error = user.apply("~" + std::to_string(i), catalogue());
    }
    CHECK(error == "A user has at most 1000 patterns of keys");
    error.clear();
    for (std::size_t i = 0; i <= Rules::kCommandRulesMax && error.empty(); ++i) {
      error = user.apply("+get|" + std::to_string(i), catalogue());
    }
    CHECK(error == "A user has at most 1000 rules for commands");
    error.clear();
    for (std::size_t i = 0; i <= User::kPasswordsMax && error.empty(); ++i) {
      error = user.apply(">" + std::to_string(i), catalogue());
    }
    CHECK(error == "A user has at most 100 passwords");
  }

  TEST_CASE("selectors are refused with a sentence") {
    User user("u");
    CHECK(give(user, "(+get)").starts_with("Selectors are not supported"));
    CHECK(give(user, "clearselectors").empty());
  }

  TEST_CASE("a file replaces all users or none") {
    Users users(catalogue());
    const Views rules{"on", ">x"};
    CHECK(users.set("old", rules).ok());
    CHECK(users.set("same", rules).ok());
    CHECK(users.set("other", rules).ok());
    const std::string before = users.text();
    for (const std::string_view wrong :
         {"nope x\n", "user\n", "user a on\nuser a off\n", "user a +nope\n", "user a on (+get)\n",
          "# comment\n", "user a >x\nuser b !x\n"}) {
      CAPTURE(wrong);
      const auto failed = users.replace(wrong, "f");
      REQUIRE(!failed.ok());
      CHECK(failed.failure().message.find("f:") != std::string::npos);
      CHECK(failed.failure().message.ends_with(
          "WARNING: ACL errors detected, no change to the previously active ACL rules was "
          "performed"));
      CHECK(users.text() == before);
    }
    const User* const same = users.find("same");
    const std::string hash = hash_of("x");
    const auto change = users.replace("\nuser same on #" + hash +
                                          " resetchannels -@all\r\n  user other  on nopass\n"
                                          "user new on +get\n",
                                      "f");
    REQUIRE(change.ok());
    REQUIRE(change.value().removed.size() == 1);
    CHECK(change.value().removed[0]->name() == "old");
    REQUIRE(change.value().changed.size() == 1);
    CHECK(change.value().changed[0] == users.find("other"));
    CHECK(users.find("same") == same);
    CHECK(users.find("new") != nullptr);
    CHECK(users.default_user().is_open());
  }

  TEST_CASE("the users of a file are those that it was made from") {
    Users users(catalogue());
    CHECK(users.set("a", Views{"on", ">x", "~a:*", "+@read", "-get"}).ok());
    CHECK(users.set("default", Views{"resetpass", ">y"}).ok());
    Users again(catalogue());
    REQUIRE(again.replace(users.text(), "f").ok());
    CHECK(again.text() == users.text());
    CHECK(again.log_in("default", "y") == &again.default_user());
    CHECK(again.log_in("default", "x") == nullptr);
    CHECK(again.log_in("nobody", "x") == nullptr);
  }

  TEST_CASE("a wrong rule changes nothing of a user") {
    Users users(catalogue());
    CHECK(users.set("a", Views{"on", ">x"}).ok());
    const std::string before = users.text();
    const auto failed = users.set("a", Views{"+get", "nope"});
    REQUIRE(!failed.ok());
    CHECK(failed.failure().message == "Error in ACL SETUSER modifier 'nope': Syntax error");
    CHECK(!users.set("b", Views{"nope"}).ok());
    CHECK(users.text() == before);
  }
}

}  // namespace anabranch::rules_test
