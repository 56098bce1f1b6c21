// A store whose calls of the system fail for a moment: writes are refused and visible nowhere, and
// go on within seconds after the cause has gone, by themselves. A peer and a restart have the same.

#include <doctest/doctest.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>

#include "leader/backup/backups.h"
#include "leader/leader.h"
#include "tests/leader/refusals/failing_calls.h"
#include "tests/leader/store_world.h"

namespace anabranch::refusals_test {

using test::dialling;
using test::eventually;
using test::FailingCalls;
using test::listening;
using test::shown;
using test::store_options;
using test::SystemCall;
using test::TempDir;

namespace {

using Word = Register<std::string>;
using Clock = std::chrono::steady_clock;
using Times = FailingCalls::Times;

constexpr std::array kPassing{EMFILE, ENFILE, ENOSPC, EDQUOT, EINTR, ENOMEM, EAGAIN, EACCES};
constexpr std::chrono::seconds kAtMost{5};

// A store that writes much, so that it begins segments of its log; and what it has acknowledged.
class Writer {
 public:
  explicit Writer(const Options& options) : options_(options) { open(); }

  void open() { store_ = std::make_unique<Store>(Store::open(options_)); }
  void close() { store_.reset(); }
  Store& store() { return *store_; }

  // Returns whether a write was taken; one that was refused is nowhere.
  bool write() {
    const std::string value = std::to_string(++last_) + std::string(150'000, 'v');
    try {
      Word{*store_, "k" + std::to_string(last_ % 3)}.put(value);
    } catch (const Error& error) {
      refusal_ = error.what();
      REQUIRE(error.code() == ErrorCode::kIo);
      REQUIRE(store_->status().writable);
      CHECK(shown(last_ % 3) == kept_[last_ % 3]);
      return false;
    }
    kept_[last_ % 3] = value;
    return true;
  }
  // Writes until a call has failed, so often at most; returns how many were refused.
  int write_until_failed(const FailingCalls& calls) {
    constexpr int kTries = 120;
    int refused = 0;
    for (int i = 0; i < kTries && !calls.failed(); ++i) refused += write() ? 0 : 1;
    REQUIRE(calls.failed());
    return refused;
  }
  // The next write goes through in time.
  void check_goes_on() {
    const auto begin = Clock::now();
    while (!write()) {
      CAPTURE(refusal_);
      REQUIRE(Clock::now() - begin < kAtMost);
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
  }
  void check_kept() {
    for (std::size_t i = 0; i < kept_.size(); ++i) CHECK(shown(i) == kept_[i]);
  }
  [[nodiscard]] const std::string& refusal() const { return refusal_; }

 private:
  std::string shown(std::size_t i) {
    return Word{*store_, "k" + std::to_string(i)}.get().value_or("");
  }

  Options options_;
  std::unique_ptr<Store> store_;
  std::array<std::string, 3> kept_;
  std::size_t last_ = 0;
  std::string refusal_;
};

// How far each origin has been applied.
std::map<std::string, std::uint64_t> numbers(const Store& store) {
  std::map<std::string, std::uint64_t> numbers;
  for (const AppliedStatus& each : store.status().applied) numbers[each.origin] = each.seq;
  return numbers;
}

Options quick(Options options) {
  options.durability = Durability::kInterval;
  return options;
}

// Runs with a call failing, and compares with a peer and with a restart.
void run(SystemCall call, const std::string& within, int error, Times times) {
  CAPTURE(static_cast<int>(call));
  CAPTURE(error);
  const TempDir folder;
  Writer eu(quick(listening(folder, "eu")));
  {
    const Store us = Store::open(quick(dialling(folder, "us", eu.store())));
    {
      const FailingCalls calls(call, within, error, times);
      const int refused = eu.write_until_failed(calls);
      CHECK(refused <= 1);
    }
    eu.check_goes_on();
    eu.check_kept();
    REQUIRE(eventually([&] { return shown(us) == shown(eu.store()); }));
    CHECK(eventually([&] {  // Rows of their own may still be on the way.
      return numbers(us) == numbers(eu.store()) && us.status().digest == eu.store().status().digest;
    }));
  }
  eu.close();
  eu.open();
  eu.check_kept();
  REQUIRE(eu.write());
}

}  // namespace

TEST_SUITE("leader: refusals") {
  TEST_CASE("each call that fails once refuses one write at most") {
    for (const int error : kPassing) {
      run(SystemCall::kCreate, "/wal/spare", error, Times::kOnce);
      run(SystemCall::kOpen, "/wal/spare", error, Times::kOnce);
      run(SystemCall::kRename, "/wal/segment", error, Times::kOnce);
      run(SystemCall::kStat, "/wal", error, Times::kOnce);
      run(SystemCall::kStat, "data.mdb", error, Times::kOnce);
    }
  }

  TEST_CASE("a cause that lasts refuses as long as it lasts, and then all goes on by itself") {
    const TempDir folder;
    Writer eu(quick(store_options(folder, "eu")));
    for (const SystemCall call : {SystemCall::kCreate, SystemCall::kRename, SystemCall::kStat}) {
      {
        const FailingCalls calls(call, "/wal", EMFILE, Times::kAll);
        for (int i = 0; i < 120 && eu.write(); ++i) continue;
        for (int i = 0; i < 5; ++i) REQUIRE_FALSE(eu.write());
        CHECK(eu.refusal().find("nothing of it is stored") != std::string::npos);
      }
      eu.check_goes_on();
      eu.check_kept();
      eu.close();
      eu.open();
      eu.check_kept();
    }
  }

  TEST_CASE("a flush that has no room for the tables is done later") {
    const TempDir folder;
    Options options = quick(store_options(folder, "eu"));
    options.flush_bytes_max = std::size_t{1} << 20U;
    Writer eu(options);
    {
      const FailingCalls calls(SystemCall::kFallocate, "data.mdb", EDQUOT, Times::kAll);
      eu.write_until_failed(calls);
    }
    const std::uint64_t before = eu.store().status().storage_flushes;
    CHECK(eventually([&] { return eu.write() && eu.store().status().storage_flushes > before; }));
    eu.close();
    eu.open();
    eu.check_kept();
  }

  TEST_CASE("a write or a sync of the log closes, whatever it returns, and loses nothing") {
    for (const int error : {ENOSPC, EINTR, EMFILE, EIO}) {
      for (const SystemCall call : {SystemCall::kWrite, SystemCall::kSync}) {
        if (call == SystemCall::kWrite && error == EINTR) continue;  // Nothing was written yet.
        CAPTURE(error);
        const TempDir folder;
        const Options options = store_options(folder, "eu");
        {
          Store store = Store::open(options);
          Word{store, "k"}.put("before");
          const FailingCalls calls(call, "/wal/segment", error);
          // A commit of the leader's own may have come first.
          const ErrorCode code = test::code_of([&] { Word{store, "k"}.put("refused"); });
          CHECK((code == ErrorCode::kIo || code == ErrorCode::kClosed));
          REQUIRE(calls.failed());
          CHECK(test::code_of([&] { Word{store, "k"}.put("refused"); }) == ErrorCode::kClosed);
          CHECK_FALSE(store.status().writable);
          CHECK(Word{store, "k"}.get() == "before");
        }
        Store again = Store::open(options);
        const auto found = Word{again, "k"}.get();
        CHECK((found == "before" || found == "refused"));
      }
    }
  }

  TEST_CASE("a backup that a passing cause has ended is made by the next try, in the same folder") {
    const TempDir dir;
    const std::string folder = (dir.path() / "b").string();
    auto opened = leader::Leader::open(store_options(dir, "eu"));
    REQUIRE(opened.ok());
    leader::Leader& eu = *opened.value();
    Word(eu.scope(), "k").put("value");
    REQUIRE(eu.commit().ok());
    using Kind = leader::BackupState::Kind;
    const auto run = [&] {
      REQUIRE(eu.backups().start(folder).ok());
      REQUIRE(eventually([&] { return eu.backups().state().kind != Kind::kRunning; }));
      return eu.backups().state().kind;
    };
    for (const SystemCall call : {SystemCall::kCreate, SystemCall::kRename}) {
      const FailingCalls calls(call, folder, EMFILE);
      CHECK(run() == Kind::kFailed);
      CHECK(calls.failed());
    }
    {
      const FailingCalls calls(SystemCall::kThread, "", EAGAIN);
      CHECK(test::code_of([&] { (void)eu.backups().start(folder); }) == ErrorCode::kIo);
    }
    REQUIRE_MESSAGE(run() == Kind::kDone, eu.backups().state().why);
    Word(eu.scope(), "k").put("after");
    REQUIRE(eu.commit().ok());
  }

  TEST_CASE("where the system begins no thread a write is made without one") {
    const TempDir folder;
    Writer eu(store_options(folder, "eu"));
    const FailingCalls calls(SystemCall::kThread, "", EAGAIN, Times::kAll);
    for (int i = 0; i < 20; ++i) REQUIRE(eu.write());
    CHECK(test::code_of([&] { (void)eu.store().transact_async([](Transaction& /*txn*/) {}); }) ==
          ErrorCode::kIo);
    eu.check_kept();
  }
}

}  // namespace anabranch::refusals_test
