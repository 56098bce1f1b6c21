// Keys, their files and their list: accepted files, and the messages about mistakes.
#include "transport/keys.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/temp_dir.h"
#include "transport/key_files.h"

namespace anabranch::transport::keys_test {

using test::TempDir;

TEST_SUITE_BEGIN("transport: keys");

namespace {

std::string hex(char digit) { return std::string(64, digit); }

std::string problem_of(std::string_view list) {
  const auto known = decode_known_keys(list, "list");
  REQUIRE_FALSE(known.ok());
  CHECK(known.failure().code == ErrorCode::kInvalid);
  CHECK(known.failure().message.find('\n') == std::string::npos);
  return known.failure().message;
}

void write_file(const std::filesystem::path& path, std::string_view text) {
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("keys are different each time and survive their file") {
  const OwnKeys keys = make_keys("eu");
  CHECK(make_keys("eu").curve_secret != keys.curve_secret);
  CHECK(make_keys("eu").signing_seed != keys.signing_seed);
  const auto read = decode_own_keys(encode_own_keys(keys), "file");
  REQUIRE(read.ok());
  CHECK((read.value() == keys));
}

TEST_CASE("the line that a region gives to the others is one of a list") {
  const OwnKeys keys = make_keys("eu-west.1");
  const auto known =
      decode_known_keys("# all regions\n\n" + public_line(keys) + "  # ours\r\n", "");
  REQUIRE(known.ok());
  REQUIRE(known.value().size() == 1);
  CHECK(known.value()[0].region == "eu-west.1");
  CHECK(known.value()[0].curve == keys.curve_public);
  CHECK(known.value()[0].signing == keys.signing_public);
  CHECK(known.value()[0].valid_at(0));
}

TEST_CASE("dates bound when a key is valid") {
  const auto known =
      decode_known_keys("eu " + hex('1') + ' ' + hex('2') + " 1970-01-02 1970-01-03T00:00:01Z\n" +
                            "us " + hex('3') + ' ' + hex('4') + " - 2000-02-29",
                        "list");
  REQUIRE(known.ok());
  const KnownKey& eu = known.value()[0];
  CHECK_FALSE(eu.valid_at(86'399));
  CHECK(eu.valid_at(86'400));
  CHECK(eu.valid_at(Seconds{2} * 86'400));
  CHECK_FALSE(eu.valid_at(Seconds{2} * 86'400 + 1));
  CHECK(known.value()[1].valid_at(0));
  CHECK(known.value()[1].not_after == 951'782'400);
}

TEST_CASE("a mistake in the list is told with its line") {
  const std::string good = "eu " + hex('1') + ' ' + hex('2');
  CHECK(problem_of("\n" + good + "\nus").starts_with("list:3: expected: REGION"));
  CHECK(problem_of("e@u " + hex('1') + ' ' + hex('2')).starts_with("list:1: 'e@u' is no name"));
  CHECK(problem_of("eu " + hex('g') + ' ' + hex('2')).starts_with("list:1: the CURVE key"));
  CHECK(problem_of("eu " + hex('1') + "1 " + hex('2')).starts_with("list:1: the CURVE key"));
  CHECK(problem_of("eu " + hex('1') + ' ' + hex('2').substr(1)).starts_with("list:1: the Ed25519"));
  CHECK(problem_of(good + "\n# more\n" + good).starts_with("list:3: the key stands here twice"));
  CHECK(
      problem_of(good + "\nus " + hex('3') + ' ' + hex('2')).starts_with("list:2: the key stands"));
  CHECK(problem_of(good + " 2026-02-30").starts_with("list:1: '2026-02-30' is no date"));
  CHECK(problem_of(good + " 2026-2-3").starts_with("list:1: '2026-2-3' is no date"));
  CHECK(problem_of(good + " 2026-01-01T24:00:00Z").find("is no date") != std::string::npos);
  CHECK(problem_of(good + " 2027-01-01 2026-01-01").starts_with("list:1: the key is never valid"));
  CHECK(problem_of(good + " - - -").starts_with("list:1: expected"));
}

TEST_CASE("a list has a bounded number of keys") {
  std::string list;
  for (std::size_t i = 0; i <= kKeysPerRegionMax; ++i) {
    const OwnKeys keys = make_keys("eu");
    list += public_line(keys) + '\n';
  }
  CHECK(problem_of(list).find("too many keys") != std::string::npos);
}

TEST_CASE("the file of secrets must be whole") {
  const std::string whole = encode_own_keys(make_keys("eu"));
  const std::string last = whole.substr(0, whole.rfind("signing-secret"));
  CHECK_FALSE(decode_own_keys(last, "file").ok());
  CHECK_FALSE(decode_own_keys(whole + "region us\n", "file").ok());
  CHECK_FALSE(decode_own_keys(whole + "curve-secret " + hex('1') + '\n', "file").ok());
  CHECK_FALSE(decode_own_keys(last + "signing-secret 12\n", "file").ok());
  CHECK_FALSE(decode_own_keys("", "file").ok());
}

TEST_CASE("the file of secrets is for its owner only and never overwritten") {
  const TempDir folder;
  const std::string path = (folder.path() / "eu.keys").string();
  const OwnKeys keys = make_keys("eu");
  REQUIRE(save_own_keys(path, keys).ok());
  struct stat facts {};
  REQUIRE(::stat(path.c_str(), &facts) == 0);
  CHECK((facts.st_mode & 0777U) == 0600U);
  const auto again = save_own_keys(path, make_keys("eu"));
  REQUIRE_FALSE(again.ok());
  CHECK(again.failure().code == ErrorCode::kBusy);
  const std::string absent = (folder.path() / "absent").string();
  const auto lost = save_own_keys(absent + "/eu.keys", keys);
  REQUIRE_FALSE(lost.ok());
  CHECK(lost.failure().code == ErrorCode::kIo);
  CHECK(lost.failure().message ==
        "cannot make " + absent + "/eu.keys: there is no folder " + absent + ", make it first");
  const std::string list = (folder.path() / "known").string();
  write_file(list, public_line(keys) + '\n');
  const auto loaded = load_keys(path, list, "eu");
  REQUIRE(loaded.ok());
  CHECK((loaded.value()->own == keys));
  CHECK(loaded.value()->known.size() == 1);
}

TEST_CASE("files of keys that cannot be used are refused by name") {
  const TempDir folder;
  const std::string own = (folder.path() / "eu.keys").string();
  const std::string list = (folder.path() / "known").string();
  REQUIRE(save_own_keys(own, make_keys("eu")).ok());
  const auto failure = [&](const std::string& path, const std::string& region) {
    const auto loaded = load_keys(path, list, region);
    REQUIRE_FALSE(loaded.ok());
    return loaded.failure();
  };
  CHECK(failure(own, "eu").message.find(list) != std::string::npos);
  CHECK(failure(own, "eu").code == ErrorCode::kIo);
  write_file(list, "rubbish\n");
  CHECK(failure(own, "eu").message.starts_with(list + ":1: "));
  CHECK(failure(own, "us").message.find("region eu, not of us") != std::string::npos);
  CHECK(failure(folder.path().string(), "eu").message.find("not a file") != std::string::npos);
  REQUIRE(::chmod(own.c_str(), 0644) == 0);
  CHECK(failure(own, "eu").message.find("others can read it") != std::string::npos);
  REQUIRE(::chmod(own.c_str(), 0640) == 0);  // Its group is one of this process.
  CHECK(failure(own, "eu").message.starts_with(list + ":1: "));
  write_file(list, std::string((std::size_t{1} << 20U) + 1, '\n'));
  REQUIRE(::chmod(own.c_str(), 0600) == 0);
  CHECK(failure(own, "eu").message.find("too large") != std::string::npos);
}

TEST_SUITE_END();

}  // namespace anabranch::transport::keys_test
