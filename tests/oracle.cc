#include "tests/oracle.h"

#include <algorithm>
#include <utility>

namespace anabranch::test {

void Oracle::put(core::Dot dot, const core::VersionVector& context, core::Path path, core::Hlc hlc,
                 std::string value) {
  undos_[path].push_back({.by = dot, .context = context, .puts = true});
  puts_.push_back({dot, std::move(path), hlc, std::move(value)});
}

void Oracle::remove(core::Dot dot, const core::VersionVector& context, core::Path path) {
  undos_[std::move(path)].push_back({.by = dot, .context = context, .puts = true});
}

void Oracle::add(core::Dot dot, core::Path path, core::Number amount) {
  adds_.push_back({dot, std::move(path), amount});
}

void Oracle::reset(core::Dot dot, const core::VersionVector& context, core::Path path) {
  undos_[std::move(path)].push_back({.by = dot, .context = context, .adds = true});
}

void Oracle::clear(core::Dot dot, const core::VersionVector& context, core::Path prefix) {
  clears_[std::move(prefix)].push_back({.by = dot, .context = context, .puts = true, .adds = true});
}

bool Oracle::undone(core::Dot dot, const core::Path& path, bool Undo::*kind,
                    const core::VersionVector& survived) const {
  const auto undoes = [&](const Undo& undo) {
    return undo.by != dot && undo.*kind && undo.context.covers(dot) && survived.covers(undo.by);
  };
  const auto here = undos_.find(path);
  if (here != undos_.end() && std::ranges::any_of(here->second, undoes)) return true;
  return std::ranges::any_of(clears_, [&](const auto& clears) {
    return clears.first.is_prefix_of(path) && std::ranges::any_of(clears.second, undoes);
  });
}

Oracle::View Oracle::visible(const core::VersionVector& survived) const {
  View view;
  for (const Put& put : puts_) {
    if (!survived.covers(put.dot) || undone(put.dot, put.path, &Undo::puts, survived)) continue;
    view.cells[put.path].push_back({put.hlc, put.dot, put.value});
  }
  for (auto& [path, values] : view.cells) std::ranges::sort(values);
  for (const Add& add : adds_) {
    if (!survived.covers(add.dot) || undone(add.dot, add.path, &Undo::adds, survived)) continue;
    core::Number& sum = view.tallies[add.path];
    sum = sum.plus(add.amount);
  }
  return view;
}

namespace {

std::string shown(const core::Path& path) {
  std::string text;
  for (const std::string& component : path.components()) text += "/" + component;
  return text;
}

}  // namespace

std::string to_string(const Oracle::View& view) {
  std::string text;
  for (const auto& [path, values] : view.cells) {
    text += shown(path) + ":";
    for (const Oracle::Value& value : values) {
      text += " " + value.value + " by " + core::to_string(value.dot.origin) + "." +
              std::to_string(value.dot.seq);
    }
    text += "\n";
  }
  for (const auto& [path, sum] : view.tallies) {
    text += shown(path) + ": sum " + std::to_string(sum.as_real()) + "\n";
  }
  return text;
}

}  // namespace anabranch::test
