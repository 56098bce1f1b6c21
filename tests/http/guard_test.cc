// Requests that are refused before anything is done.

#include "http/guard.h"

#include <doctest/doctest.h>

#include <fstream>
#include <string>

#include "tests/temp_dir.h"

namespace anabranch::guard_test {

using http::Guard;
using http::Hosts;
using http::Request;
using http::Token;

namespace {

struct World {
  test::TempDir dir;
  std::shared_ptr<control::HttpFigures> figures = std::make_shared<control::HttpFigures>();
  Guard guard{{Hosts(http::parse_address("127.0.0.1:80").value(), {}, nullptr)},
              Token::open(dir.path().string()).value(),
              figures};

  [[nodiscard]] Request good() const {
    std::ifstream file(dir.path() / "http-token");
    std::string token;
    std::getline(file, token);
    return {.method = Request::Method::kPost,
            .path = "/pause",
            .args = {},
            .host = "localhost:80",
            .origin = "http://localhost:80",
            .content_type = "application/json",
            .known_tag = {},
            .authorization = "Bearer " + token,
            .body = {},
            .from = "127.0.0.1"};
  }
};

}  // namespace

TEST_SUITE("http: guard") {
  TEST_CASE("the owner of the token may act, from a page of the port or without a page") {
    World world;
    Request request = world.good();
    CHECK(!world.guard.refuse_act(request));
    request.origin.clear();
    request.content_type = "application/json; charset=utf-8";
    CHECK(!world.guard.refuse_act(request));
    CHECK(world.figures->refused == 0);
  }

  TEST_CASE("another host, origin, type or token is refused") {
    World world;
    Request request = world.good();
    request.host = "evil.example";
    CHECK(world.guard.refuse(request)->status == 403);
    request = world.good();
    request.origin = "http://localhost:81";
    CHECK(world.guard.refuse_act(request)->status == 403);
    request.origin = "null";
    CHECK(world.guard.refuse_act(request)->status == 403);
    request = world.good();
    request.content_type = "text/plain";
    CHECK(world.guard.refuse_act(request)->status == 415);
    request = world.good();
    request.authorization.back() = request.authorization.back() == '0' ? '1' : '0';
    const auto refused = world.guard.refuse_act(request);
    CHECK(refused->status == 401);
    CHECK(refused->delay == Guard::kWait);
    CHECK(world.figures->refused == 4);
  }

  TEST_CASE("a browser says where a page is from, and with TLS its origin is of https") {
    World world;
    Request request = world.good();
    request.fetch_site = "cross-site";
    CHECK(world.guard.refuse_act(request)->status == 403);
    request.fetch_site = "same-origin";
    CHECK(!world.guard.refuse_act(request));
    Guard guard{{Hosts(http::parse_address("127.0.0.1:80").value(), {}, nullptr), true},
                Token::open(world.dir.path().string()).value(),
                world.figures};
    CHECK(guard.refuse_foreign(request)->status == 403);
    request.origin = "https://localhost:80";
    CHECK(!guard.refuse_foreign(request));
  }

  TEST_CASE("without a token nobody acts by one") {
    World world;
    Guard guard{{Hosts(http::parse_address("127.0.0.1:80").value(), {}, nullptr)},
                std::nullopt,
                world.figures};
    CHECK(guard.refuse_act(world.good())->status == 401);
  }

  TEST_CASE("on a path any host is good, and acting needs the token all the same") {
    World world;
    Guard guard{{Hosts(http::parse_address("unix:/run/http").value(), {}, nullptr)},
                Token::open(world.dir.path().string()).value(),
                world.figures};
    Request request = world.good();
    request.host = "anything";
    request.origin.clear();
    CHECK(!guard.refuse_act(request));
    request.authorization.clear();
    CHECK(guard.refuse_act(request)->status == 401);
  }
}

}  // namespace anabranch::guard_test
