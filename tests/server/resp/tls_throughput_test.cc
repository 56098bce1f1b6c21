// How fast pipelined reads over TLS are beside plain ones, in the same run.

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <string>
#include <vector>

#include "tests/server/certificates.h"
#include "tests/server/running_server.h"
#include "tests/server/tls_client.h"

namespace anabranch::tls_throughput_test {

using test::RespClient;
using test::Root;
using test::RunningServer;
using test::TempDir;
using test::TlsClient;

namespace {

constexpr int kRounds = 21;
constexpr int kBatches = 10;
constexpr int kInBatch = 1000;

// The time of a round: batches of pipelined GETs, one after another, each answered whole.
template <typename Client>
double seconds_of(Client& client, const std::string& batch, std::size_t answer) {
  const auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < kBatches; ++i) {
    client.send(batch);
    client.skip(answer);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

}  // namespace

TEST_SUITE("server: TLS") {
  // On a machine that does nothing else it is over 0.6; the bound leaves room for others.
  TEST_CASE("pipelined reads over TLS are nearly as fast as plain ones") {
    std::signal(SIGPIPE, SIG_IGN);
    const TempDir folder;
    const Root root(folder.path(), "root");
    const auto own = root.sign("server");
    RunningServer server({}, {.tls_address = "127.0.0.1:0",
                              .tls = {.certificate = own.certificate, .key = own.key}});
    RespClient plain = server.client();
    TlsClient secure(server.tls_endpoint(), {.root = root.certificate()});
    const std::string value(100, 'v');
    REQUIRE(plain.ask({"SET", "key", value}) == "+OK\r\n");
    std::string batch;
    for (int i = 0; i < kInBatch; ++i) batch += anabranch::test::request({"GET", "key"});
    const std::size_t answer = kInBatch * plain.ask({"GET", "key"}).size();
    // In turns, so that whatever else the machine does slows both down.
    std::vector<double> plain_seconds;
    std::vector<double> secure_seconds;
    for (int i = 0; i < kRounds; ++i) {
      plain_seconds.push_back(seconds_of(plain, batch, answer));
      secure_seconds.push_back(seconds_of(secure, batch, answer));
    }
    const double ratio = median(plain_seconds) / median(secure_seconds);
    MESSAGE("TLS has " << ratio << " of the throughput of plain connections, which is "
                       << kBatches * kInBatch / median(plain_seconds) << " GETs a second");
    CHECK(ratio > 0.4);
  }
}

}  // namespace anabranch::tls_throughput_test
