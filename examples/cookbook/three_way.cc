// Two edits of one page at the same time: merged field by field, with the page that both edited.
#include <iostream>
#include <map>
#include <optional>
#include <sstream>
#include <string>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

namespace {

using Fields = std::map<std::string, std::string>;

// A page is a line like "size=2 title=Tea".
Fields fields_of(const std::string& page) {
  Fields fields;
  std::istringstream words(page);
  for (std::string word; words >> word;) {
    const auto equals = word.find('=');
    fields[word.substr(0, equals)] = word.substr(equals + 1);
  }
  return fields;
}

std::string page_of(const Fields& fields) {
  std::string page;
  for (const auto& [name, value] : fields) page += (page.empty() ? "" : " ") + name + "=" + value;
  return page;
}

// The page before, with what each edit has changed; of two changes of one field the later one.
std::optional<std::string> merge(const ab::Conflict& conflict) {
  const std::optional<std::string>& base = conflict.siblings.front().base;
  if (!base) return std::nullopt;  // The page is new: the last writer wins.
  const Fields before = fields_of(*base);
  Fields merged = before;
  for (const ab::Sibling& edit : conflict.siblings) {
    if (edit.base != base) return std::nullopt;  // An edit of another page: the same.
    const Fields after = fields_of(edit.value);
    for (const auto& [name, value] : after) {
      const auto old = before.find(name);
      if (old == before.end() || old->second != value) merged[name] = value;
    }
    for (const auto& [name, value] : before) {
      if (!after.contains(name)) merged.erase(name);
    }
  }
  return page_of(merged);
}

}  // namespace

int main() {
  cookbook::TwoRegions regions({ab::Resolver("fields", merge)});
  regions.eu.set_policy("page/", ab::Policy::native("fields").with_base());
  const ab::Key page = "page/tea";
  ab::Register<>{regions.eu, page}.put("price=3 size=2 title=Tea");
  regions.meet();

  regions.part();
  ab::Register<>{regions.eu, page}.put("price=3 size=2 title=Green-tea");
  ab::Register<>{regions.us, page}.put("origin=Japan size=2 title=Tea");
  std::cout << "eu: " << ab::Register<>{regions.eu, page}.get().value() << '\n';
  std::cout << "us: " << ab::Register<>{regions.us, page}.get().value() << '\n';

  regions.meet();
  std::cout << "both: " << ab::Register<>{regions.us, page}.get().value() << '\n';
}
