#include "tests/oracle.h"

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

namespace anabranch::test {

void Oracle::put(core::Dot dot, const core::VersionVector& context, core::Path path, core::Hlc hlc,
                 std::string value, std::optional<std::string> base) {
  Row& row = rows_[std::move(path)];
  row.of_puts.push_back({dot, context});
  row.puts.push_back({dot, hlc, std::move(value), std::move(base)});
}

void Oracle::remove(core::Dot dot, const core::VersionVector& context, core::Path path) {
  rows_[std::move(path)].of_puts.push_back({dot, context});
}

void Oracle::add(core::Dot dot, core::Path path, core::Number amount) {
  rows_[std::move(path)].adds.push_back({dot, amount});
}

void Oracle::reset(core::Dot dot, const core::VersionVector& context, core::Path path) {
  rows_[std::move(path)].of_adds.push_back({dot, context});
}

void Oracle::clear(core::Dot dot, const core::VersionVector& context, core::Path prefix) {
  clears_[std::move(prefix)].push_back({dot, context});
}

void Oracle::clear_cells(core::Dot dot, const core::VersionVector& context, core::Path prefix) {
  cell_clears_[std::move(prefix)].push_back({dot, context});
}

core::VersionVector Oracle::undone_by(const Undos& undos, const core::VersionVector& survived) {
  core::VersionVector undone;
  // The newest first: its context mostly includes those of the others.
  for (auto undo = undos.rbegin(); undo != undos.rend(); ++undo) {
    if (survived.covers(undo->by)) undone.join(undo->context);
  }
  return undone;
}

Oracle::Clears Oracle::surviving(const std::map<core::Path, Undos>& clears,
                                 const core::VersionVector& survived, const core::Path& path) {
  Clears found;
  for (const auto& [prefix, undos] : clears) {
    const bool concerns = prefix.is_prefix_of(path) || path.is_prefix_of(prefix);
    if (concerns) found[prefix] = undone_by(undos, survived);
  }
  return found;
}

void Oracle::join_clears(core::VersionVector& undone, const Clears& clears,
                         const core::Path& path) {
  for (const auto& [prefix, context] : clears) {
    if (prefix.is_prefix_of(path)) undone.join(context);
  }
}

Oracle::View Oracle::visible(const core::VersionVector& survived, const core::Path& prefix) const {
  View view;
  const Clears clears = surviving(clears_, survived, prefix);
  const Clears cell_clears = surviving(cell_clears_, survived, prefix);
  for (auto at = rows_.lower_bound(prefix); at != rows_.end() && prefix.is_prefix_of(at->first);
       ++at) {
    const auto& [path, row] = *at;
    core::VersionVector cleared;
    join_clears(cleared, clears, path);
    core::VersionVector undone = undone_by(row.of_puts, survived);
    undone.join(cleared);
    join_clears(undone, cell_clears, path);
    for (const Put& put : row.puts) {
      if (!survived.covers(put.dot) || undone.covers(put.dot)) continue;
      view.cells[path].push_back({put.hlc, put.dot, put.value, put.base});
    }
    undone = undone_by(row.of_adds, survived);
    undone.join(cleared);
    for (const Add& add : row.adds) {
      if (!survived.covers(add.dot) || undone.covers(add.dot)) continue;
      core::Number& sum = view.tallies[path];
      sum = sum.plus(add.amount);
    }
  }
  for (auto& [path, values] : view.cells) std::ranges::sort(values);
  return view;
}

bool Oracle::counts(const core::Path& path, core::Dot addition,
                    const core::VersionVector& survived) const {
  const auto row = rows_.find(path);
  if (row == rows_.end() || !survived.covers(addition)) return false;
  if (std::ranges::find(row->second.adds, addition, &Add::dot) == row->second.adds.end()) {
    return false;
  }
  core::VersionVector undone = undone_by(row->second.of_adds, survived);
  join_clears(undone, surviving(clears_, survived), path);
  return !undone.covers(addition);
}

void Oracle::settle(const core::VersionVector& floor) {
  const Clears clears = surviving(clears_, floor);
  const Clears cell_clears = surviving(cell_clears_, floor);
  const auto forget = [&](auto& effects, Undos& undos, const core::VersionVector& cleared) {
    core::VersionVector undone = undone_by(undos, floor);
    undone.join(cleared);
    std::erase_if(effects, [&](const auto& effect) { return undone.covers(effect.dot); });
    std::erase_if(undos, [&](const Undo& undo) { return floor.covers(undo.by); });
  };
  for (auto& [path, row] : rows_) {
    core::VersionVector cleared;
    join_clears(cleared, clears, path);
    forget(row.adds, row.of_adds, cleared);
    join_clears(cleared, cell_clears, path);
    forget(row.puts, row.of_puts, cleared);
  }
  for (auto* all : {&clears_, &cell_clears_}) {
    for (auto& [prefix, undos] : *all) {
      std::erase_if(undos, [&](const Undo& undo) { return floor.covers(undo.by); });
    }
    std::erase_if(*all, [](const auto& each) { return each.second.empty(); });
  }
  std::erase_if(rows_, [](const auto& each) {
    const Row& row = each.second;
    return row.puts.empty() && row.adds.empty() && row.of_puts.empty() && row.of_adds.empty();
  });
}

std::size_t Oracle::size() const {
  std::size_t size = 0;
  for (const auto& [path, row] : rows_) {
    size += row.puts.size() + row.adds.size() + row.of_puts.size() + row.of_adds.size();
  }
  for (const auto* all : {&clears_, &cell_clears_}) {
    for (const auto& [prefix, undos] : *all) size += undos.size();
  }
  return size;
}

namespace {

std::string shown(const core::Path& path) {
  std::string text;
  for (const std::string& component : path.components()) text += "/" + component;
  return text;
}

std::set<std::string> lines_of(const Oracle::View& view) {
  std::istringstream text(to_string(view));
  std::set<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.insert(line);
  return lines;
}

}  // namespace

std::string to_string(const Oracle::View& view) {
  std::string text;
  for (const auto& [path, values] : view.cells) {
    text += shown(path) + ":";
    for (const Oracle::Value& value : values) {
      text += " " + value.value + " by " + core::to_string(value.dot.origin) + "." +
              std::to_string(value.dot.seq) + " at " + std::to_string(value.hlc.bits) +
              (value.base ? " over " + *value.base : "");
    }
    text += "\n";
  }
  for (const auto& [path, sum] : view.tallies) {
    text += shown(path) + ": sum " + std::to_string(sum.as_real()) + "\n";
  }
  return text;
}

std::string difference(const Oracle::View& shown, const Oracle::View& demanded) {
  const std::set<std::string> is = lines_of(shown);
  const std::set<std::string> must = lines_of(demanded);
  std::string text;
  for (const std::string& line : is) {
    if (!must.contains(line)) text += "  shows   " + line + "\n";
  }
  for (const std::string& line : must) {
    if (!is.contains(line)) text += "  must be " + line + "\n";
  }
  return text;
}

}  // namespace anabranch::test
