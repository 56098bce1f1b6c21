// The same requests to a real redis-server and to ours: the same replies, byte for byte. Where the
// order of elements is free, they are compared sorted.

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "server/resp/parser.h"
#include "tests/seed.h"
#include "tests/server/redis_process.h"
#include "tests/server/running_server.h"

using anabranch::server::Parser;
using anabranch::test::RedisProcess;
using anabranch::test::RespClient;
using anabranch::test::RunningServer;
using anabranch::test::Words;

namespace {

bool is_unordered(const std::string& name) {
  return name == "SMEMBERS" || name == "HGETALL" || name == "HKEYS" || name == "HVALS" ||
         name == "KEYS";
}

// The lines of a reply in a fixed order.
std::string sorted(const std::string& reply) {
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

std::string joined(const Words& words) {
  std::string text;
  for (const std::string& word : words) text += "'" + word + "' ";
  return text;
}

// Ours and theirs, asked the same.
struct Pair {
  RunningServer ours_server;
  RedisProcess theirs_server;
  RespClient ours = ours_server.client();
  RespClient theirs = theirs_server.client();

  void compare(const Words& words) {
    const std::string mine = ours.ask(words);
    const std::string redis = theirs.ask(words);
    const bool any_order = is_unordered(words[0]);
    const std::string request = joined(words);
    CAPTURE(request);
    CHECK((any_order ? sorted(mine) : mine) == (any_order ? sorted(redis) : redis));
  }
};

// Requests in the order in which they are sent, as a person would type them, between ` ; `.
constexpr std::string_view kScript = R"(
# The connection.
PING ; PING a ; PING a b ; ECHO hi ; ECHO ; CLIENT SETNAME me
SELECT ; SELECT x ; SELECT 1.0 ; SELECT 01 ; SELECT 1 2 ; SELECT -1 ; SELECT 16 ; SELECT 99999999999
SELECT 9223372036854775808 ; SELECT 15 ; SELECT 0
CLIENT GETNAME ; CLIENT SETNAME "a b" ; CLIENT ; CLIENT NOPE ; CLIENT SETNAME ; HELLO x
HELLO 9 ; HELLO 2 NOPE
# What is unknown or has the wrong number of words.
nope ; nope a b ; "no\r\npe" "a\r\nb" ; GET ; get a b ; SET a ; MSET a ; MSET a 1 b
CONFIG NOPE ; CONFIG GET ; COMMAND NOPE ; WAIT ; WAIT x 0 ; WAIT 0 x ; WAIT 0 -1
# There are no others to wait for.
WAIT 0 0 ; WAIT 1 10 ; WAIT -1 0 ; SET waited v ; WAIT 0 0 ; WAIT 2 10 ; DEL waited
# Strings.
GET s ; SET s v ; GET s ; TYPE s ; STRLEN s ; APPEND s w ; APPEND t w ; SET s x NX ; SET s x XX
SET u x XX ; SET u x NX ; SET s y GET ; SET absent y GET ; SET absent2 y XX GET ; SET s z NX GET
SET s z NX XX ; SET s z NOPE ; SET s z EX ; SET s z KEEPTTL ; SET s z KEEPTTL EX 1 ; SETNX s q
SETNX s2 q ; GETSET s r ; GETSET s3 r ; GETDEL s3 ; GETDEL s3 ; MGET s none s2 ; MSET a 1 b 2
MSETNX a 1 c 2 ; MSETNX c 1 d 2 ; EXISTS a a none ; SET empty "" ; GET empty ; STRLEN empty
EXISTS empty
# Numbers.
INCR n ; INCRBY n 41 ; DECR n ; DECRBY n -9 ; GET n ; TYPE n ; STRLEN n ; APPEND n 0 ; INCR n
INCR s ; INCRBY n x ; INCRBY n 1.5 ; INCRBY n 9223372036854775808 ; SET n 9223372036854775807
INCR n ; DECR n ; INCR n ; SET n -9223372036854775808 ; DECR n ; DECRBY n -9223372036854775808
SET n 007 ; INCR n ; SET n " 7" ; INCR n ; SET n +7 ; INCR n ; SET n -0 ; INCR n ; SET n ""
INCR n ; SET n 5 ; INCRBY n 0 ; INCRBY zero 0 ; GET zero ; EXISTS zero
# Sets.
SADD set a b a ; SADD set b c ; SCARD set ; SMEMBERS set ; SISMEMBER set a ; SISMEMBER set z
SMISMEMBER set a z ; SREM set a z a ; TYPE set ; SCARD none ; SMEMBERS none ; SISMEMBER none a
SMISMEMBER none a ; SREM none a ; SREM set b c ; EXISTS set ; TYPE set ; SADD set ""
SISMEMBER set ""
# Hashes.
HSET h f 1 g 2 ; HSET h f 3 ; HSET h f ; HSET h f 1 g ; HMSET h i 1 ; HMSET h i 1 j ; HGET h f
HGET h none ; HGET none f ; HMGET h f none ; HMGET none f ; HGETALL h ; HGETALL none ; HLEN h
HKEYS h ; HVALS h ; HEXISTS h f ; HEXISTS h none ; HSTRLEN h f ; HSETNX h f 9 ; HSETNX h k 9
HINCRBY h f 5 ; HINCRBY h new 5 ; HINCRBY h f x ; HSET h text abc ; HINCRBY h text 1
HSET h max 9223372036854775807 ; HINCRBY h max 1 ; TYPE h ; HDEL h f none f ; HDEL none f
HLEN h ; HDEL h g i k new text max ; EXISTS h ; TYPE h
# The wrong type, and SET over anything.
SADD set a ; HSET h f v ; GET set ; INCR set ; APPEND h x ; STRLEN h ; GETSET set v ; GETDEL h
MGET s set h ; SADD s a ; SREM h a ; SCARD h ; SMEMBERS s ; SISMEMBER h a ; SMISMEMBER s a
HSET s f v ; HSETNX set f v ; HGET s f ; HMGET s f ; HGETALL set ; HLEN s ; HDEL s f
HEXISTS s f ; HINCRBY s f 1 ; SET set v GET ; SET set v NX ; SETNX set v ; SET set v ; TYPE set
MSET h v ; TYPE h
# Keys that expire.
TTL x ; EXPIRE x 10 ; PERSIST x ; SET x 1 ; TTL x ; PTTL x ; EXPIRETIME x ; PEXPIRETIME x
EXPIREAT x 4000000000 ; EXPIRETIME x ; PEXPIRETIME x ; PERSIST x ; PERSIST x ; EXPIRETIME x
PEXPIREAT x 4000000000499 ; EXPIRETIME x ; INCR x ; PEXPIRETIME x ; APPEND x 0 ; PEXPIRETIME x
SET x 5 ; TTL x ; SET x 5 EXAT 4000000000 ; EXPIRETIME x ; SET x 6 KEEPTTL ; EXPIRETIME x
SET x 7 PXAT 4000000000000 GET ; GETSET x 8 ; TTL x ; EXPIRE x 100 XX ; EXPIRE x 100 NX ; TTL x
EXPIRE x 10 GT ; EXPIRE x 1000 GT ; EXPIRE x 5000 LT ; EXPIRE x 1 NX GT ; EXPIRE x 1 GT LT
EXPIRE x 1 NOPE ; EXPIRE x nope ; EXPIRE x ; EXPIRE x 9223372036854775807 ; SET x 1 EX 0
EXPIRE x nope NOPE ; EXPIRE x nope NX XX ; EXPIRE x nope GT LT ; EXPIRE x 1 NOPE NX XX
EXPIRE none nope ; EXPIRE none 1 NOPE
SET x 1 EX -1 ; SET x 1 PX x ; SET x 1 EX 10 PX 10 ; SETEX x 0 v ; SETEX x 100 v ; TTL x
PSETEX x 100000 w ; GET x ; GETEX x PERSIST ; TTL x ; GETEX x EXAT 4000000000 ; EXPIRETIME x
GETEX x ; GETEX x NOPE ; GETEX x EX 0 ; GETEX none EX 10 ; EXPIRE x -1 ; EXISTS x ; SET x v
GETEX none EX 0 ; GETEX none EX x ; GETEX none NOPE ; GETEX none EX ; GETEX none EX 1 PX 1
GETEX none EX 1 PERSIST ; SADD e a ; GETEX e EX 0 ; GETEX e EX x ; GETEX e EX 1 EX 2 ; GETEX e
GETEX e NOPE ; DEL e ; SET x v EX 10 EX 4000000000 ; SET x v EXAT 1 EXAT 4000000000 ; EXPIRETIME x
GETEX x EX 10 EXAT 20 ; GETEX x PXAT 1 PXAT 4000000000000 ; EXPIRETIME x ; GETEX x PERSIST PERSIST
# Times that are far off, and that are further than 64 bits hold.
SET x v PXAT 9223372036854775807 ; SET x v EXAT 9223372036854775 ; SET x v EX 9223370000000000
SET x v EX 9223372036854775 ; SET x v PX 9223372036854775807 ; SET x v EX 9223372036854776
SETEX x 4000000000000 v ; SETEX x 9223372036854775 v ; PSETEX x 9223372036854775807 v ; EXISTS x
EXPIRE x 4000000000000 ; EXPIRE x 9223372036854775 ; PEXPIRE x 9223372036854775807 ; EXISTS x
PEXPIREAT x 9223372036854775807 ; PEXPIREAT x 9223372036854770000 ; GETEX x EX 9223372036854775
EXPIRE x -9223372036854775808 ; EXISTS x ; EXPIRE x -9223372036854775 ; EXISTS x ; SET x v
PEXPIRE x -9223372036854775808 ; EXISTS x ; SET x v
EXPIREAT x 1 ; GET x ; SADD e a ; EXPIREAT e 4000000000 ; SADD e b ; EXPIRETIME e ; SREM e a b
SADD e c ; TTL e ; HSET m f v ; PEXPIREAT m 4000000000000 ; HSET m g w ; PEXPIRETIME m ; HGETALL m
SET m v ; TTL m ; DEL m e ; EXPIRE m 10 ; EXPIRE e 0
# Keys.
DEL set h h none ; UNLINK s ; DBSIZE ; KEYS * ; KEYS a* ; DEL ; TYPE none ; FLUSHALL NOPE
FLUSHDB ; DBSIZE ; SET a 1 ; FLUSHALL ASYNC ; FLUSHALL SYNC ; DBSIZE
# Transactions.
EXEC ; DISCARD ; MULTI ; SET a 1 ; MULTI ; INCR a ; SADD a x ; WATCH a ; EXEC ; MULTI ; NOPE
EXEC ; MULTI ; GET ; SET a 2 ; EXEC ; GET a ; MULTI ; EXEC ; MULTI ; DISCARD ; MULTI x ; MULTI
RESET ; EXEC ; EXEC x ; MULTI ; EXEC x ; EXEC ; MULTI ; SET a 3 ; EXEC x y ; GET a ; EXEC
MULTI ; NOPE ; EXEC x ; EXEC
# Databases.
FLUSHALL ; SET a 0 ; SELECT 1 ; GET a ; EXISTS a ; DBSIZE ; KEYS * ; SET a 1 ; SADD s m ; HSET h f v
DBSIZE ; SELECT 15 ; SET a 15 EX 1000 ; TTL a ; SELECT 16 ; GET a ; SELECT 1 ; TTL a ; GET a
FLUSHDB ; DBSIZE ; SELECT 0 ; GET a ; DBSIZE ; DEL a ; SELECT 15 ; GET a ; DBSIZE
MULTI ; SELECT 3 ; SET a 3 ; SELECT 16 ; INCR a ; SELECT 4 ; INCR a ; EXEC ; GET a ; SELECT 3
GET a ; MULTI ; SELECT 5 ; DISCARD ; GET a ; MULTI ; SELECT 5 ; NOPE ; EXEC ; GET a
EXPIRE a 1000 ; SELECT 4 ; TTL a ; PERSIST a ; FLUSHALL ; DBSIZE ; SELECT 15 ; DBSIZE ; SET a 1
RESET ; GET a ; SELECT 15 ; GET a ; SWAPDB 0 ; COMMAND INFO nope ; COMMAND INFO nope none
)";

// Forms of random requests: k and v stand for a key and a value, everything else for itself.
constexpr std::string_view kForms = R"(
GET k ; SET k v ; SET k v GET ; SET k v NX ; SETNX k v ; GETSET k v ; GETDEL k ; MGET k k
MSET k v k v ; MSETNX k v k v ; STRLEN k ; APPEND k v ; INCR k ; DECR k ; INCRBY k v ; DECRBY k v
DEL k ; DEL k k ; EXISTS k k ; TYPE k ; DBSIZE ; KEYS *
SADD k v v ; SREM k v ; SMEMBERS k ; SISMEMBER k v ; SCARD k
HSET k v v ; HGET k v ; HDEL k v ; HGETALL k ; HLEN k ; HSETNX k v v ; HINCRBY k v v ; HMGET k v v
HEXISTS k v ; HKEYS k ; HVALS k ; HSTRLEN k v ; HMSET k v v ; SMISMEMBER k v v ; UNLINK k k
EXPIREAT k 4000000000 ; EXPIREAT k 1 ; EXPIREAT k 4000000001 NX ; PERSIST k ; EXPIRETIME k
SET k v KEEPTTL ; SET k v EXAT 4000000002 ; GETEX k EXAT 4000000003 ; GETEX k PERSIST ; GETEX k
FLUSHDB ; SELECT 0 ; SELECT 0 ; SELECT 1 ; SELECT 1 ; SELECT 9 ; SELECT 15
MULTI ; EXEC ; EXEC ; EXEC
)";

std::vector<Words> requests_of(std::string_view text) {
  std::string lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    if (!text.starts_with('#')) lines.append(text.substr(0, end)).append("\n");
    text.remove_prefix(end + 1);
  }
  for (std::size_t at = 0; (at = lines.find(" ; ", at)) != lines.npos;) lines.replace(at, 3, "\n");
  std::vector<Words> all;
  Parser parser;
  while (parser.next(lines) == Parser::Outcome::kRequest) {
    all.emplace_back(parser.arguments().begin(), parser.arguments().end());
  }
  REQUIRE(parser.consumed() == lines.size());
  return all;
}

std::vector<Words> script() {
  std::vector<Words> all = requests_of(kScript);
  CHECK(all.size() > 200);
  all.push_back({std::string(200, 'x'), "a"});
  all.push_back({"nope", std::string(200, 'a'), "b"});
  all.push_back({"nope", std::string(100, 'a'), std::string(90, 'b')});
  return all;
}

template <typename Items>
const auto& any_of(std::mt19937_64& random, const Items& items) {
  return items[random() % std::size(items)];
}

Words random_request(std::mt19937_64& random) {
  static const std::vector<std::string> keys{"a", "b", "c", "d"};
  static const std::vector<std::string> values{
      "0", "-1", "10", "x", "", "007", "1.5", "9223372036854775807", "-9223372036854775808"};
  static const std::vector<Words> forms = requests_of(kForms);
  Words words = any_of(random, forms);
  for (std::string& word : words) {
    if (word == "k") {
      word = any_of(random, keys);
    } else if (word == "v") {
      word = any_of(random, values);
    }
  }
  return words;
}

}  // namespace

TEST_SUITE("server: differential") {
  TEST_CASE("a script of all commands gets the replies of Redis in both protocols") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    for (const bool version3 : {false, true}) {
      CAPTURE(version3);
      Pair pair;
      if (version3) {
        pair.ours.ask({"HELLO", "3"});
        pair.theirs.ask({"HELLO", "3"});
      }
      for (const Words& words : script()) pair.compare(words);
    }
  }

  TEST_CASE("random requests get the replies of Redis") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    Pair pair;
    const int requests = anabranch::test::long_run() ? 50'000 : 5'000;
    bool in_transaction = false;
    for (int i = 0; i < requests; ++i) {
      const Words words = random_request(random);
      // The order in which a transaction shows elements cannot be sorted out.
      if (in_transaction && is_unordered(words[0])) continue;
      if (words[0] == "MULTI") in_transaction = true;
      if (words[0] == "EXEC") in_transaction = false;
      pair.compare(words);
    }
  }

  TEST_CASE("damaged requests get the errors of Redis") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    RunningServer ours;
    RedisProcess theirs;
    for (const std::string bytes :
         {"*x\r\n", "*1\r\nGET\r\n", "*1\r\n$-1\r\n", "*1\r\n$x\r\n", "*99999999999\r\n",
          "*1\r\n$536870913\r\n", "set \"a\r\n", "set \"a\"b\r\n", "*1\r\n\r\n"}) {
      CAPTURE(bytes);
      RespClient mine = ours.client();
      RespClient redis = theirs.client();
      mine.send(bytes);
      redis.send(bytes);
      CHECK(mine.receive() == redis.receive());
      CHECK(mine.closed() == redis.closed());
    }
  }
}
