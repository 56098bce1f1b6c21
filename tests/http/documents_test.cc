// The documents as a site: files of a folder, and nothing outside of it.

#include "http/documents.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>

#include <anabranch/anabranch.h>

#include "http/port.h"
#include "tests/http/http_client.h"
#include "tests/temp_dir.h"

namespace anabranch::documents_test {

using http::Answer;
using http::Documents;
using http::Request;
using test::fetch;
using test::Reply;

namespace {

namespace fs = std::filesystem;

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

bool contains(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// A folder with the site, and a secret beside it.
struct World {
  World() {
    write(site / "index.html", "<h1>first</h1>");
    write(site / "operations/alarms.html", "<h1>alarms</h1>");
    write(site / "_static/site.css", "p {}");
    write(site / "searchindex.js", "x()");
    write(site / "_images/healed.png", "png");
    write(site / ".hidden.html", "hidden");
    write(dir.path() / "secret.html", "secret");
  }

  [[nodiscard]] Answer get(const std::string& path, const std::string& tag = {}) const {
    Request request;
    request.method = Request::Method::kGet;
    request.path = path;
    request.known_tag = tag;
    const auto answer = Documents(site.string()).at(request);
    return answer ? *answer : Answer{.status = 0};
  }

  test::TempDir dir;
  fs::path site = dir.path() / "html";
};

}  // namespace

TEST_SUITE("http: documents") {
  TEST_CASE("the files of the folder are there, with their types") {
    const World world;
    CHECK(world.get("/docs/").body == "<h1>first</h1>");
    CHECK(world.get("/docs/index.html").type == "text/html; charset=utf-8");
    CHECK(world.get("/docs/operations/alarms.html").body == "<h1>alarms</h1>");
    CHECK(world.get("/docs/_static/site.css").type == "text/css; charset=utf-8");
    CHECK(world.get("/docs/searchindex.js").type == "text/javascript; charset=utf-8");
    CHECK(world.get("/docs/_images/healed.png").type == "image/png");
    CHECK(world.get("/docs").status == 301);
    CHECK(world.get("/docs").location == "docs/");
  }

  TEST_CASE("a browser that has a file is told so, until the file is another one") {
    const World world;
    const std::string tag = world.get("/docs/index.html").tag;
    CHECK(world.get("/docs/index.html", tag).status == 304);
    CHECK(world.get("/docs/index.html", tag).body.empty());
    write(world.site / "index.html", "<h1>other</h1>");
    CHECK(world.get("/docs/index.html", tag).body == "<h1>other</h1>");
  }

  TEST_CASE("no path leads out of the folder") {
    const World world;
    fs::create_symlink(world.dir.path() / "secret.html", world.site / "link.html");
    fs::create_symlink(world.dir.path(), world.site / "up");
    fs::create_symlink("index.html", world.site / "inner.html");
    CHECK(world.get("/docs/inner.html").body == "<h1>first</h1>");
    for (const std::string path :
         {"../secret.html", "operations/../../secret.html", "./index.html", ".hidden.html",
          "link.html", "up/secret.html", "..", "/etc/passwd", "operations", "operations/", "none",
          "index.html/", "%2e%2e/secret.html", "..%2fsecret.html", "a\\b", "index.html\n", "*"}) {
      CAPTURE(path);
      CHECK(world.get("/docs/" + path).status == 404);
    }
    CHECK(world.get("/docs/index.html" + std::string(1, '\0')).status == 404);
    CHECK(world.get("/docs/" + std::string(100'000, 'a')).status == 404);
    CHECK(world.get("/docsx").status == 0);
    CHECK(world.get("/").status == 0);
    // Its name begins as that of the folder of the site.
    write(world.dir.path() / "html-other/x.html", "other");
    fs::create_symlink(world.dir.path() / "html-other", world.site / "other");
    CHECK(world.get("/docs/other/x.html").status == 404);
  }

  TEST_CASE("a pipe and too large a file are not read") {
    const World world;
    REQUIRE(::mkfifo((world.site / "pipe.html").c_str(), 0600) == 0);
    CHECK(world.get("/docs/pipe.html").status == 404);
    write(world.site / "large.html", {});
    fs::resize_file(world.site / "large.html", (std::size_t{4} << 20U) + 1);
    CHECK(world.get("/docs/large.html").status == 503);
    fs::resize_file(world.site / "large.html", std::size_t{4} << 20U);
    CHECK(world.get("/docs/large.html").body.size() == std::size_t{4} << 20U);
  }

  TEST_CASE("without them the package is named, also when it comes and goes") {
    const World world;
    fs::rename(world.site, world.dir.path() / "away");
    for (const char* path : {"/docs", "/docs/", "/docs/index.html", "/docs/../secret.html"}) {
      CAPTURE(path);
      CHECK(world.get(path).status == 404);
      CHECK(contains(world.get(path).body, "the package anabranch-doc has them"));
    }
    fs::rename(world.dir.path() / "away", world.site);
    CHECK(world.get("/docs/").status == 200);
    CHECK(!Documents("").are_there());
    CHECK(Documents(world.site.string()).are_there());
  }

  TEST_CASE("the port serves them as it does the page, and tells the page where they are") {
    const World world;
    const std::string data = (world.dir.path() / "eu").string();
    const Store store = Store::open({.path = data, .region = "eu"});
    const http::Port port{
        http::PortOptions{.http = {.directory = data}, .documents = world.site.string()}};
    const auto get = [&](const std::string& path) { return test::get(port.name(), path); };
    const Reply first = get("/docs/");
    CHECK(first.status == 200);
    CHECK(first.body == "<h1>first</h1>");
    CHECK(contains(first.head, "content-type: text/html"));
    CHECK(contains(first.head, "content-security-policy: default-src 'self'"));
    CHECK(contains(first.head, "x-content-type-options: nosniff"));
    CHECK(contains(first.head, "cache-control: no-cache"));
    CHECK(contains(first.head, "etag: "));
    CHECK(get("/docs/operations/alarms.html").body == "<h1>alarms</h1>");
    CHECK(get("/docs/?q=x").body == first.body);
    CHECK(get("/docs").status == 301);
    CHECK(contains(get("/docs").head, "location: docs/"));
    for (const char* path : {"/docs/../secret.html", "/docs/%2e%2e/secret.html", "/docs/none.html",
                             "/docs/..%2fsecret.html", "/docs//etc/passwd"}) {
      CAPTURE(path);
      CHECK(get(path).status == 404);
    }
    const std::string host = " HTTP/1.1\r\nHost: localhost\r\n";
    CHECK(fetch(port.name(), "POST /docs/" + host + "Content-Length: 2\r\n\r\n{}").status == 405);
    CHECK(fetch(port.name(), "HEAD /docs/" + host + "\r\n").status != 200);
    CHECK(fetch(port.name(), "GET /docs/ HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 403);
    CHECK(contains(get("/history").head, "anabranch-docs: docs/"));
    fs::remove_all(world.site);
    CHECK(get("/docs/").status == 404);
    CHECK(!contains(get("/history").head, "anabranch-docs"));
  }
}

}  // namespace anabranch::documents_test
