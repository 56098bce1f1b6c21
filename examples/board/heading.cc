#include "examples/board/heading.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "examples/board/board.h"

namespace board {
namespace {

using nlohmann::json;

constexpr std::size_t kKnownTitles = 16;
constexpr std::size_t kToldTitles = 3;

void add(std::vector<std::string>& ids, const std::string& id) {
  std::erase(ids, id);
  ids.push_back(id);
  if (ids.size() > kKnownTitles) ids.erase(ids.begin());
}

}  // namespace

std::string to_json(const Heading& heading) {
  const Title& title = heading.title;
  return json{
      {"title", {{"text", title.text}, {"by", title.by}, {"id", title.id}, {"knew", title.knew}}},
      {"when", {{"text", heading.when.text}, {"by", heading.when.by}}}}
      .dump();
}

Heading heading_from(const std::string& text) try {
  const json all = json::parse(text);
  const json& title = all.at("title");
  const json& when = all.at("when");
  return {.title = {{title.at("text"), title.at("by")}, title.at("id"), title.at("knew")},
          .when = {when.at("text"), when.at("by")}};
} catch (const json::exception&) {
  return {};  // Of another program: shown without a title.
}

void set_merge(ab::Store& store, const std::string& module) {
  const std::string rule = store.add_plugin(module);
  store.set_policy(Document::kHeadings, ab::Policy::wasm1(rule).with_base());
}

std::vector<LostTitle> lost_titles(const ab::Store& store, const std::string& document,
                                   const Title& shown) {
  std::vector<LostTitle> lost;
  const std::string key = Document::heading_key(document).name();
  for (const ab::Loser& each : store.losers({.database = 0, .prefix = key, .limit = 100})) {
    if (each.key != key) continue;
    const Title title = heading_from(each.value).title;
    const auto same = [&](const LostTitle& other) { return other.title.id == title.id; };
    const bool replaced = std::ranges::count(shown.knew, title.id) > 0;
    if (title.id.empty() || title.id == shown.id || title.text == shown.text || replaced) continue;
    if (std::ranges::any_of(lost, same)) continue;
    lost.push_back({title, each.region, each.time_ms});
    if (lost.size() == kToldTitles) break;
  }
  return lost;
}

Title new_title(const std::string& text, const std::string& by, const std::string& id,
                const Title& shown, const std::vector<LostTitle>& also) {
  Title title{{text, by}, id, shown.knew};
  for (const LostTitle& each : also) add(title.knew, each.title.id);
  add(title.knew, shown.id);
  return title;
}

Title put_back(const Title& lost, const Title& shown) {
  Title title = lost;
  title.knew = shown.knew;
  std::erase(title.knew, shown.id);
  std::erase(title.knew, lost.id);
  return title;
}

}  // namespace board
