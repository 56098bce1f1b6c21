// The ends of threads and processes that have a store: `ends` runs each way below in a process of
// its own, and looks at what it has left; `ends WAY DIR` is such a process.
//
// Nothing may be destroyed before the last use of a store, whoever is the owner: so the ways are
// meant for the address sanitizer as well. A process that does not end is killed, and has failed.

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

#include <anabranch/anabranch.h>

namespace {

using anabranch::Counter;
using anabranch::Register;
using anabranch::Store;
using anabranch::Transaction;

constexpr int kExitCode = 7;  // Of processes that end by std::exit() within a function.
constexpr unsigned kSecondsMax = 100;
constexpr int kThreads = 200;
constexpr const char* kGlobalDirectory = "ANABRANCH_TEST_GLOBAL";

Store open(const std::string& directory) {
  constexpr std::size_t kMapBytes = std::size_t{256}
                                    << 20U;  // Also fits beside a checker of memory.
  return Store::open({.path = directory, .region = "eu", .map_bytes = kMapBytes});
}

// All that a thread may use once: its locks, its scopes, its memory for rows.
void use(Store& store) {
  Counter{store, "uses"}.add(1);
  store.transact([](Transaction& txn) { Register<int>{txn, "last"}.put(1); });
  store.read([](anabranch::ReadTransaction& txn) { (void)Register<int>{txn, "last"}.get(); });
}

// ---- Owners.

// Opened before main(), where the environment says so; closed behind it.
struct Global {
  Global() {
    const char* const directory = std::getenv(kGlobalDirectory);
    if (directory == nullptr) return;
    store.emplace(open(directory));
    use(*store);
  }
  std::optional<Store> store;
};
Global global;

int of_global(const std::string& /*directory*/) {
  use(*global.store);
  return 0;
}

Store& static_store(const std::string& directory) {
  static Store store = open(directory);
  return store;
}

int of_static(const std::string& directory) {
  use(static_store(directory));
  use(static_store(directory));
  return 0;
}

thread_local std::optional<Store> own;

int of_main_thread(const std::string& directory) {
  own.emplace(open(directory));
  use(*own);
  use(*own);
  return 0;
}

int of_other_thread(const std::string& directory) {
  std::thread([&] {
    own.emplace(open(directory));
    use(*own);
    use(*own);
  }).join();
  return 0;
}

Store* closed_at_exit = nullptr;

int at_exit(const std::string& directory) {
  closed_at_exit = new Store(open(directory));
  use(*closed_at_exit);
  return std::atexit([] {
    use(*closed_at_exit);
    delete closed_at_exit;
  });
}

// ---- Uses at the end of a thread.

Store* used = nullptr;

struct UsesAtEnd {
  bool wanted = false;
  ~UsesAtEnd() {
    if (wanted) use(*used);
  }
};
thread_local UsesAtEnd at_end;

int thread_end(const std::string& directory) {
  Store store = open(directory);
  used = &store;
  for (int i = 0; i < kThreads; ++i) {
    // Its own object first, so that it is destroyed behind those of the library.
    std::thread([&] {
      at_end.wanted = true;
      use(store);
    }).join();
  }
  return 0;
}

int key_end(const std::string& directory) {
  Store store = open(directory);
  pthread_key_t key = 0;
  if (::pthread_key_create(&key, [](void* given) { use(*static_cast<Store*>(given)); }) != 0) {
    return 1;
  }
  for (int i = 0; i < kThreads; ++i) {
    std::thread([&] {
      (void)::pthread_setspecific(key, &store);
      use(store);
    }).join();
  }
  return 0;
}

// ---- std::exit() within a function.

// Waits for a function that ends the process.
int wait_for_end() {
  std::this_thread::sleep_for(std::chrono::seconds(kSecondsMax));
  return 1;
}

// Uses a store that another thread closes meanwhile, by std::exit().
void use_while_it_ends(Store& store) {
  try {
    use(store);
  } catch (const anabranch::Error&) {
    // It was closed before the last of the uses.
  }
}

int exit_in_watch(const std::string& directory) {
  Store& store = static_store(directory);
  use(store);
  const anabranch::Watch watch =
      store.watch("uses", [](const anabranch::Changes& /*changes*/) { std::exit(kExitCode); });
  use_while_it_ends(store);
  return wait_for_end();
}

// The watch ends behind the store, or before it, as it was made.
int exit_in_static_watch(const std::string& directory) {
  Store& store = static_store(directory);
  use(store);
  static const anabranch::Watch watch =
      store.watch("uses", [](const anabranch::Changes& /*changes*/) { std::exit(kExitCode); });
  use_while_it_ends(store);
  return wait_for_end();
}

int exit_in_listener(const std::string& directory) {
  Store& store = static_store(directory);
  use(store);
  use(store);
  const anabranch::PresenceWatch watch =
      store.listen("", [](const anabranch::PresenceMessage& /*message*/) { std::exit(kExitCode); });
  store.publish("channel", "body");
  return wait_for_end();
}

int exit_in_transaction(const std::string& directory) {
  Store& store = static_store(directory);
  use(store);
  use(store);
  store.transact([](Transaction& /*txn*/) { std::exit(kExitCode); });
  return 1;
}

int exit_in_async(const std::string& directory) {
  Store& store = static_store(directory);
  use(store);
  use(store);
  (void)store.transact_async([](Transaction& /*txn*/) { std::exit(kExitCode); });
  return wait_for_end();
}

// ---- Descriptors.

constexpr int kKeys = 20'000;
constexpr int kLines = 10'000;

// Opens the store for the second time as a daemon that has closed some of its descriptors 0 to 2,
// in `kClosed` by their bits, and writes lines to all of them. The store is looked at by a third
// opening.
template <unsigned kClosed>
int without_descriptors(const std::string& directory) {
  {
    Store store = open(directory);
    use(store);
    store.transact([](Transaction& txn) {
      for (int i = 0; i < kKeys; ++i) Register<int>{txn, "key:" + std::to_string(i)}.put(i);
    });
  }
  for (int each = 0; each < 3; ++each) {
    if ((kClosed >> static_cast<unsigned>(each) & 1U) != 0) ::close(each);
  }
  {
    Store store = open(directory);
    for (int i = 0; i < kLines; ++i) {
      const std::string line = "line " + std::to_string(i) + " of the application\n";
      for (const int each : {0, 1, 2}) {
        const bool was_closed = (kClosed >> static_cast<unsigned>(each) & 1U) != 0;
        if (was_closed && ::write(each, line.data(), line.size()) < 0) return 1;
      }
    }
    use(store);
  }
  Store store = open(directory);
  for (int i = 0; i < kKeys; ++i) {
    if (Register<int>{store, "key:" + std::to_string(i)}.get() != i) return 1;
  }
  return 0;
}

// ---- Two stores.

// A store may be closed within the function of a watch of another one.
int close_in_watch(const std::string& directory) {
  std::optional<Store> other = open(directory);
  use(*other);
  use(*other);
  std::promise<void> closed;
  Store store = open(directory + "/second");
  const anabranch::Watch watch = store.watch("uses", [&](const anabranch::Changes& /*changes*/) {
    if (!other) return;
    other.reset();
    closed.set_value();
  });
  use(store);
  closed.get_future().wait();
  return 0;
}

// ---- The processes.

struct Way {
  int (*run)(const std::string& directory);
  int code = 0;  // With which the process ends,
  int uses = 2;  // and what it leaves.
};

const std::map<std::string_view, Way>& ways() {
  static const std::map<std::string_view, Way> all{
      {"of_global", {of_global}},
      {"of_static", {of_static}},
      {"of_main_thread", {of_main_thread}},
      {"of_other_thread", {of_other_thread}},
      {"at_exit", {at_exit}},
      {"thread_end", {thread_end, 0, 2 * kThreads}},
      {"key_end", {key_end, 0, 2 * kThreads}},
      {"exit_in_watch", {exit_in_watch, kExitCode}},
      {"exit_in_static_watch", {exit_in_static_watch, kExitCode}},
      {"exit_in_listener", {exit_in_listener, kExitCode}},
      {"exit_in_transaction", {exit_in_transaction, kExitCode}},
      {"exit_in_async", {exit_in_async, kExitCode}},
      {"close_in_watch", {close_in_watch}},
      {"without_0", {without_descriptors<1>}},
      {"without_1", {without_descriptors<2>}},
      {"without_0_and_1", {without_descriptors<3>}},
      {"without_2", {without_descriptors<4>}},
      {"without_0_and_2", {without_descriptors<5>}},
      {"without_1_and_2", {without_descriptors<6>}},
      {"without_all", {without_descriptors<7>}},
  };
  return all;
}

// Returns the status of a process of this program that goes a way.
int run_way(const char* program, const char* name, const std::string& directory) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::strcmp(name, "of_global") == 0) ::setenv(kGlobalDirectory, directory.c_str(), 1);
    ::execl(program, program, name, directory.c_str(), nullptr);
    ::_exit(2);
  }
  int status = -1;
  ::waitpid(child, &status, 0);
  return status;
}

bool check_way(const char* program, std::string_view name, const Way& way,
               const std::string& directory) {
  const int status = run_way(program, std::string(name).c_str(), directory);
  const bool ended = WIFEXITED(status) && WEXITSTATUS(status) == way.code;
  std::int64_t uses = 0;
  try {
    Store store = open(directory);
    uses = Counter{store, "uses"}.get();
  } catch (const anabranch::Error& error) {
    std::cerr << error.what() << '\n';
  }
  const bool well = ended && uses == way.uses;
  std::cout << name << ": status " << status << ", " << uses << " uses" << (well ? "" : ": FAILED")
            << '\n';
  return well;
}

int check_all(const char* program) {
  std::string folder = std::filesystem::temp_directory_path() / "anabranch-ends-XXXXXX";
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  bool well = true;
  for (const auto& [name, way] : ways()) {
    well = check_way(program, name, way, folder + '/' + std::string(name)) && well;
  }
  std::filesystem::remove_all(folder);
  return well ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) return check_all(argv[0]);
  const auto way = argc == 3 ? ways().find(argv[1]) : ways().end();
  if (way == ways().end()) return 2;
  ::alarm(kSecondsMax);
  return way->second.run(argv[2]);
}
