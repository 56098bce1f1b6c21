// A region inside an application: a store with a conflict hook for all keys below "doc/", driven by
// commands on standard input.
//
//   conflict_hook ap data/ap tcp://127.0.0.1:7402 tcp://127.0.0.1:7400
//   put doc/list tent stove
//
// Every command is answered by lines and then an empty one. `help` lists the commands; the end of
// the input ends the program. Before the other arguments --without-hook leaves every conflict to
// the last writer, and --http HOST:PORT shows the dashboard there.
#include <algorithm>
#include <array>
#include <functional>
#include <iostream>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include <anabranch/anabranch.h>
#include <anabranch/http.h>

#include "examples/conflict_hook/merge_words.h"

namespace {

namespace ab = anabranch;

// A command has at most a key and a rest: a value, an element or an amount.
struct Words {
  std::string key;
  std::string rest;
};

void get(ab::Store& store, const Words& words) {
  std::cout << ab::Register<std::string>{store, words.key}.get().value_or("(nothing)") << '\n';
}

void put(ab::Store& store, const Words& words) {
  ab::Register<std::string>{store, words.key}.put(words.rest);
  std::cout << "ok\n";
}

// Ends a conflict: writes the value shown by the hook; since this write has seen all siblings, it
// replaces them in every region.
void settle(ab::Store& store, const Words& words) {
  store.transact([&](ab::Transaction& txn) {
    ab::Register<std::string> value{txn, words.key};
    const std::optional<std::string> shown = value.get();
    if (shown) value.put(*shown);
  });
  get(store, words);
}

void siblings(ab::Store& store, const Words& words) {
  for (const ab::Sibling& sibling : ab::Register<std::string>{store, words.key}.siblings()) {
    std::cout << sibling.region << ": " << sibling.value << '\n';
  }
}

void add(ab::Store& store, const Words& words) {
  ab::Counter counter{store, words.key};
  counter.add(ab::Codec<std::int64_t>::decode(words.rest).value_or(1));
  std::cout << counter.get() << '\n';
}

void insert(ab::Store& store, const Words& words) {
  const bool added = ab::Set<std::string>{store, words.key}.insert(words.rest);
  std::cout << (added ? "inserted" : "was there") << '\n';
}

void erase(ab::Store& store, const Words& words) {
  const bool found = ab::Set<std::string>{store, words.key}.erase(words.rest);
  std::cout << (found ? "erased" : "was not there") << '\n';
}

void elements(ab::Store& store, const Words& words) {
  for (const std::string& element : ab::Set<std::string>{store, words.key}.elements()) {
    std::cout << element << '\n';
  }
}

void pause(ab::Store& store, const Words& words) {
  std::cout << (store.pause(words.key) ? "paused" : "no such peer") << '\n';
}

void resume(ab::Store& store, const Words& words) {
  std::cout << (store.resume(words.key) ? "resumed" : "no such peer") << '\n';
}

void status(ab::Store& store, const Words&) {
  const ab::StoreStatus all = store.status();
  std::cout << all.region << " listens on " << all.endpoint << '\n';
  for (const ab::PeerStatus& peer : all.peers) {
    std::cout << (peer.region.empty() ? peer.address : peer.region)
              << (peer.paused      ? " paused"
                  : peer.connected ? " connected"
                                   : " not connected")
              << ", lacks " << peer.lag_ops << " ops, is ahead by " << peer.behind_ops << '\n';
  }
}

struct Command {
  std::string_view name;
  std::string_view help;
  void (*run)(ab::Store& store, const Words& words);
};

constexpr std::array kCommands{
    Command{"get", "KEY: the value of a register or counter", get},
    Command{"put", "KEY VALUE: write a register", put},
    Command{"siblings", "KEY: all concurrent values", siblings},
    Command{"settle", "KEY: write what the hook shows, for all regions", settle},
    Command{"add", "KEY [AMOUNT]: add to a counter", add},
    Command{"insert", "KEY ELEMENT: add to a set", insert},
    Command{"erase", "KEY ELEMENT: remove from a set", erase},
    Command{"elements", "KEY: all elements of a set", elements},
    Command{"pause", "PEER: stop the exchange with a peer", pause},
    Command{"resume", "PEER: take it up again", resume},
    Command{"status", "this region and its peers", status},
};

void run(ab::Store& store, const std::string& line) {
  std::istringstream text(line);
  std::string name;
  Words words;
  text >> name >> words.key >> std::ws;
  std::getline(text, words.rest);
  const auto* const command = std::ranges::find(kCommands, name, &Command::name);
  if (command != kCommands.end()) return command->run(store, words);
  for (const Command& row : kCommands) std::cout << row.name << ' ' << row.help << '\n';
}

// The error of a command is its answer.
void answer(ab::Store& store, const std::string& line) try {
  run(store, line);
} catch (const ab::Error& error) {
  std::cout << "error: " << error.what() << '\n';
}

std::vector<ab::PrefixResolver> resolvers(bool with_hook) {
  if (!with_hook) return {};
  return {{"doc/", ab::Resolver{"merge_words", merge_words}}};
}

}  // namespace

int main(int argc, char** argv) try {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool with_hook = words.empty() || words.front() != "--without-hook";
  if (!with_hook) words.erase(words.begin());
  std::string http_address;
  if (words.size() > 1 && words.front() == "--http") {
    http_address = words[1];
    words.erase(words.begin(), words.begin() + 2);
  }
  if (words.size() < 3) {
    throw ab::Error{
        ab::ErrorCode::kInvalid,
        "usage: conflict_hook [--without-hook] [--http HOST:PORT] REGION DIR LISTEN [PEER]..."};
  }
  ab::Store store = ab::Store::open({
      .path = words[1],
      .region = words[0],
      .listen = words[2],
      .peers = {words.begin() + 3, words.end()},
      .resolvers = resolvers(with_hook),
  });
  std::cout << words[0] << " listens on " << store.status().endpoint << '\n';
  std::optional<ab::Http> http;
  if (!http_address.empty()) {
    http = ab::Http::start({.directory = words[1], .address = http_address});
    std::cout << "dashboard at " << http->address() << '\n';
  }
  std::cout << std::endl;
  for (std::string line; std::getline(std::cin, line) && line != "quit";) {
    answer(store, line);
    std::cout << std::endl;
  }
  return 0;
} catch (const ab::Error& error) {
  std::cerr << "conflict_hook: " << error.what() << '\n';
  return 1;
}
