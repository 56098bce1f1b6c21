#include "tests/server/turns/worst_requests.h"

#include <anabranch/handles.h>

#include <algorithm>
#include <functional>
#include <map>

namespace anabranch::test {
namespace {

constexpr int kOfOne = 1'000;   // Elements in one transaction of fill().
constexpr int kSmallSets = 50;  // Of one element.
const std::string kLongName(60'000, 'a');
// The beginning of names that are not stored in their order, and of positions in a list.
const std::string kAlike = "\xFF" + std::string(500, 'a');

std::string name(const std::string& prefix, int i) {
  return prefix + std::to_string(1'000'000 + i);
}

// A command, and so many names behind it, each with a value if there are any.
Words many(Words words, const std::string& prefix, int names, const std::string& value = "") {
  for (int i = 0; i < names; ++i) {
    words.push_back(name(prefix, i));
    if (!value.empty()) words.push_back(value);
  }
  return words;
}

Words repeated(Words words, const std::string& word, int times) {
  words.insert(words.end(), static_cast<std::size_t>(times), word);
  return words;
}

void in_parts(Scope& scope, int elements, const std::function<void(Scope&, int)>& each) {
  for (int from = 0; from < elements; from += kOfOne) {
    scope.atomically([&](Scope& txn) {
      for (int i = from; i < std::min(elements, from + kOfOne); ++i) each(txn, i);
    });
  }
}

using Requests = std::function<std::vector<Words>(const Sizes&)>;
using Family = std::map<std::string_view, Requests>;

// A pattern that a name of one letter nearly matches, at each place.
std::string pattern(std::size_t size) { return "*" + std::string(size, 'a') + "b"; }
std::string wild_pattern(std::size_t size) {
  std::string text = "*";
  while (text.size() < size) text += "[a-z]?";
  return text + "b";
}

const Family kStrings{
    {"get",
     [](const Sizes&) {
       return std::vector<Words>{{"GET", "string"}};
     }},
    {"set",
     [](const Sizes& s) {
       return std::vector<Words>{{"SET", "string", std::string(s.bytes, 'v')},
                                 {"SET", "string", std::string(s.bytes, 'w'), "GET"}};
     }},
    {"setex",
     [](const Sizes& s) {
       return std::vector<Words>{{"SETEX", "string", "9000", std::string(s.bytes, 'v')}};
     }},
    {"psetex",
     [](const Sizes& s) {
       return std::vector<Words>{{"PSETEX", "string", "9000000", std::string(s.bytes, 'v')}};
     }},
    {"getex",
     [](const Sizes&) {
       return std::vector<Words>{{"GETEX", "string", "PERSIST"}};
     }},
    {"setnx",
     [](const Sizes& s) {
       return std::vector<Words>{{"SETNX", "new", std::string(s.bytes, 'v')}};
     }},
    {"getset",
     [](const Sizes& s) {
       return std::vector<Words>{{"GETSET", "string", std::string(s.bytes, 'x')}};
     }},
    {"getdel",
     [](const Sizes&) {
       return std::vector<Words>{{"GETDEL", "string"}};
     }},
    {"mget",
     [](const Sizes& s) {
       return std::vector<Words>{many({"MGET"}, "key:", s.elements),
                                 repeated({"MGET"}, "string", 12)};
     }},
    {"mset",
     [](const Sizes& s) { return std::vector<Words>{many({"MSET"}, "key:", s.elements, "w")}; }},
    {"msetnx",
     [](const Sizes& s) {
       return std::vector<Words>{many({"MSETNX"}, "fresh:", s.elements, "w"),
                                 many({"MSETNX"}, "fresh:", s.elements, "w")};
     }},
    {"strlen",
     [](const Sizes&) {
       return std::vector<Words>{{"STRLEN", "string"}};
     }},
    {"append",
     [](const Sizes& s) {
       return std::vector<Words>{{"APPEND", "string", "x"},
                                 {"APPEND", "string", std::string(s.bytes / 2, 'y')}};
     }},
    {"incr",
     [](const Sizes&) {
       return std::vector<Words>{{"INCR", "string"}};
     }},
    {"decr",
     [](const Sizes&) {
       return std::vector<Words>{{"DECR", "string"}};
     }},
    {"incrby",
     [](const Sizes&) {
       return std::vector<Words>{{"INCRBY", "string", "9223372036854775807"}};
     }},
    {"decrby",
     [](const Sizes&) {
       return std::vector<Words>{{"DECRBY", "string", "9223372036854775807"}};
     }},
    {"incrbyfloat",
     [](const Sizes&) {
       return std::vector<Words>{{"INCRBYFLOAT", "string", "1.5e300"}};
     }},
    {"getrange",
     [](const Sizes&) {
       return std::vector<Words>{
           {"GETRANGE", "string", "-9223372036854775808", "9223372036854775807"}};
     }},
    {"substr",
     [](const Sizes&) {
       return std::vector<Words>{
           {"SUBSTR", "string", "-9223372036854775808", "9223372036854775807"}};
     }},
    {"setrange",
     [](const Sizes& s) {
       return std::vector<Words>{{"SETRANGE", "string", "9223372036854775807", "x"},
                                 {"SETRANGE", "new", std::to_string(s.bytes), "x"},
                                 {"SETRANGE", "string", "7", "x"}};
     }},
};

const Family kHashes{
    {"hset",
     [](const Sizes& s) {
       return std::vector<Words>{many({"HSET", "hash"}, "e:", s.elements, "w"),
                                 {"HSET", "h", "f", std::string(s.bytes, 'v')}};
     }},
    {"hmset",
     [](const Sizes& s) {
       return std::vector<Words>{many({"HMSET", "hash"}, "new:", s.elements, "w")};
     }},
    {"hsetnx",
     [](const Sizes& s) {
       return std::vector<Words>{{"HSETNX", "h", "g", std::string(s.bytes, 'v')}};
     }},
    {"hget",
     [](const Sizes&) {
       return std::vector<Words>{{"HGET", "h", "f"}};
     }},
    {"hmget",
     [](const Sizes& s) {
       return std::vector<Words>{many({"HMGET", "hash"}, "e:", s.elements),
                                 repeated({"HMGET", "h"}, "f", 12)};
     }},
    {"hdel",
     [](const Sizes& s) {
       return std::vector<Words>{many({"HDEL", "hash"}, "e:", s.elements)};
     }},
    {"hgetall",
     [](const Sizes&) {
       return std::vector<Words>{{"HGETALL", "hash"}};
     }},
    {"hlen",
     [](const Sizes&) {
       return std::vector<Words>{{"HLEN", "hash"}};
     }},
    {"hkeys",
     [](const Sizes&) {
       return std::vector<Words>{{"HKEYS", "hash"}};
     }},
    {"hvals",
     [](const Sizes&) {
       return std::vector<Words>{{"HVALS", "hash"}};
     }},
    {"hexists",
     [](const Sizes&) {
       return std::vector<Words>{{"HEXISTS", "hash", kLongName}};
     }},
    {"hstrlen",
     [](const Sizes&) {
       return std::vector<Words>{{"HSTRLEN", "h", "f"}};
     }},
    {"hincrby",
     [](const Sizes&) {
       return std::vector<Words>{{"HINCRBY", "h", "f", "7"}};
     }},
    {"hincrbyfloat",
     [](const Sizes&) {
       return std::vector<Words>{{"HINCRBYFLOAT", "h", "f", "7"}};
     }},
    {"hscan",
     [](const Sizes&) {
       return std::vector<Words>{
           {"HSCAN", "hash", "0", "COUNT", "9223372036854775807"},
           {"HSCAN", "hash", "0", "MATCH", pattern(30'000), "COUNT", "9223372036854775807"}};
     }},
    {"hrandfield",
     [](const Sizes& s) {
       const std::string less = std::to_string(s.elements / 128);
       return std::vector<Words>{{"HRANDFIELD", "hash"},
                                 {"HRANDFIELD", "hash", less},
                                 {"HRANDFIELD", "hash", "1000", "WITHVALUES"},
                                 {"HRANDFIELD", "hash", "9223372036854775807"},
                                 {"HRANDFIELD", "hash", "-" + less, "WITHVALUES"},
                                 {"HRANDFIELD", "hash", "-1000000"},
                                 {"HRANDFIELD", "hash", "-9000000000000000000"}};
     }},
};

const Family kSets{
    {"sadd",
     [](const Sizes& s) {
       return std::vector<Words>{many({"SADD", "set"}, "e:", s.elements),
                                 many({"SADD", "set"}, "new:", s.elements)};
     }},
    {"srem",
     [](const Sizes& s) {
       return std::vector<Words>{many({"SREM", "set"}, "e:", s.elements)};
     }},
    {"smembers",
     [](const Sizes&) {
       return std::vector<Words>{{"SMEMBERS", "set"}, {"SMEMBERS", "alike"}};
     }},
    {"sismember",
     [](const Sizes&) {
       return std::vector<Words>{{"SISMEMBER", "set", kLongName}};
     }},
    {"smismember",
     [](const Sizes& s) {
       return std::vector<Words>{many({"SMISMEMBER", "set"}, "e:", s.elements)};
     }},
    {"scard",
     [](const Sizes&) {
       return std::vector<Words>{{"SCARD", "set"}};
     }},
    {"smove",
     [](const Sizes&) {
       return std::vector<Words>{{"SMOVE", "set", "few", name("e:", 1)}};
     }},
    {"sscan",
     [](const Sizes&) {
       return std::vector<Words>{
           {"SSCAN", "set", "0", "COUNT", "9223372036854775807"},
           {"SSCAN", "alike", "0"},
           {"SSCAN", "set", "0", "MATCH", wild_pattern(4'000), "COUNT", "9223372036854775807"}};
     }},
    {"srandmember",
     [](const Sizes& s) {
       const std::string less = std::to_string(s.elements / 128);
       return std::vector<Words>{{"SRANDMEMBER", "set"},
                                 {"SRANDMEMBER", "alike"},
                                 {"SRANDMEMBER", "set", less},
                                 {"SRANDMEMBER", "set", "1000"},
                                 {"SRANDMEMBER", "set", "9223372036854775807"},
                                 {"SRANDMEMBER", "set", "-" + less},
                                 {"SRANDMEMBER", "set", "-1000000"},
                                 {"SRANDMEMBER", "few", "-9000000000000000000"},
                                 {"SRANDMEMBER", "set", "-9000000000000000000"}};
     }},
    {"spop",
     [](const Sizes& s) {
       return std::vector<Words>{{"SPOP", "set"},
                                 {"SPOP", "set", "1000"},
                                 {"SPOP", "set", "9223372036854775807"},
                                 {"SPOP", "set", std::to_string(s.elements / 2)}};
     }},
};

// Two large sets, one that is named very often, and a large one with many small ones.
std::vector<Words> of_sets(Words words, const Sizes& sizes) {
  Words two = words;
  two.insert(two.end(), {"set", "other"});
  Words small = words;
  small.emplace_back("set");
  return {two, repeated(std::move(words), "set", sizes.elements),
          many(std::move(small), "small:", kSmallSets)};
}

const Family kAlgebra{
    {"sinter", [](const Sizes& s) { return of_sets({"SINTER"}, s); }},
    {"sunion", [](const Sizes& s) { return of_sets({"SUNION"}, s); }},
    {"sdiff", [](const Sizes& s) { return of_sets({"SDIFF"}, s); }},
    {"sintercard",
     [](const Sizes& s) {
       return std::vector<Words>{
           {"SINTERCARD", "2", "set", "other", "LIMIT", "9223372036854775807"},
           repeated({"SINTERCARD", std::to_string(s.elements)}, "set", s.elements)};
     }},
    {"sinterstore",
     [](const Sizes& s) {
       return of_sets({"SINTERSTORE", "to"}, s);
     }},
    {"sunionstore",
     [](const Sizes& s) {
       return of_sets({"SUNIONSTORE", "to"}, s);
     }},
    {"sdiffstore",
     [](const Sizes&) {
       return std::vector<Words>{{"SDIFFSTORE", "to", "set", "few"}};
     }},
};

const Family kKeys{
    {"del",
     [](const Sizes& s) {
       return std::vector<Words>{
           many({"DEL"}, "key:", s.elements), {"DEL", "set"}, {"DEL", "hash", "string"}};
     }},
    {"unlink",
     [](const Sizes& s) {
       return std::vector<Words>{many({"UNLINK"}, "key:", s.elements), {"UNLINK", "sorted"}};
     }},
    {"exists",
     [](const Sizes& s) { return std::vector<Words>{many({"EXISTS"}, "key:", s.elements)}; }},
    {"touch",
     [](const Sizes& s) { return std::vector<Words>{repeated({"TOUCH"}, "set", s.elements)}; }},
    {"type",
     [](const Sizes&) {
       return std::vector<Words>{{"TYPE", "set"}};
     }},
    {"dbsize", [](const Sizes&) { return std::vector<Words>{{"DBSIZE"}}; }},
    {"keys",
     [](const Sizes&) {
       return std::vector<Words>{{"KEYS", "*"},
                                 {"KEYS", pattern(30'000)},
                                 {"KEYS", pattern(1'000)},
                                 {"KEYS", wild_pattern(4'000)}};
     }},
    {"randomkey", [](const Sizes&) { return std::vector<Words>{{"RANDOMKEY"}}; }},
    {"rename",
     [](const Sizes&) {
       return std::vector<Words>{{"RENAME", "set", "to"},
                                 {"RENAME", "hash", "to"},
                                 {"RENAME", "sorted", "to"},
                                 {"RENAME", "list", "to"},
                                 {"RENAME", "string", "to"}};
     }},
    {"renamenx",
     [](const Sizes&) {
       return std::vector<Words>{{"RENAMENX", "set", "free"}, {"RENAMENX", "hash", "free2"}};
     }},
    {"copy",
     [](const Sizes&) {
       return std::vector<Words>{{"COPY", "set", "to", "REPLACE"},
                                 {"COPY", "hash", "to", "REPLACE"},
                                 {"COPY", "sorted", "to", "REPLACE"},
                                 {"COPY", "list", "to", "REPLACE"},
                                 {"COPY", "alike", "to", "REPLACE"},
                                 {"COPY", "far", "to", "REPLACE"},
                                 {"COPY", "string", "to", "DB", "3", "REPLACE"}};
     }},
    {"swapdb",
     [](const Sizes&) {
       return std::vector<Words>{{"SWAPDB", "0", "1"}};
     }},
    {"flushall", [](const Sizes&) { return std::vector<Words>{{"FLUSHALL"}}; }},
    {"flushdb", [](const Sizes&) { return std::vector<Words>{{"FLUSHDB"}}; }},
    {"object|encoding",
     [](const Sizes&) {
       return std::vector<Words>{{"OBJECT", "ENCODING", "string"}, {"OBJECT", "ENCODING", "set"}};
     }},
    {"object|freq",
     [](const Sizes&) {
       return std::vector<Words>{{"OBJECT", "FREQ", "set"}};
     }},
    {"object|idletime",
     [](const Sizes&) {
       return std::vector<Words>{{"OBJECT", "IDLETIME", "set"}};
     }},
    {"object|refcount",
     [](const Sizes&) {
       return std::vector<Words>{{"OBJECT", "REFCOUNT", "set"}};
     }},
    {"scan",
     [](const Sizes&) {
       return std::vector<Words>{
           {"SCAN", "0", "COUNT", "9223372036854775807"},
           {"SCAN", "0", "COUNT", "9223372036854775807", "TYPE", "list"},
           {"SCAN", "0", "MATCH", pattern(30'000), "COUNT", "9223372036854775807"}};
     }},
    {"anabranch|once",
     [](const Sizes& s) {
       static int requests = 0;
       return std::vector<Words>{many(
           {"ANABRANCH", "ONCE", name("request", ++requests), "SADD", "set"}, "o:", s.elements)};
     }},
    {"anabranch|concern|prefix",
     [](const Sizes& s) {
       return std::vector<Words>{
           {"ANABRANCH", "CONCERN", "PREFIX", std::string(60'000, 'a'), "LOCAL"},
           repeated({"ANABRANCH", "CONCERN", "PREFIX", "p:", "DURABLE"}, "ALL", s.elements)};
     }},
    {"anabranch|concern|mesh",
     [](const Sizes& s) {
       return std::vector<Words>{
           repeated({"ANABRANCH", "CONCERN", "MESH", "DURABLE"}, "ALL", s.elements)};
     }},
    {"memory|usage",
     [](const Sizes&) {
       return std::vector<Words>{{"MEMORY", "USAGE", "set"}, {"MEMORY", "USAGE", "alike"}};
     }},
};

// EXPIRE and its kin, by their names: with a number where they take one.
std::optional<std::vector<Words>> of_expiry(const server::Command& row) {
  const std::string command(row.name);
  for (const char* each : {"expire", "pexpire", "expireat", "pexpireat"}) {
    if (command == each) return std::vector<Words>{{command, "set", "9000000000"}};
  }
  for (const char* each : {"persist", "ttl", "pttl", "expiretime", "pexpiretime"}) {
    if (command == each) return std::vector<Words>{{command, "set"}};
  }
  return std::nullopt;
}

}  // namespace

void fill(Scope& scope, const Sizes& sizes) {
  in_parts(scope, sizes.elements, [&](Scope& txn, int i) {
    const std::string element = name("e:", i);
    txn.put(Key(0, "set").element(element), {});
    txn.put(Key(0, "other").element(name("e:0", i)), {});
    txn.put(Key(0, "hash").field(element).of(Type::kString), "value");
    SortedSet<std::string>(txn, Key(0, "sorted")).put(element, i % 1000);
    List<std::string>(txn, Key(0, "list")).push_back(element);
    txn.set(Key(0, name("key:", i)).of(Type::kString), "value");
    const std::string alike = name(kAlike, i);
    txn.put(Key(0, "alike").element(alike), {});
    txn.put(Key(0, "far").element(alike, Type::kList), element);
  });
  scope.atomically([&](Scope& txn) {
    txn.set(Key(0, "string").of(Type::kString), std::string(sizes.bytes, 'v'));
    txn.put(Key(0, "h").field("f").of(Type::kString), std::string(sizes.bytes, 'v'));
    txn.put(Key(0, "few").element(""), {});
    for (int i = 0; i < kSmallSets; ++i) txn.put(Key(0, name("small:", i)).element("e:x"), {});
    txn.put(Key(0, "set").element(kLongName), {});
    txn.put(Key(0, "hash").field(kLongName).of(Type::kString), "value");
    txn.set(Key(0, kLongName).of(Type::kString), "value");
  });
}

std::optional<std::vector<Words>> worst_requests(const server::Command& row, const Sizes& sizes) {
  const std::string name(server::full_name(row));
  for (const auto* family : {&kStrings, &kHashes, &kSets, &kAlgebra, &kKeys}) {
    const auto found = family->find(name);
    if (found != family->end()) return found->second(sizes);
  }
  return of_expiry(row);
}

std::vector<Words> other_requests(const Sizes& sizes) {
  return {{"ECHO", std::string(sizes.bytes, 'v')},
          {"COMMAND", "LIST", "FILTERBY", "PATTERN", pattern(30'000)},
          {"CONFIG", "GET", pattern(30'000)},
          {"COMMAND", "DOCS"},
          {"INFO", "everything"},
          many({"WATCH"}, "key:", sizes.elements),
          many({"DEL"}, "absent:", sizes.elements * 10),
          {"UNWATCH"}};
}

std::vector<LargeRequest> large_requests(int words, std::size_t bytes) {
  using All = std::vector<Words>;
  const std::string name(40, 'm');
  const auto some = [=](Words first) {
    return [=] { return All{many(first, name, words - static_cast<int>(first.size()))}; };
  };
  // The letters stand for a word of so many of one.
  const auto one = [=](const Words& request) {
    return [=] {
      Words filled = request;
      for (std::string& word : filled) {
        if (word == "a" || word == "1") word.assign(bytes, word.front());
      }
      return All{filled};
    };
  };
  return {{"GETKEYS", some({"COMMAND", "GETKEYS", "MGET"})},
          {"GETKEYSANDFLAGS", some({"COMMAND", "GETKEYSANDFLAGS", "MGET"})},
          {"DOCS",
           [] {
             return All{repeated({"COMMAND", "DOCS"}, "anabranch", 1'000)};
           }},
          {"no command of many words", some({"NONE"})},
          {"PING of many words", some({"PING"})},
          {"DEL of long names", some({"DEL"})},
          {"DISCARD of many commands",
           [=] {
             return All(static_cast<std::size_t>(words), Words{"SET", "k", name});
           },
           true},
          {"DISCARD of many words", some({"SADD", "set"}), true},
          {"ECHO of many bytes", one({"ECHO", "a"})},
          {"a name of many bytes", one({"GET", "a"})},
          {"an unknown name of many bytes", one({"a", "k"})},
          {"SET of too many bytes", one({"SET", "k", "a"})},
          {"SETRANGE of too many bytes", one({"SETRANGE", "k", "0", "a"})},
          {"APPEND of too many bytes", one({"APPEND", "k", "a"})},
          {"digits for SELECT", one({"SELECT", "1"})},
          {"digits for INCRBYFLOAT", one({"INCRBYFLOAT", "k", "1"})},
          {"digits for SCAN", one({"SCAN", "1"})},
          {"digits for SINTERCARD", one({"SINTERCARD", "1", "k"})},
          {"a name of a library", one({"CLIENT", "SETINFO", "lib-name", "a"})},
          {"a password", one({"AUTH", "default", "a"})}};
}

std::vector<Words> many_writes(const Sizes& sizes) {
  std::vector<Words> all;
  for (int i = 0; i < sizes.elements; ++i) {
    all.push_back({"SET", name("key:", i), "a value of some bytes"});
  }
  return all;
}

std::vector<Words> large_writes() {
  constexpr std::string_view kEnd = "999999";
  std::vector<Words> all;
  for (int i = 0; i < 50; ++i) all.push_back({"SETRANGE", "large", std::string(kEnd), "end"});
  return all;
}

}  // namespace anabranch::test
