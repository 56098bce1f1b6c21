// The bytes of a client that does not know the password, AUTH and HELLO in all forms among them: a
// server answers with errors, and with nothing else but to RESET and QUIT.

#include <memory>
#include <stdexcept>

#include "core/assert.h"
#include "tests/fuzz/target.h"
#include "tests/server/running_server.h"

using namespace anabranch;
using test::request;
using test::RespClient;
using test::RunningServer;

namespace {

struct Closed {
  RunningServer server{{}, {.wrong_password_wait = std::chrono::milliseconds(0)}};
  Closed() {
    RespClient admin = server.client();
    const std::string rule = ">a password of many letters";
    ANABRANCH_ASSERT(admin.ask({"ACL", "SETUSER", "default", "resetpass", rule}) == "+OK\r\n");
  }
};

// Whether a stranger may get this reply.
bool is_harmless(const std::string& reply) {
  return reply.starts_with("-") || reply == "+RESET\r\n" || reply == "+OK\r\n";
}

}  // namespace

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  const std::string number = std::to_string(rng() % 5);
  return {request({"AUTH", "x"}),
          request({"AUTH", "default", "x"}) + request({"GET", "a"}),
          request({"HELLO", number}),
          request({"HELLO", "3", "AUTH", "default", "x", "SETNAME", "n"}),
          request({"HELLO", number, "SETNAME", "n", "AUTH", "default", ""}),
          "AUTH default \"x\\x00y\"\r\nHELLO\r\n",
          request({"RESET"}) + request({"MULTI"}) + request({"AUTH", "x"}) + request({"EXEC"}),
          request({"ACL", "WHOAMI"}) + request({"ANABRANCH", "STATUS"}) + request({"QUIT"}),
          std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11)};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Closed closed;
  RespClient client = closed.server.client();
  const std::string_view bytes = test::view_of(data, size);
  // QUIT has the one answer OK; it comes last.
  bool quit = false;
  try {
    client.send(bytes);
    client.finish();
    for (;;) {
      const std::string reply = client.receive();
      ANABRANCH_ASSERT(is_harmless(reply) && !quit);
      quit = reply == "+OK\r\n";
    }
  } catch (const std::runtime_error&) {
    // The server has closed the connection.
  }
  RespClient other = closed.server.client();
  ANABRANCH_ASSERT(other.ask({"PING"}).starts_with("-NOAUTH"));
  return 0;
}
