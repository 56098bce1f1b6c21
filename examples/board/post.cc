#include "examples/board/post.h"

#include <algorithm>

#include "examples/board/limits.h"

namespace board {
namespace {

using nlohmann::json;

[[noreturn]] void unknown(const std::string& what) {
  throw Refused(400, "There is no \"" + what + "\" here.");
}

}  // namespace

Api::Post Api::Post::read(const Request& request) {
  Post post;
  post.path = request.path.substr(5);
  post.body = json::parse(request.body);
  if (!post.body.is_object()) throw Refused(400, "A request is a JSON object.");
  post.page = post.body.value("page", "");
  post.name = post.body.value("name", "");
  post.id = post.body.value("request", "");
  if (post.path == "links" || post.path == "docs") return post;
  const auto slash = post.path.find('/', 5);
  if (!post.path.starts_with("docs/") || slash == post.path.npos) {
    throw Refused(404, "There is no such address.");
  }
  post.document = post.path.substr(5, slash - 5);
  post.part = post.path.substr(slash + 1);
  return post;
}

std::string Api::Post::line(const std::string& member, const std::string& other, std::size_t most,
                            std::string_view what) const {
  std::string text = body.at(body.contains(member) ? member : other);
  expect_line(text, most, what);
  return text;
}

Version Api::Post::version() const { return {body.at("epoch"), body.at("v")}; }

std::optional<std::pair<std::uint64_t, std::uint64_t>> Api::Post::selection() const {
  if (body.at("from").is_null() || body.at("to").is_null()) return std::nullopt;
  return std::pair<std::uint64_t, std::uint64_t>(body.at("from"), body.at("to"));
}

TextRequest Api::Post::text_request() const {
  TextRequest request{page, name, id, std::nullopt, body.value("join", false), {}};
  const json& edits = body.at("edits");
  if (!edits.is_array() || edits.empty()) throw Refused(400, "There are no edits.");
  if (edits.size() > kLimits.edits) throw Refused(413, "A request has at most 1000 edits.");
  for (const json& each : edits) {
    TextStep step;
    step.insert = each.value("insert", "");
    if (each.contains("anchor")) {
      step.anchor = each.at("anchor");
      step.to = each.value("to", "");
      if (step.anchor.empty()) throw Refused(400, "An anchor is not empty.");
    } else {
      step.at = each.at("at");
      step.erase = each.value("erase", std::uint64_t{0});
      if (!request.version) request.version = version();
    }
    request.steps.push_back(std::move(step));
  }
  return request;
}

DocumentEdit Api::Post::document_edit(ab::Store& store) const {
  if (part == "title" || part == "when" || part == "put-back") return heading_edit(store);
  if (part == "todo") return todo_edit();
  if (part == "vote") return vote_edit(store);
  if (part == "tag") return tag_edit(store);
  throw Refused(404, "There is no such address.");
}

DocumentEdit Api::Post::heading_edit(ab::Store& store) const {
  const Title shown = Document{store, document}.heading().title;
  const auto also = lost_titles(store, document, shown);
  if (part == "put-back") {
    const std::string lost_id = body.at("id");
    return {.execute = [=](Document& now) {
      Heading heading = now.heading();
      const auto lost =
          std::ranges::find(also, lost_id, [](const auto& each) { return each.title.id; });
      if (lost == also.end()) return false;  // Somebody else has put it back, or a new one.
      heading.title = put_back(lost->title, heading.title);
      now.put(heading);
      return true;
    }};
  }
  if (part == "title") {
    const std::string text = line("text", "text", kLimits.title_characters, "A title");
    return {.execute = [=, by = name, of = id](Document& now) {
      Heading heading = now.heading();
      heading.title = new_title(text, by, of, heading.title, also);
      now.put(heading);
      return true;
    }};
  }
  const std::string text = body.at("text");
  if (!text.empty()) expect_line(text, kLimits.when_characters, "The time");
  return {.execute = [=, by = name](Document& now) {
    Heading heading = now.heading();
    heading.when = {text, by};
    now.put(heading);
    return true;
  }};
}

DocumentEdit Api::Post::todo_edit() const {
  const std::string what = body.at("do");
  if (what == "add" || what == "rename") {
    const std::string text = line("text", "text", kLimits.todo_characters, "A to-do item");
    if (what == "rename") {
      return {.execute = [=, item = body.at("id").get<std::string>()](Document& now) {
        return now.rename(item, text);
      }};
    }
    return {.execute = [=](Document& now) {
      now.add_item(text);
      return true;
    }};
  }
  const std::string item = body.at("id");
  if (what == "tick") {
    return {.execute = [=, done = body.at("done").get<bool>()](Document& now) {
      return now.tick(item, done);
    }};
  }
  if (what == "move") {
    return {.execute = [=, to = body.at("to").get<std::uint64_t>()](Document& now) {
      return now.move(item, to);
    }};
  }
  if (what == "remove") return {.execute = [=](Document& now) { return now.remove(item); }};
  unknown(what);
}

DocumentEdit Api::Post::vote_edit(ab::Store& store) const {
  const std::string choice = line("choice", "choice", kLimits.choice_characters, "A choice");
  const std::int64_t add = body.value("add", std::int64_t{1});
  if (add != 1 && add != -1) throw Refused(400, "A vote counts 1 or -1.");
  const auto choices = Document{store, document}.choices();
  const bool is_new = std::ranges::count(choices, choice, &Choice::name) == 0;
  if (is_new) expect_room(choices.size(), kLimits.choices, "A document has at most 20 choices");
  return {.execute =
              [=](Document& now) {
                now.vote(choice, add);
                return true;
              },
          .where = ab::OnceIn::kAnyRegion};
}

DocumentEdit Api::Post::tag_edit(ab::Store& store) const {
  const std::string tag = line("tag", "tag", kLimits.tag_characters, "A tag");
  const std::string what = body.at("do");
  if (what != "add" && what != "remove") unknown(what);
  const auto tags = Document{store, document}.tags();
  const bool is_new = what == "add" && std::ranges::count(tags, tag) == 0;
  if (is_new) expect_room(tags.size(), kLimits.tags, "A document has at most 50 tags");
  return {.execute =
              [=](Document& now) {
                what == "add" ? now.add_tag(tag) : now.remove_tag(tag);
                return true;
              },
          .where = ab::OnceIn::kAnyRegion};
}

}  // namespace board
