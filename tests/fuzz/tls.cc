// The first bytes of a client at the port with TLS: the server answers in TLS or not at all, closes
// the connection, and goes on serving others.

#include <openssl/ssl.h>

#include <csignal>
#include <stdexcept>

#include "core/assert.h"
#include "tests/fuzz/target.h"
#include "tests/server/certificates.h"
#include "tests/server/running_server.h"
#include "tests/server/tls_client.h"

using namespace anabranch;
using test::request;
using test::RespClient;
using test::RunningServer;
using test::TlsClient;

namespace {

constexpr char kHandshake = 0x16;
constexpr char kAlert = 0x15;
// The handshake of the other client costs more than most inputs.
constexpr int kInputsPerLook = 64;

struct Secure {
  test::TempDir folder;
  test::Root root{folder.path(), "root"};
  test::Certificate own = root.sign("server");
  RunningServer server{
      {}, {.tls_address = "127.0.0.1:0", .tls = {.certificate = own.certificate, .key = own.key}}};
  int inputs = 0;

  Secure() { std::signal(SIGPIPE, SIG_IGN); }
};

}  // namespace

std::vector<std::string> test::fuzz_examples(Rng& rng) {
  const std::string newest = client_hello(0);
  const std::string older = client_hello(TLS1_2_VERSION);
  return {newest,
          older,
          newest + newest,
          older.substr(0, rng() % older.size()),
          newest.substr(0, 5) + std::string(newest.size(), '\0'),
          std::string("\x16\x03\x01\xff\xff", 5) + older,
          std::string("\x15\x03\x03\x00\x02\x02\x28", 7),
          std::string("\x17\x03\x03\x00\x05hello", 10),
          std::string("\x80\x2e\x01\x00\x02\x00\x15\x00\x00\x00\x10", 11),
          request({"PING"}),
          "GET / HTTP/1.1\r\nHost: x\r\n\r\n"};
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Secure secure;
  RespClient client(secure.server.tls_endpoint());
  try {
    client.send(test::view_of(data, size));
    client.finish();
  } catch (const std::runtime_error&) {
    // The server has closed the connection before it had all.
  }
  const std::string answer = client.rest();
  ANABRANCH_ASSERT(answer.empty() || answer[0] == kHandshake || answer[0] == kAlert);
  if (secure.inputs++ % kInputsPerLook == 0) {
    TlsClient other(secure.server.tls_endpoint(), {.root = secure.root.certificate()});
    ANABRANCH_ASSERT(other.ask({"PING"}) == "+PONG\r\n");
  }
  return 0;
}
