// Replays a trace of model.py on real replicas over memory storage, through encoded batches:
//
//   model_trace FILE [--seed N]
//
// Transactions, deliveries, saves, restores and merges are those of the trace. Of its own, from its
// seed, it trims logs, collects dead slots and delivers duplicates, which must change nothing. On
// the way, replicas with equal version vectors must be equal; at the end, after healing by logs and
// merges, all must be equal and show what the trace says. Exit 0 when they do.
#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/node.h"

namespace anabranch::test {
namespace {

using nlohmann::json;

// One value of a cell as the trace writes it: milliseconds, counter, name of origin, seq, value.
using NamedValue = std::tuple<std::int64_t, int, std::string, std::uint64_t, std::string>;

struct NamedVisible {
  std::map<core::Path, std::set<NamedValue>> cells;
  std::map<core::Path, std::int64_t> tallies;
  bool operator==(const NamedVisible&) const = default;
};

[[noreturn]] void fail(const std::string& what) {
  std::cerr << "model_trace: " << what << '\n';
  std::exit(1);
}

// A row (key, name) of the model is the field `name` of the map `key`, so that clearing a key works
// on a prefix and the counts of maps are checked on the way.
core::Path row_path(const json& row) {
  return {std::string(1, '\1'), row[0].get<std::string>(), "h", row[1].get<std::string>(), "s"};
}
core::Path key_path(const json& prefix) {
  return {std::string(1, '\1'), prefix[0].get<std::string>()};
}

class Replay {
 public:
  explicit Replay(std::uint64_t seed) : random_(seed) {}

  void run(const std::vector<json>& lines) {
    for (const json& line : lines) find_regions(line);
    for (const json& line : lines) {
      if (line.contains("visible")) continue;
      play(line);
      disturb();
      compare_equals();
    }
    heal();
    check(lines.back().at("visible"));
  }

 private:
  // Every replica exists from the start, in the model as here.
  void find_regions(const json& line) {
    for (const char* field : {"at", "from", "to", "save", "restore", "into", "merge"}) {
      if (!line.contains(field)) continue;
      const auto name = line[field].get<std::string>();
      if (!nodes_.contains(name)) nodes_[name] = open(name, origin(name), nullptr);
    }
  }

  // Snapshots go in pieces of some bytes, and are merged a row or so at a time.
  std::unique_ptr<Node> open(const std::string& region, core::Origin origin,
                             std::unique_ptr<storage::MemoryStorage> storage) {
    const auto any = [this](std::size_t max) {
      return std::uniform_int_distribution<std::size_t>(1, max)(random_);
    };
    const bool again = storage != nullptr;
    return std::make_unique<Node>(
        region, origin, std::move(storage), again,
        regions::SnapshotLimits{
            .slice_rows_max = any(4), .chunk_bytes = any(100), .window_bytes = any(300)});
  }

  void merge(Node& into, Node& from) {
    into.merge(from, [&] {
      if (std::uniform_int_distribution<int>(0, 9)(random_) > 0) return;
      if (!into.replica().background().collect().ok()) fail("dead slots could not be collected");
    });
  }

  void play(const json& line) {
    if (line.contains("txn")) {
      write(*nodes_.at(line["at"]), line);
    } else if (line.contains("from")) {
      deliver(line);
    } else if (line.contains("save")) {
      saved_[line["save"]] = nodes_.at(line["save"])->storage().clone();
    } else if (line.contains("restore")) {
      const auto region = line["restore"].get<std::string>();
      nodes_[region] = open(region, origin(line["origin"]), saved_.at(region)->clone());
    } else if (line.contains("merge")) {
      merge(*nodes_.at(line["into"]), *nodes_.at(line["merge"]));
    } else {
      fail("a line that is not understood: " + line.dump());
    }
  }

  void write(Node& node, const json& line) {
    node.write(line["wall"].get<core::Millis>(), [&](regions::Group& group) {
      for (const json& intent : line["txn"]) act(group, intent);
    });
    const storage::Position last = node.storage().last_position();
    const auto record = node.storage().read_log(last);
    if (!record || record->origin != node.origin()) fail("a committed batch is not in the log");
    batches_[{record->origin, record->first}] = record->bytes;
  }

  void act(regions::Group& group, const json& intent) {
    const auto kind = intent[0].get<std::string>();
    if (kind == "put") {
      std::optional<core::VersionVector> context;
      if (intent.size() > 3) context = vector(intent[3]);
      group.put(row_path(intent[1]), std::to_string(intent[2].get<int>()), std::move(context));
    } else if (kind == "remove") {
      group.remove(row_path(intent[1]));
    } else if (kind == "add") {
      group.add(row_path(intent[1]), intent[2].get<std::int64_t>());
    } else if (kind == "reset") {
      group.reset(row_path(intent[1]));
    } else {
      group.clear(key_path(intent[1]));
    }
  }

  void deliver(const json& line) {
    Node& from = *nodes_.at(line["from"]);
    Node& to = *nodes_.at(line["to"]);
    const core::Origin source = origin(line["origin"]);
    auto batch = batches_.find({source, line["first"].get<core::Seq>()});
    const core::Seq last = line["last"].get<core::Seq>();
    for (; batch != batches_.end() && batch->first.first == source && batch->first.second <= last;
         ++batch) {
      to.deliver(from, batch->second);
    }
  }

  // Changes that may happen at any moment and must have no visible effect.
  void disturb() {
    Node& node = any_node();
    const auto dice = std::uniform_int_distribution<int>(0, 99)(random_);
    if (dice < 5) {
      const storage::Position last = node.storage().last_position();
      const auto keep = std::uniform_int_distribution<storage::Position>(0, last)(random_);
      if (!node.storage().trim(last - keep + 1).ok()) fail("a log could not be trimmed");
    } else if (dice < 15) {
      if (!node.replica().background().collect().ok()) fail("dead slots could not be collected");
    } else if (dice < 25 && !batches_.empty()) {
      auto batch = batches_.begin();
      std::advance(batch,
                   std::uniform_int_distribution<std::size_t>(0, batches_.size() - 1)(random_));
      if (batch->first.second <= node.vector().at(batch->first.first)) {
        node.deliver(any_other(node), batch->second);  // A duplicate.
      }
    }
  }

  Node& any_node() {
    auto node = nodes_.begin();
    std::advance(node, std::uniform_int_distribution<std::size_t>(0, nodes_.size() - 1)(random_));
    return *node->second;
  }
  Node& any_other(const Node& node) {
    for (auto& [name, each] : nodes_) {
      if (each.get() != &node) return *each;
    }
    fail("a world of one");
  }

  void compare_equals() {
    for (auto& [name, node] : nodes_) {
      for (auto& [other_name, other] : nodes_) {
        if (name < other_name && node->vector() == other->vector() &&
            node->digest() != other->digest()) {
          fail(name + " and " + other_name + " differ at equal version vectors");
        }
      }
    }
  }

  void heal() {
    for (std::size_t round = 0; round < nodes_.size() * 2; ++round) {
      for (auto& [source_name, source] : nodes_) {
        for (auto& [target_name, target] : nodes_) {
          if (source != target) heal(*source, *target);
        }
      }
    }
  }

  void heal(Node& source, Node& target) {
    for (storage::Position at = 1;; ++at) {
      const auto record = source.storage().read_log(at);
      if (!record) break;
      at = record->position;
      if (record->last > target.vector().at(record->origin)) target.deliver(source, record->bytes);
    }
    if (!target.vector().includes(source.vector())) merge(target, source);
  }

  void check(const json& want) {
    const NamedVisible expected = named(want);
    for (auto& [name, node] : nodes_) {
      if (named(node->visible()) != expected) fail(name + " does not show what the trace says");
      if (const std::string wrong = node->wrong_count(); !wrong.empty()) fail(name + ": " + wrong);
    }
    compare_equals();
    if (nodes_.begin()->second->vector() != nodes_.rbegin()->second->vector()) {
      fail("version vectors differ after healing");
    }
  }

  NamedVisible named(const json& want) {
    NamedVisible visible;
    for (const json& cell : want["cells"]) {
      for (const json& value : cell[1]) {
        visible.cells[row_path(cell[0])].emplace(value[0][0].get<std::int64_t>(),
                                                 value[0][1].get<int>(), value[1][0], value[1][1],
                                                 std::to_string(value[2].get<int>()));
      }
    }
    for (const json& tally : want["tallies"]) {
      visible.tallies[row_path(tally[0])] = tally[1].get<std::int64_t>();
    }
    return visible;
  }

  NamedVisible named(const Visible& have) {
    NamedVisible visible;
    for (const auto& [path, values] : have.cells) {
      for (const Visible::Value& each : values) {
        visible.cells[path].emplace(each.hlc.millis(), each.hlc.counter(),
                                    names_.at(each.dot.origin), each.dot.seq, each.value);
      }
    }
    for (const auto& [path, sum] : have.tallies) visible.tallies[path] = sum.as_int64().value();
    return visible;
  }

  core::VersionVector vector(const json& object) {
    core::VersionVector vector;
    for (const auto& [name, seq] : object.items()) vector.set(origin(name), seq);
    return vector;
  }

  // The random origin that stands for a name of the model.
  core::Origin origin(const std::string& name) {
    const auto found = origins_.find(name);
    if (found != origins_.end()) return found->second;
    const core::Origin fresh = random_() | 1U;
    names_[fresh] = name;
    return origins_[name] = fresh;
  }

  std::mt19937_64 random_;
  std::map<std::string, std::unique_ptr<Node>> nodes_;
  std::map<std::string, std::unique_ptr<storage::MemoryStorage>> saved_;
  std::map<std::pair<core::Origin, core::Seq>, std::string> batches_;  // By origin and first seq.
  std::map<std::string, core::Origin> origins_;
  std::map<core::Origin, std::string> names_;
};

int run(int argc, char** argv) {
  if (argc != 2 && argc != 4) fail("usage: model_trace FILE [--seed N]");
  const std::uint64_t seed = argc == 4 ? std::stoull(argv[3]) : 1;
  std::ifstream file(argv[1]);
  if (!file) fail(std::string("cannot read ") + argv[1]);
  std::vector<json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(json::parse(line));
  if (lines.empty() || !lines.back().contains("visible")) fail("the trace has no end");
  Replay(seed).run(lines);
  return 0;
}

}  // namespace
}  // namespace anabranch::test

int main(int argc, char** argv) {
  try {
    return anabranch::test::run(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "model_trace: " << error.what() << '\n';
    return 1;
  }
}
