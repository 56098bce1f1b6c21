// A typical program of hiredis: HOST PORT. Prints its calls, a line each: `ok NAME`, or
// `failed NAME: WHY`.

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>

#include <hiredis/hiredis.h>

namespace {

using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;
using Context = std::unique_ptr<redisContext, decltype(&redisFree)>;

// A reply as text: "1", "v", "(nil)", "[a b]", "error: ERR ...".
std::string text_of(const redisReply* reply) {
  if (reply == nullptr) return "no reply";
  switch (reply->type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply->integer);
    case REDIS_REPLY_NIL:
      return "(nil)";
    case REDIS_REPLY_ERROR:
      return "error: " + std::string(reply->str, reply->len);
    case REDIS_REPLY_ARRAY: {
      std::string text = "[";
      for (std::size_t i = 0; i < reply->elements; ++i) {
        text += (i == 0 ? "" : " ") + text_of(reply->element[i]);
      }
      return text + "]";
    }
    default:
      return {reply->str, reply->len};
  }
}

void call(const char* name, const std::string& result, const std::string& expected) {
  if (result == expected) {
    std::printf("ok %s\n", name);
  } else {
    std::printf("failed %s: gave %s\n", name, result.c_str());
  }
}

template <typename... Values>
std::string ask(redisContext* context, const char* format, Values... values) {
  const Reply reply(static_cast<redisReply*>(redisCommand(context, format, values...)),
                    freeReplyObject);
  return text_of(reply.get());
}

std::string next(redisContext* context) {
  void* reply = nullptr;
  if (redisGetReply(context, &reply) != REDIS_OK) return context->errstr;
  return text_of(Reply(static_cast<redisReply*>(reply), freeReplyObject).get());
}

std::string pipeline(redisContext* context) {
  constexpr int kCount = 10'000;
  for (int i = 0; i < kCount; ++i) redisAppendCommand(context, "INCR pipelined");
  std::string last;
  for (int i = 0; i < kCount; ++i) last = next(context);
  return last;
}

std::string binary(redisContext* context) {
  const std::string bytes("\0\xFF\r\n", 4);
  if (ask(context, "SET %b %b", bytes.data(), bytes.size(), bytes.data(), bytes.size()) != "OK") {
    return "not set";
  }
  return ask(context, "GET %b", bytes.data(), bytes.size()) == bytes ? "equal" : "different";
}

std::string by_argv(redisContext* context) {
  const char* words[] = {"HSET", "h", "f", "v"};
  const std::size_t sizes[] = {4, 1, 1, 1};
  const Reply reply(static_cast<redisReply*>(redisCommandArgv(context, 4, words, sizes)),
                    freeReplyObject);
  return text_of(reply.get());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  const Context context(redisConnectWithTimeout(argv[1], std::atoi(argv[2]), timeval{5, 0}),
                        redisFree);
  if (!context || context->err != 0) return 1;
  redisContext* const c = context.get();
  call("FLUSHALL", ask(c, "FLUSHALL"), "OK");
  call("SET", ask(c, "SET %s %s", "k", "a value with blanks"), "OK");
  call("GET", ask(c, "GET k"), "a value with blanks");
  call("GET of nothing", ask(c, "GET none"), "(nil)");
  call("binary", binary(c), "equal");
  call("HSET by argv", by_argv(c), "1");
  call("HGETALL", ask(c, "HGETALL h"), "[f v]");
  call("SADD", ask(c, "SADD s a b c"), "3");
  call("SCARD", ask(c, "SCARD s"), "3");
  call("SCAN", ask(c, "SSCAN none 0"), "[0 []]");
  call("10000 in a pipeline", pipeline(c), "10000");
  call("MULTI", ask(c, "MULTI"), "OK");
  call("INCR within it", ask(c, "INCR n"), "QUEUED");
  call("EXEC", ask(c, "EXEC"), "[1]");
  call("an error", ask(c, "INCR k"), "error: ERR value is not an integer or out of range");
  call("SELECT", ask(c, "SELECT 5"), "OK");
  call("DBSIZE", ask(c, "DBSIZE"), "0");
  call("EXPIRE", ask(c, "EXPIRE none 5"), "0");
  call("LPUSH", ask(c, "LPUSH l a"), "1");
  call("PUBLISH", ask(c, "PUBLISH c m"), "0");
  return 0;
}
