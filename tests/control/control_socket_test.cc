// The control socket of an embedded store: DIR/control, which takes the verbs of ANABRANCH.

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include <anabranch/anabranch.h>

#include "control/control_thread.h"
#include "control/listener.h"
#include "control/visitor.h"
#include "tests/control/control_client.h"
#include "tests/temp_dir.h"

namespace anabranch::control_socket_test {

using nlohmann::json;
using test::ControlClient;
using test::TempDir;

namespace {

Options options_in(const std::filesystem::path& path) {
  return {.path = path.string(), .region = "eu"};
}

// What Store::open says; empty when it succeeds.
std::string refusal(const Options& options) {
  try {
    (void)Store::open(options);
    return {};
  } catch (const Error& error) {
    CHECK(error.code() == ErrorCode::kInvalid);
    return error.what();
  }
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// Leaves a socket file as a process does that is killed.
void leave_socket(const std::string& path) {
  const control::File socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.c_str(), path.size());
  REQUIRE(::bind(socket.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
}

}  // namespace

TEST_SUITE("control: socket") {
  TEST_CASE("an embedded store tells its status") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    Register<std::string>{store, "k"}.put("v");
    ControlClient client((dir.path() / "eu").string());
    const json status = json::parse(client.call({"ANABRANCH", "STATUS"}));
    CHECK(status.at("region") == "eu");
    CHECK(status.at("digest") == client.call({"anabranch", "digest"}));
    CHECK(json::parse(client.call({"ANABRANCH", "FORK", "LIST"})).empty());
    CHECK(json::parse(client.call({"ANABRANCH", "CONFLICTS", "STATS"})).at("entries") == 0);
  }

  TEST_CASE("a verb that writes has been committed when it is answered") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    ControlClient client((dir.path() / "eu").string());
    CHECK(client.call({"ANABRANCH", "POLICY", "SET", "max", "bids/"}) == "OK");
    REQUIRE(store.policies().size() == 1);
    CHECK(store.policies().front().prefix == "bids/");
    CHECK(json::parse(client.call({"ANABRANCH", "POLICY", "LIST"})).size() == 1);
    const std::string refused = client.call({"ANABRANCH", "POLICY", "SET", "best", "bids/"});
    CHECK(contains(refused, "-ERR there is no kind of policy 'best'"));
  }

  TEST_CASE("an origin or a member that is not lost is refused in words, and so are wrong ones") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    ControlClient client((dir.path() / "eu").string());
    const std::string own = store.status().origin;
    const auto lost = [&](std::string_view region, std::string_view origin) {
      return client.call({"ANABRANCH", "REGION", "RETIRE", region, "LOST", origin});
    };
    CHECK(lost("eu", own) ==
          "-ERR this leader writes under origin " + own + " of region eu, so it is not lost");
    CHECK(contains(lost("us", own), "-ERR the list of regions has no origin " + own));
    for (const std::string_view text : {"12", "0000000000000000", "g000000000000000"}) {
      CHECK(contains(lost("eu", text), "-ERR no member " + std::string(text) + " of region eu"));
    }
    const std::string node = store.status().members.front().node;
    CHECK(lost("eu", node) ==
          "-ERR member " + node +
              " of region eu is this one, so it is not lost. Stop it, and ask another leader");
    CHECK(contains(client.call({"ANABRANCH", "REGION", "RETIRE", "eu", "NOW"}), "syntax error"));
    CHECK(contains(client.call({"ANABRANCH", "REGION", "RETIRE", "eu", "LOST", own, own}),
                   "syntax error"));
  }

  TEST_CASE("SHOW reads a key of the selected database") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    Register<std::string>{store, Key(7, "k")}.put("of seven");
    ControlClient client((dir.path() / "eu").string());
    CHECK(json::parse(client.call({"ANABRANCH", "SHOW", "k"})).at("type") == "none");
    CHECK(client.call({"SELECT", "7"}) == "OK");
    CHECK(json::parse(client.call({"ANABRANCH", "SHOW", "k"})).at("value") == "of seven");
    CHECK(client.call({"SELECT", "16"}) == "-ERR DB index is out of range");
  }

  TEST_CASE("commands for data, unknown verbs and wrong numbers of words are refused in words") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    ControlClient client((dir.path() / "eu").string());
    CHECK(contains(client.call({"SET", "k", "v"}), "-ERR the control socket takes ANABRANCH"));
    CHECK(contains(client.call({"ANABRANCH", "ONCE", "id", "INCR", "k"}), "unknown subcommand"));
    CHECK(contains(client.call({"ANABRANCH", "PEER", "HALT", "us"}), "Try PEER HELP"));
    CHECK(contains(client.call({"ANABRANCH", "PEER"}), "wrong number of arguments"));
    CHECK(contains(client.call({"ANABRANCH", "STATUS", "now"}), "wrong number of arguments"));
    CHECK(client.call({"ANABRANCH", "PEER", "PAUSE", "us"}) == "-ERR there is no peer 'us'");
    CHECK(client.call({"PING"}) == "PONG");
    CHECK(client.call({"QUIT"}) == "OK");
    CHECK(client.is_closed());
    CHECK(Register<std::string>{store, "k"}.get() == std::nullopt);
  }

  TEST_CASE("only its user can open the socket, whatever the umask") {
    const TempDir dir;
    const mode_t before = ::umask(0);
    std::optional<Store> store(Store::open(options_in(dir.path() / "eu")));
    ::umask(before);
    struct stat status = {};
    const std::string path = (dir.path() / "eu" / "control").string();
    REQUIRE(::lstat(path.c_str(), &status) == 0);
    CHECK(S_ISSOCK(status.st_mode));
    CHECK((status.st_mode & 07777) == 0600);
    store.reset();
    CHECK(::lstat(path.c_str(), &status) != 0);
  }

  TEST_CASE("a store that is told to has no socket") {
    const TempDir dir;
    Options options = options_in(dir.path() / "eu");
    options.control = false;
    Store store = Store::open(options);
    CHECK_FALSE(std::filesystem::exists(dir.path() / "eu" / "control"));
  }

  TEST_CASE("a path that is too long for a socket is refused before anything is made") {
    const TempDir dir;
    const std::size_t rest = control::kPathBytesMax - dir.path().string().size() - 1;
    const std::size_t suffix = std::string("/control").size();
    const auto longest = dir.path() / std::string(rest - suffix, 'x');
    CHECK(refusal(options_in(longest)).empty());
    const auto too_long = dir.path() / std::string(rest - suffix + 1, 'x');
    Options options = options_in(too_long);
    const std::string why = refusal(options);
    CHECK(contains(why, too_long.string() + "/control"));
    CHECK(contains(why, "108 bytes"));
    CHECK(contains(why, "Options::control"));
    CHECK_FALSE(std::filesystem::exists(too_long));
    options.control = false;
    CHECK(refusal(options).empty());
  }

  TEST_CASE("a socket that a killed process has left is replaced, another file is left alone") {
    const TempDir dir;
    const auto path = dir.path() / "eu" / "control";
    std::filesystem::create_directory(dir.path() / "eu");
    leave_socket(path.string());
    CHECK_THROWS_AS(ControlClient((dir.path() / "eu").string()), std::runtime_error);
    {
      Store store = Store::open(options_in(dir.path() / "eu"));
      CHECK(ControlClient((dir.path() / "eu").string()).call({"PING"}) == "PONG");
    }
    std::ofstream(path) << "notes";
    CHECK(contains(refusal(options_in(dir.path() / "eu")), "is no socket"));
    CHECK(std::filesystem::file_size(path) == 5);
  }

  TEST_CASE("verbs that read do not wait for a transaction, and a silent client delays no writer") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    constexpr std::size_t kSize = 700'000;  // As much of a value is shown.
    Register<std::string>{store, "k"}.put(std::string(kSize, 'v'));
    ControlClient client((dir.path() / "eu").string());
    store.transact([&](Transaction& txn) {
      Register<std::string>{txn, "k"}.put("new");
      const json shown = json::parse(client.call({"ANABRANCH", "SHOW", "k"}));
      CHECK(shown.at("value").get<std::string>().size() == kSize);
      CHECK(json::parse(client.call({"ANABRANCH", "POLICY", "LIST"})).empty());
    });
    Register<std::string>{store, "k"}.put(std::string(kSize, 'w'));
    for (int i = 0; i < 8; ++i) client.send(ControlClient::request({"ANABRANCH", "SHOW", "k"}));
    Register<std::string>{store, "k"}.put("newer");
    CHECK(Register<std::string>{store, "k"}.get() == "newer");
    for (int i = 0; i < 8; ++i) CHECK(contains(client.receive(), "\"key\":\"k\""));
  }

  TEST_CASE("requests that come together, or in pieces, are answered in order") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    ControlClient client((dir.path() / "eu").string());
    const std::string status = ControlClient::request({"ANABRANCH", "STATUS"});
    client.send("PING\r\n" + status + "PING\r\n" + status.substr(0, 9));
    CHECK(client.receive() == "PONG");
    CHECK(json::parse(client.receive()).at("region") == "eu");
    CHECK(client.receive() == "PONG");
    client.send(status.substr(9));
    CHECK(json::parse(client.receive()).at("region") == "eu");
  }

  TEST_CASE("bytes that are no protocol close the client, a request that is too large does not") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    ControlClient large((dir.path() / "eu").string());
    const std::string half(control::Visitor::kRequestBytesMax / 2 + 1, 'x');
    CHECK(contains(large.call({"ANABRANCH", half, half}), "-ERR the request is over the limit"));
    CHECK(large.call({"PING"}) == "PONG");
    ControlClient client((dir.path() / "eu").string());
    client.send("*1\r\n!\r\n");
    CHECK(contains(client.receive(), "-ERR Protocol error"));
    CHECK(client.is_closed());
  }

  TEST_CASE("more clients than there is room for are told so") {
    const TempDir dir;
    Store store = Store::open(options_in(dir.path() / "eu"));
    std::vector<std::unique_ptr<ControlClient>> clients;
    for (std::size_t i = 0; i < control::ControlThread::kVisitorsMax; ++i) {
      clients.push_back(std::make_unique<ControlClient>((dir.path() / "eu").string()));
      CHECK(clients.back()->call({"PING"}) == "PONG");
    }
    ControlClient further((dir.path() / "eu").string());
    CHECK(contains(further.receive(), "-ERR too many clients"));
    CHECK(further.is_closed());
    CHECK(clients.back()->call({"PING"}) == "PONG");
  }

  TEST_CASE("a forked process that ends its copy of the store leaves the socket") {
    const TempDir dir;
    std::optional<Store> store(Store::open(options_in(dir.path() / "eu")));
    const pid_t child = ::fork();
    if (child == 0) {
      store.reset();
      ::_exit(0);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    ControlClient client((dir.path() / "eu").string());
    CHECK(json::parse(client.call({"ANABRANCH", "STATUS"})).at("region") == "eu");
  }

  TEST_CASE("a store that is moved is the same at its socket") {
    const TempDir dir;
    Store first = Store::open(options_in(dir.path() / "eu"));
    Store second = std::move(first);
    ControlClient client((dir.path() / "eu").string());
    Register<std::string>{second, "k"}.put("v");
    CHECK(json::parse(client.call({"ANABRANCH", "SHOW", "k"})).at("value") == "v");
  }
}

}  // namespace anabranch::control_socket_test
