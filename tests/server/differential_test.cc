// The same requests to a real redis-server and to ours: the same replies, byte for byte. Where the
// order of elements is free, they are compared sorted.

#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "control/resp/parser.h"
#include "tests/seed.h"
#include "tests/server/server_pair.h"

namespace anabranch::differential_test {

using control::Parser;
using test::is_unordered;
using test::RedisProcess;
using test::RespClient;
using test::RunningServer;
using test::ServerPair;
using test::Words;

namespace {

// Requests in the order in which they are sent, as a person would type them, between ` ; `.
constexpr std::string_view kScript = R"(
# The connection.
PING ; PING a ; PING a b ; ECHO hi ; ECHO ; CLIENT SETNAME me
SELECT ; SELECT x ; SELECT 1.0 ; SELECT 01 ; SELECT 1 2 ; SELECT -1 ; SELECT 16 ; SELECT 99999999999
SELECT 9223372036854775808 ; SELECT 15 ; SELECT 0
CLIENT GETNAME ; CLIENT SETNAME "a b" ; CLIENT ; CLIENT NOPE ; CLIENT SETNAME ; HELLO x
HELLO 9 ; HELLO 2 NOPE
CLIENT LIST x ; CLIENT LIST TYPE ; CLIENT LIST TYPE nope ; CLIENT LIST TYPE pubsub
CLIENT LIST TYPE Replica ; CLIENT LIST TYPE master ; CLIENT LIST TYPE normal x ; CLIENT LIST ID
CLIENT LIST ID x ; CLIENT LIST ID 999999 -1 0 ; CLIENT LIST ID 999999 x ; CLIENT CACHING
CLIENT CACHING YES ; CLIENT CACHING x ; MEMORY DOCTOR x ; ACL SETUSER me clearselectors
ACL SETUSER me on CLEARSELECTORS ; ACL DELUSER me
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
# Transactions with WATCH.
WATCH ; WATCH w ; MULTI ; SET w 1 ; EXEC ; WATCH w ; SET w 2 ; MULTI ; SET w 3 ; EXEC ; GET w
MULTI ; GET w ; EXEC ; WATCH w none ; GET w ; MULTI ; GET w ; EXEC ; WATCH none ; DEL none ; MULTI
PING ; EXEC ; WATCH w ; DEL w ; MULTI ; PING ; EXEC ; WATCH w ; SET w 1 ; UNWATCH ; MULTI ; PING
EXEC ; WATCH w ; SET w 2 ; MULTI ; DISCARD ; MULTI ; PING ; EXEC ; WATCH w ; EXPIRE w 100 ; MULTI
PING ; EXEC ; WATCH h ; HSET h f v ; MULTI ; PING ; EXEC ; WATCH h ; HDEL h none ; MULTI ; PING
EXEC ; WATCH h ; FLUSHDB ; MULTI ; PING ; EXEC ; WATCH h ; FLUSHDB ; MULTI ; PING ; EXEC
SET w 1 ; WATCH w ; SELECT 1 ; SET w 2 ; MULTI ; PING ; EXEC ; SELECT 0 ; WATCH w ; RESET
SET w 5 ; MULTI ; PING ; EXEC ; WATCH w ; SET w 6 ; MULTI ; NOPE ; EXEC ; MULTI ; PING ; EXEC
MULTI ; WAIT 0 0 ; WAIT 3 100000 ; EXEC ; UNWATCH x ; DEL w h
# Users: there is one, without a password.
AUTH x ; AUTH default x ; AUTH default "" ; AUTH other x ; AUTH a b c ; AUTH
HELLO 2 AUTH other x ; HELLO 2 AUTH default
# Parts of strings.
SET r hello ; GETRANGE r 0 -1 ; GETRANGE r 1 3 ; GETRANGE r -3 -2 ; GETRANGE r 3 1 ; GETRANGE r 9 12
GETRANGE r -100 100 ; GETRANGE r -1 -3 ; GETRANGE r x 1 ; GETRANGE r 1 x ; GETRANGE none 0 -1
GETRANGE r -100 -90 ; GETRANGE r 2 ; SUBSTR r 1 2 ; SUBSTR none 1 2
SETRANGE r 1 EY ; GET r ; SETRANGE r 8 end ; GET r ; SETRANGE r -1 x ; SETRANGE r x x ; STRLEN r
SETRANGE r2 3 abc ; GET r2 ; SETRANGE r3 3 "" ; EXISTS r3 ; SETRANGE r 2 "" ; SETRANGE r 536870912 x
SETRANGE r 5368709120 x ; EXPIRE r 1000 ; EXPIREAT r 4000000000 ; SETRANGE r 0 J ; EXPIRETIME r
SADD rs a ; GETRANGE rs 0 1 ; GETRANGE rs x 1 ; SETRANGE rs 1 x ; SETRANGE rs 1 ""
SETRANGE rs -1 ""
# Numbers with a point.
SET f 5 ; INCRBYFLOAT f 0.5 ; INCRBYFLOAT f 0.25 ; GET f ; INCRBYFLOAT f -5.75 ; GET f ; INCR f
INCRBYFLOAT f 3e2 ; INCRBYFLOAT f x ; INCRBYFLOAT f inf ; INCRBYFLOAT f nan ; INCRBYFLOAT f ""
INCRBYFLOAT f " 1" ; INCRBYFLOAT f "1 " ; INCRBYFLOAT f +1 ; SET f 10.50 ; INCRBYFLOAT f 0
INCRBYFLOAT f 1 ; INCRBYFLOAT f -10.25 ; GET f ; INCR f ; SET f abc ; INCRBYFLOAT f 1
INCRBYFLOAT f x
INCRBYFLOAT g 1.5 ; INCRBYFLOAT g 1.5 ; GET g ; INCRBYFLOAT rs 1 ; INCRBYFLOAT rs x ; TYPE g
SET f 0.1 ; INCRBYFLOAT f 0.2 ; SET f 5 ; INCRBYFLOAT f 0.1 ; INCRBYFLOAT f 0.2 ; GET f ; DEL f
INCRBYFLOAT f 100000 ; GET f ; INCR f ; INCRBYFLOAT f 1e15 ; GET f ; STRLEN f ; DEL f
INCRBYFLOAT f 0.1 ; INCRBYFLOAT f -0.3 ; GET f ; INCRBYFLOAT f 0.2 ; GET f ;
INCRBYFLOAT f -0 ; DEL f
INCRBYFLOAT f 1e-5 ; INCRBYFLOAT f 1e-20 ; GET f ; INCRBYFLOAT f -1e-5 ; GET f ; DEL f
INCRBYFLOAT f 1e22 ; GET f ; INCRBYFLOAT f +-1 ; SET f 1 ; INCRBYFLOAT f -1.1 ; GET f ; DEL f
SET f 1.5 EX 1000 ; INCRBYFLOAT f 1.5 ; PERSIST f ; INCRBYFLOAT f ; DEL f g
HSET hf a x b 5 c 1.5 ; HINCRBYFLOAT hf a 1 ; HINCRBYFLOAT hf b x ; HINCRBYFLOAT hf b 1.25
HINCRBYFLOAT hf b inf ; HINCRBYFLOAT hf c 1.25 ; HINCRBYFLOAT hf n 1.5 ; HINCRBYFLOAT hf n -1.5
HINCRBYFLOAT hf d 0.1 ; HINCRBYFLOAT hf d 0.2 ; HINCRBYFLOAT hf e 1e5 ; HINCRBYFLOAT hf e 0.75
HGET hf d ; HGET hf e ; HVALS hf ; HSTRLEN hf e
HINCRBYFLOAT rs f 1 ; HINCRBYFLOAT rs f x ; HGET hf b ; HINCRBYFLOAT hf b ; DEL hf
# Names of keys.
SET a 1 ; RENAME a b ; GET a ; GET b ; RENAME none c ; RENAME b b ; RENAME none none ; RENAMENX b b
RENAMENX none c ; SADD c x y ; RENAMENX b c ; RENAMENX b d ; RENAME d c ; TYPE c ; HSET h f 1 g 2
RENAME h h2 ; HGETALL h2 ; EXISTS h ; EXPIREAT h2 4000000000 ; RENAME h2 h3 ; EXPIRETIME h3
SET e v ; RENAME e h3 ; TTL h3 ; TYPE h3 ; RENAME a ; SADD s1 a b c ; RENAMENX s1 s2 ; SMEMBERS s2
COPY s2 s3 ; SMEMBERS s3 ; COPY s2 s3 ; SADD s2 d ; COPY s2 s3 REPLACE ; SCARD s3 ; COPY none x
COPY s2 s2 ; COPY s2 s2 DB 0 ; COPY s2 s2 DB 1 ; COPY s2 s2 DB 1 ; COPY s2 s2 DB 1 REPLACE
COPY s2 x DB 16 ; COPY s2 x DB -1 ; COPY s2 x DB y ; COPY s2 x NOPE ; COPY s2 x DB ; COPY s2
COPY none none ; SELECT 1 ; SMEMBERS s2 ; DEL s2 ; SELECT 0 ; SET e v EXAT 4000000000 ; COPY e e2
EXPIRETIME e2 ; COPY e s3 REPLACE ; TYPE s3 ; TOUCH e e2 none ; TOUCH ; FLUSHDB ; RANDOMKEY
SET only 1 ; RANDOMKEY ; DEL only
# Algebra of sets.
SADD s1 a b c d ; SADD s2 b c e ; SADD s3 c ; SINTER s1 s2 ; SINTER s1 s2 s3 ; SINTER s1 none
SUNION s1 s2 none ; SUNION none ; SDIFF s1 s2 ; SDIFF s1 s1 ; SDIFF none s1 ; SDIFF s1 none s3
SINTER s1 ; SET str v ; SINTER str s1 ; SINTER none str ; SUNION s1 str ; SDIFF none str
SINTERSTORE d s1 s2 ; SMEMBERS d ; SUNIONSTORE d s1 s2 ; SCARD d ; SDIFFSTORE d s1 s2 ; SMEMBERS d
SINTERSTORE d none s1 ; EXISTS d ; SUNIONSTORE str s3 ; TYPE str ; SUNIONSTORE s1 s1 s2 ; SCARD s1
SET str v ; SUNIONSTORE d str ; SDIFFSTORE str s1 none ; TYPE str ; SINTERSTORE d ; SINTER
SINTERCARD 2 s1 s2 ; SINTERCARD 2 s1 s2 LIMIT 1 ; SINTERCARD 2 s1 s2 LIMIT 0 ; SINTERCARD 1 none
SINTERCARD 0 s1 ; SINTERCARD x s1 ; SINTERCARD 3 s1 s2 ; SINTERCARD 1 s1 LIMIT ; SINTERCARD 1 s1 s2
SINTERCARD 1 s1 LIMIT -1 ; SINTERCARD 1 s1 LIMIT x ; SINTERCARD 1 s1 NOPE 1 ; SINTERCARD 1
SET str v ; SINTERCARD 2 none str
SMOVE s1 s2 a ; SISMEMBER s2 a ; SISMEMBER s1 a ; SMOVE s1 s2 none ; SMOVE none s2 a
SMOVE s1 str b
SMOVE str s1 b ; SMOVE none str b ; SMOVE s1 s1 b ; SMOVE s1 s1 none ; SMOVE s3 new c ; EXISTS s3
# By chance, where chance has no choice.
SADD one x ; SRANDMEMBER one ; SRANDMEMBER one 5 ; SRANDMEMBER one -3 ; SRANDMEMBER one 0
SRANDMEMBER none ; SRANDMEMBER none 2 ; SRANDMEMBER none -2 ; SRANDMEMBER one x
SRANDMEMBER one 1 2
SRANDMEMBER one -9223372036854775808 ; SRANDMEMBER str ; SRANDMEMBER str x ; SRANDMEMBER str 1
SRANDMEMBER s1 100 ; SPOP one 0 ; SPOP one -1 ; SPOP one x ; SPOP none ; SPOP none 2 ; SPOP str
SPOP str -1 ; SPOP one 1 2 ; SPOP one ; EXISTS one ; SPOP s1 100 ; EXISTS s1
HSET one f v ; HRANDFIELD one ; HRANDFIELD one 2 ; HRANDFIELD one -2 ; HRANDFIELD one 2 WITHVALUES
HRANDFIELD one -2 WITHVALUES ; HRANDFIELD one 0 ; HRANDFIELD none ; HRANDFIELD none 1
HRANDFIELD one x ; HRANDFIELD one 1 NOPE ; HRANDFIELD one 1 WITHVALUES x ; HRANDFIELD str
HRANDFIELD str x ; HRANDFIELD one 9223372036854775807 WITHVALUES
HRANDFIELD one -9223372036854775808
# Pages that hold all.
SSCAN s2 0 ; SSCAN s2 0 MATCH [ab] ; SSCAN none 0 ; SSCAN none 0 NOPE ; SSCAN s2 x ; SSCAN none x
SSCAN s2 0 COUNT 0 ; SSCAN s2 0 COUNT x ; SSCAN s2 0 NOPE ; SSCAN s2 0 MATCH ; SSCAN str 0
SSCAN s2
SSCAN s2 0 COUNT 100 MATCH * ; SSCAN str x ; HSCAN one 0 ; HSCAN one 0 MATCH x ; HSCAN str 0
HSCAN none 0 ; SCAN 0 COUNT 1000 ; SCAN 0 COUNT 1000 TYPE SET ; SCAN 0 COUNT 1000 TYPE nope
SCAN 0 COUNT 1000 MATCH s* TYPE string ; SCAN x ; SCAN 0 TYPE ; SCAN 0 COUNT -1 ; SCAN
SCAN 99999999999999999999 ; SSCAN s2 0 TYPE set
# What is held, and how.
OBJECT REFCOUNT none ; OBJECT ENCODING none ; OBJECT FREQ none ; OBJECT FREQ s2
OBJECT IDLETIME none
OBJECT NOPE x ; OBJECT ; OBJECT ENCODING ; SET i 5 ; OBJECT ENCODING i ; OBJECT ENCODING str
MEMORY USAGE none ; MEMORY USAGE ; MEMORY USAGE i SAMPLES ; MEMORY USAGE i SAMPLES -1
MEMORY USAGE i SAMPLES x ; MEMORY USAGE i NOPE 1 ; MEMORY NOPE
SLOWLOG RESET ; SLOWLOG LEN ; SLOWLOG GET ; SLOWLOG GET x ; SLOWLOG GET -2 ; SLOWLOG GET 1 2
SLOWLOG
LATENCY LATEST ; LATENCY HISTORY nope ; LATENCY RESET ; LATENCY RESET nope ; LATENCY HISTORY
LATENCY HISTOGRAM nope ; LATENCY HISTOGRAM nope get|x
CONFIG SET slowlog-max-len 5 ; CONFIG GET slowlog-max-len ; CONFIG SET slowlog-max-len 128
CONFIG SET slowlog-log-slower-than 10001 ; CONFIG GET slowlog-log-slower-than
CONFIG SET slowlog-log-slower-than x ; CONFIG SET nope 1 ; CONFIG SET a ; CONFIG SET
CONFIG SET hash-max-listpack-entries 100 ; CONFIG SET appendfsync
CONFIG SET hash-max-ziplist-entries 101 ; CONFIG GET hash-max-listpack-entries ; CONFIG SET hz x
CONFIG SET dynamic-hz maybe ; CONFIG SET active-expire-effort 0 ; CONFIG GET zset-max-ziplist-value
SAVE x ; BGSAVE x ; ROLE x ; LASTSAVE x ; SHUTDOWN x ; SHUTDOWN ABORT ; SHUTDOWN ABORT NOW
MONITOR x
MULTI ; SHUTDOWN ; DISCARD
# Databases.
FLUSHALL ; SET a 0 ; SELECT 1 ; GET a ; EXISTS a ; DBSIZE ; KEYS * ; SET a 1 ; SADD s m ; HSET h f v
DBSIZE ; SELECT 15 ; SET a 15 EX 1000 ; TTL a ; SELECT 16 ; GET a ; SELECT 1 ; TTL a ; GET a
FLUSHDB ; DBSIZE ; SELECT 0 ; GET a ; DBSIZE ; DEL a ; SELECT 15 ; GET a ; DBSIZE
MULTI ; SELECT 3 ; SET a 3 ; SELECT 16 ; INCR a ; SELECT 4 ; INCR a ; EXEC ; GET a ; SELECT 3
GET a ; MULTI ; SELECT 5 ; DISCARD ; GET a ; MULTI ; SELECT 5 ; NOPE ; EXEC ; GET a
EXPIRE a 1000 ; SELECT 4 ; TTL a ; PERSIST a ; FLUSHALL ; DBSIZE ; SELECT 15 ; DBSIZE ; SET a 1
RESET ; GET a ; SELECT 15 ; GET a ; SWAPDB 0 ; SWAPDB 0 0 ; SWAPDB 15 15 ; SWAPDB 0 16 ; SWAPDB -1 0
SWAPDB x 16 ; SWAPDB 0 x ; SWAPDB 0 99999999999 ; COMMAND INFO nope ; COMMAND INFO nope none
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
GETRANGE k 0 1 ; GETRANGE k v v ; SETRANGE k 2 v ; SETRANGE k v v ; SUBSTR k 0 -1
RENAME k k ; RENAMENX k k ; COPY k k ; COPY k k REPLACE ; COPY k k DB 1 ; TOUCH k k
SMOVE k k v ; SINTER k k ; SUNION k k ; SDIFF k k ; SINTERSTORE k k k ; SUNIONSTORE k k k
SDIFFSTORE k k k ; SINTERCARD 2 k k ; SSCAN k 0 ; HSCAN k 0 ; SCAN 0 COUNT 1000 ; SRANDMEMBER k 100
SPOP k 100 ; WATCH k ; WATCH k ; UNWATCH
FLUSHDB ; SELECT 0 ; SELECT 0 ; SELECT 1 ; SELECT 1 ; SELECT 9 ; SELECT 15
MULTI ; EXEC ; EXEC ; EXEC
)";

// Forms of requests of two clients that watch each other's keys.
constexpr std::string_view kWatchForms = R"(
GET k ; SET k v ; SET k v NX ; SET k v XX ; INCR k ; APPEND k v ; DEL k ; GETDEL k ; EXISTS k k
HSET k v v ; HDEL k v ; HINCRBY k v 1 ; EXPIREAT k 4000000000 ; EXPIREAT k 1 ; PERSIST k
RENAME k k
COPY k k REPLACE ; SETRANGE k 2 v ; SREM k v ; SPOP k 0 ; FLUSHDB
SADD k v v ; SADD k v ; SMOVE k k v
WATCH k ; WATCH k ; WATCH k k ; WATCH k ; UNWATCH ; MULTI ; MULTI ; MULTI ; EXEC ; EXEC ; EXEC
EXEC
DISCARD ; SELECT 0 ; SELECT 1 ; RESET ; NOPE
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

Words random_request(std::mt19937_64& random, const std::vector<Words>& forms) {
  static const std::vector<std::string> keys{"a", "b", "c", "d"};
  static const std::vector<std::string> values{
      "0", "-1", "10", "x", "", "007", "1.5", "9223372036854775807", "-9223372036854775808"};
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
      ServerPair pair;
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
    const std::vector<Words> forms = requests_of(kForms);
    const int requests = anabranch::test::long_run() ? 50'000 : 3'000;
    for (const char* protocol : {"2", "3"}) {
      CAPTURE(protocol);
      ServerPair pair;
      pair.ours.ask({"HELLO", protocol});
      pair.theirs.ask({"HELLO", protocol});
      bool in_transaction = false;
      for (int i = 0; i < requests; ++i) {
        const Words words = random_request(random, forms);
        // The order in which a transaction shows elements cannot be sorted out.
        if (in_transaction && is_unordered(words[0])) continue;
        if (words[0] == "MULTI") in_transaction = true;
        if (words[0] == "EXEC") in_transaction = false;
        pair.compare(words);
      }
    }
  }

  TEST_CASE("two clients that watch each other's keys get the replies of Redis") {
    if (!RedisProcess::installed()) {
      MESSAGE("skipped: there is no redis-server on this machine");
      return;
    }
    const std::uint64_t seed = anabranch::test::seed();
    CAPTURE(seed);
    std::mt19937_64 random(seed);
    const std::vector<Words> forms = requests_of(kWatchForms);
    ServerPair pair;
    RespClient ours = pair.ours_server.client();
    RespClient theirs = pair.theirs_server.client();
    const int requests = anabranch::test::long_run() ? 50'000 : 5'000;
    for (int i = 0; i < requests; ++i) {
      const Words words = random_request(random, forms);
      if (random() % 2 == 0) {
        pair.compare(words);
      } else {
        ServerPair::compare(words, ours, theirs);
      }
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

}  // namespace anabranch::differential_test
