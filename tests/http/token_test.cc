// The token that acting needs.

#include "http/token.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/temp_dir.h"

namespace anabranch::token_test {

using http::Token;

namespace {

std::string contents(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

}  // namespace

TEST_SUITE("http: token") {
  TEST_CASE("a token is made once, for its owner alone") {
    const test::TempDir dir;
    const auto path = dir.path() / "http-token";
    const Token first = Token::open(dir.path().string()).value();
    const std::string digits = contents(path);
    CHECK(digits.size() == 64);
    CHECK(std::filesystem::status(path).permissions() == std::filesystem::perms(0600));
    CHECK(first.is_in("Bearer " + digits));
    CHECK(Token::open(dir.path().string()).value().is_in("Bearer " + digits));
    CHECK(contents(path) == digits);

    const test::TempDir other;
    CHECK(!Token::open(other.path().string()).value().is_in("Bearer " + digits));
  }

  TEST_CASE("nothing but the whole token will do") {
    const test::TempDir dir;
    const Token token = Token::open(dir.path().string()).value();
    const std::string digits = contents(dir.path() / "http-token");
    for (const std::string& wrong :
         {std::string(), digits, std::string("Bearer"), std::string("Bearer "),
          "Bearer " + digits.substr(1), "Bearer " + digits + "0", "Basic " + digits,
          "Bearer " + std::string(64, '0')}) {
      CAPTURE(wrong);
      CHECK(!token.is_in(wrong));
    }
  }

  TEST_CASE("a file that others may read, or with other contents, is refused") {
    const test::TempDir dir;
    const auto path = dir.path() / "http-token";
    (void)Token::open(dir.path().string()).value();
    std::filesystem::permissions(path, std::filesystem::perms(0644));
    CHECK(Token::open(dir.path().string()).failure().message.find("others may read") !=
          std::string::npos);
    std::filesystem::permissions(path, std::filesystem::perms(0600));
    std::ofstream(path) << "short\n";
    CHECK(Token::open(dir.path().string()).failure().message.find("64 hexadecimal digits") !=
          std::string::npos);
    CHECK(Token::open((dir.path() / "absent").string()).failure().code == ErrorCode::kIo);
  }
}

}  // namespace anabranch::token_test
