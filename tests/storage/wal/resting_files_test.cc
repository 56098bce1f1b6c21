// The files of a log of which few have a descriptor.
#include "storage/wal/resting_files.h"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "storage/wal/posix_files.h"
#include "storage/wal/wal.h"
#include "storage/wal/wal_reader.h"
#include "storage/wal/wal_recovery.h"
#include "tests/storage/wal/recorded_files.h"
#include "tests/temp_dir.h"

namespace anabranch::storage::resting_files_test {

namespace {

constexpr std::size_t kFiles = 40;

// The descriptors of files in a folder.
std::size_t open_in(const std::string& folder) {
  std::size_t count = 0;
  std::error_code gone;
  for (const auto& each : std::filesystem::directory_iterator("/proc/self/fd")) {
    const std::string place = std::filesystem::read_symlink(each.path(), gone).string();
    if (!gone && place.starts_with(folder + "/")) ++count;
  }
  return count;
}

std::string text_of(const File& file) {
  std::string text(100, '\0');
  const auto got = file.read(0, text);
  REQUIRE(got.ok());
  return text.substr(0, got.value());
}

std::string name_of(std::size_t number) { return "file-" + std::to_string(number); }

struct World {
  // Makes a file with its name as its text, and opens it as one that rests.
  void make(std::size_t number) {
    {
      const auto file = files.create(name_of(number));
      REQUIRE(file.ok());
      REQUIRE(file.value()->write(0, name_of(number)).ok());
      REQUIRE(file.value()->sync().ok());
    }
    auto opened = files.open(name_of(number));
    REQUIRE(opened.ok());
    opened.value()->rest();
    resting.push_back(std::move(opened).value());
  }
  [[nodiscard]] std::size_t open() const { return open_in(folder.path()); }

  const anabranch::test::TempDir folder;
  RestingFiles files{posix_files(folder.path())};
  std::vector<std::unique_ptr<File>> resting;
};

// As few descriptors as are open now, for a while.
class NoneLeft {
 public:
  NoneLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int next = ::open("/dev/null", O_RDONLY);
    ::close(next);
    const rlimit none{static_cast<rlim_t>(next), before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoneLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoneLeft(const NoneLeft&) = delete;
  NoneLeft& operator=(const NoneLeft&) = delete;

 private:
  rlimit before_{};
};

}  // namespace

TEST_SUITE_BEGIN("storage/wal: resting files");

TEST_CASE("of many that are read only the last ones are open") {
  World world;
  for (std::size_t i = 0; i < kFiles; ++i) world.make(i);
  CHECK(world.open() <= RestingFiles::kOpenMax);
  for (int round = 0; round < 2; ++round) {
    for (std::size_t i = 0; i < kFiles; ++i) {
      CHECK(text_of(*world.resting[i]) == name_of(i));
      CHECK(world.resting[i]->size().value() == name_of(i).size());
      CHECK(world.open() <= RestingFiles::kOpenMax);
    }
  }
  world.resting.clear();
  CHECK(world.open() == 0);
}

TEST_CASE("one that is written to keeps its descriptor until it may rest") {
  World world;
  const auto made = world.files.create("made");
  REQUIRE(made.ok());
  REQUIRE(made.value()->write(0, "text").ok());
  for (std::size_t i = 0; i < kFiles; ++i) world.make(i);
  CHECK(world.open() == RestingFiles::kOpenMax + 1);
  REQUIRE(made.value()->sync().ok());
  made.value()->rest();
  for (const auto& each : world.resting) (void)text_of(*each);
  CHECK(world.open() == RestingFiles::kOpenMax);
  CHECK(text_of(*made.value()) == "text");
  REQUIRE(made.value()->write(4, " and more").ok());
  for (const auto& each : world.resting) (void)text_of(*each);
  CHECK(world.open() == RestingFiles::kOpenMax + 1);
  CHECK(text_of(*made.value()) == "text and more");
  CHECK(made.value()->size().value() == 13);
}

TEST_CASE("one whose name goes or changes stays readable") {
  World world;
  for (std::size_t i = 0; i < kFiles; ++i) world.make(i);
  REQUIRE(world.files.remove(name_of(0)).ok());
  REQUIRE(world.files.rename(name_of(1), "other").ok());
  REQUIRE(world.files.rename(name_of(2), name_of(3)).ok());
  for (const auto& each : world.resting) (void)text_of(*each);
  for (std::size_t i = 0; i < kFiles; ++i) CHECK(text_of(*world.resting[i]) == name_of(i));
  // Those whose names went.
  CHECK(world.open() == RestingFiles::kOpenMax + 2);
  CHECK_FALSE(world.files.open(name_of(0)).ok());
}

TEST_CASE("where no descriptor is left one that rests is read all the same") {
  World world;
  for (std::size_t i = 0; i < kFiles; ++i) world.make(i);
  {
    const NoneLeft none;
    for (std::size_t i = 0; i < kFiles; ++i) CHECK(text_of(*world.resting[i]) == name_of(i));
  }
  CHECK(text_of(*world.resting[0]) == name_of(0));
}

TEST_CASE("a file that cannot rest keeps its descriptor, and the log goes on") {
  auto below = std::make_unique<test::RecordedFiles>();
  test::RecordedFiles& disk = *below;
  RestingFiles files(std::move(below));
  const WalOptions options{.segment_bytes = 1024, .first_bytes = 1024, .spares = 0};
  const auto none = [](Ticket /*ticket*/, std::string_view /*changes*/) {
    return core::Result<void>();
  };
  const auto opened = open_wal(files, options, {}, none);
  REQUIRE(opened.ok());
  Wal& wal = *opened.value().wal;
  const std::string bytes(400, 'v');
  disk.fail_all(test::DiskCall::kSize, EIO);
  for (core::Seq seq = 1; seq <= 12; ++seq) {
    const LogRecord record{7, seq, seq, bytes};
    REQUIRE(wal.append(std::span(&record, 1), {}).ok());
  }
  CHECK(wal.spans().size() > Wal::kOpenSegments + 1);
  CHECK_FALSE(wal.failure().has_value());
}

TEST_CASE("a log of many segments has few open, and is read, found in and trimmed as ever") {
  const anabranch::test::TempDir folder;
  RestingFiles files(posix_files(folder.path()));
  const WalOptions options{.segment_bytes = 4096, .first_bytes = 4096};
  const std::size_t most = RestingFiles::kOpenMax + Wal::kOpenSegments + 1;
  constexpr core::Seq kBatches = 400;
  const std::string bytes(1000, 'b');
  for (int life = 0; life < 2; ++life) {
    auto opened =
        open_wal(files, options, {}, [](Ticket, std::string_view) { return core::Result<void>(); });
    REQUIRE(opened.ok());
    Wal& wal = *opened.value().wal;
    for (core::Seq seq = 1; life == 0 && seq <= kBatches; ++seq) {
      const LogRecord batch{5, seq, seq, bytes};
      REQUIRE(wal.append(std::span(&batch, 1), "").ok());
      REQUIRE(wal.sync().ok());
      CHECK(open_in(folder.path()) <= most);
    }
    CHECK(wal.spans().size() > 100);
    WalReader reader = wal.read(1);
    for (Position position = 1; position <= kBatches; ++position) {
      const auto next = reader.next();
      REQUIRE(next.ok());
      REQUIRE(next.value());
      CHECK(next.value()->position == position);
      CHECK(next.value()->batch.bytes == bytes);
    }
    CHECK(open_in(folder.path()) <= most);
    for (const core::Seq seq : {1, 200, 399}) {
      CHECK(wal.find(5, seq).value() == Position(seq));
    }
    if (life == 1) {
      // A reader at the begin goes on at the first batch left.
      WalReader first = wal.read(1);
      REQUIRE(first.next().ok());
      REQUIRE(wal.trim(200, wal.last().ticket).ok());
      CHECK(open_in(folder.path()) <= most + 1);
      Position last = 1;
      for (auto next = first.next(); next.ok() && next.value(); next = first.next()) {
        CHECK(next.value()->position > last);
        last = next.value()->position;
      }
      CHECK(last == kBatches);
    }
    REQUIRE(wal.close().ok());
  }
}

TEST_SUITE_END();

}  // namespace anabranch::storage::resting_files_test
