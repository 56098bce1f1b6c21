#include "examples/board/api.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "examples/board/board.h"
#include "examples/board/files.h"
#include "examples/board/limits.h"
#include "examples/board/post.h"

namespace board {
namespace {

using nlohmann::json;

std::uint64_t number(const std::string& text, const std::string& name) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) {
    throw Refused(400, "\"" + name + "\" is a number.");
  }
  return value;
}

std::string arg(const Request& request, const std::string& name) {
  const auto found = request.args.find(name);
  return found == request.args.end() ? std::string() : found->second;
}

Version version_of(const Request& request) {
  return {arg(request, "epoch"), number(arg(request, "v"), "v")};
}

// "5f3a91c0.17", as an event's id has it.
std::optional<Version> version_in(const std::string& id) {
  const auto dot = id.find('.');
  if (dot == id.npos) return std::nullopt;
  return Version{id.substr(0, dot), number(id.substr(dot + 1), "after")};
}

std::vector<std::uint64_t> numbers(const std::string& list) {
  std::vector<std::uint64_t> all;
  for (std::size_t begin = 0; begin < list.size() && all.size() < 100;) {
    const auto end = std::min(list.find(',', begin), list.size());
    all.push_back(number(list.substr(begin, end - begin), "at"));
    begin = end + 1;
  }
  return all;
}

Answer error_answer(int status, const std::string& sentence) {
  json body{{"error", sentence}};
  if (status == 409) body["again"] = true;
  return {.status = status, .body = body.dump()};
}

int status_of(ab::ErrorCode code) {
  switch (code) {
    case ab::ErrorCode::kInvalid:
    case ab::ErrorCode::kWrongType:
      return 400;
    case ab::ErrorCode::kTooLarge:
      return 413;
    case ab::ErrorCode::kTimeout:
    case ab::ErrorCode::kBusy:
    case ab::ErrorCode::kClosed:
    case ab::ErrorCode::kReadOnly:
    case ab::ErrorCode::kIo:
    case ab::ErrorCode::kNoMemory:
      return 503;
    case ab::ErrorCode::kCorrupt:
    case ab::ErrorCode::kUnsupported:
      return 500;
  }
  return 500;
}

}  // namespace

Api::Api(Region& region, Settings settings) : region_(region), settings_(std::move(settings)) {}

void Api::set_own_page(const std::string& origin) {
  own_page_ = origin;
  for (const auto& [name, page] : settings_.pages) {
    if (name == region_.name()) own_page_ = page;
  }
  if (settings_.pages.empty()) settings_.pages.emplace_back(region_.name(), own_page_);
  std::string regions;
  for (const auto& [name, page] : settings_.pages) regions += ' ' + page;
  content_policy_ = "default-src 'self'; connect-src 'self'" + regions + "; frame-src" + regions +
                    "; frame-ancestors 'self'" + regions +
                    "; base-uri 'none'; form-action 'self'; object-src 'none'";
}

// A foreign name that leads here (DNS rebinding) is refused by Host, a foreign page by Origin.
std::string Api::admit(const Request& request) const {
  const std::string own = "http://" + request.host;
  const auto colon = request.host.rfind(':');
  const std::string name = request.host.substr(0, colon);
  if (own != own_page_ && name != "127.0.0.1" && name != "localhost") {
    throw Refused(403, "This board has another address.");
  }
  if (request.origin.empty() || request.origin == own) return {};
  const bool is_sister = std::ranges::any_of(
      settings_.pages, [&](const auto& each) { return each.second == request.origin; });
  if (!is_sister || (request.is_post && request.path != "/api/links")) {
    throw Refused(403, "Only pages of this board may do that.");
  }
  return request.origin;
}

Answer Api::answer(const Request& request, const std::function<void()>& wake) try {
  const std::string other_origin = admit(request);
  Answer answer = route(request, wake);
  answer.other_origin = other_origin;
  return answer;
} catch (const Refused& refused) {
  return error_answer(refused.status(), refused.what());
} catch (const ab::Error& error) {
  return error_answer(status_of(error.code()), error.what());
} catch (const json::exception&) {
  return error_answer(400, "The request is no JSON as this board expects it.");
} catch (const std::out_of_range&) {
  return error_answer(400, "A place is behind the end of the text.");
} catch (const std::exception& error) {
  return error_answer(500, error.what());
}

Answer Api::route(const Request& request, const std::function<void()>& wake) {
  if (!request.is_post && request.path == "/api/events") return open_stream(request, wake);
  if (!request.path.starts_with("/api/")) return file(request);
  const json body = request.is_post ? post(request) : get(request);
  return {.body = body.dump()};
}

// ---- Reading.

json Api::board_json() const {
  json told{{"region", region_.name()},
            {"regions", json::array()},
            {"links", region_.links().has_relay()},
            {"limits",
             {{"body_bytes", kLimits.body_bytes},
              {"text_units", kLimits.text_units},
              {"title_characters", kLimits.title_characters},
              {"when_characters", kLimits.when_characters},
              {"name_characters", kLimits.name_characters},
              {"tag_characters", kLimits.tag_characters},
              {"choice_characters", kLimits.choice_characters},
              {"todo_characters", kLimits.todo_characters},
              {"todos", kLimits.todos},
              {"tags", kLimits.tags},
              {"choices", kLimits.choices},
              {"docs", kLimits.docs},
              {"streams", kLimits.streams},
              {"people", kLimits.people}}}};
  for (const auto& [name, page] : settings_.pages) {
    told["regions"].push_back({{"region", name}, {"page", page}});
  }
  return told;
}

json Api::links_json(const std::vector<Link>& links) const {
  json told{{"links", json::array()}};
  for (const Link& each : links) {
    told["links"].push_back({{"between", {each.one, each.other}},
                             {"state", each.state},
                             {"bytes", {each.bytes_there, each.bytes_back}}});
  }
  return told;
}

json Api::get(const Request& request) {
  const std::string_view path = request.path;
  if (path == "/api/board") return board_json();
  if (path == "/api/docs") return region_.documents();
  if (path == "/api/links") return links_json(region_.links().all());
  if (!path.starts_with("/api/docs/")) throw Refused(404, "There is no such address.");
  const std::string_view rest = path.substr(10);
  const auto slash = rest.find('/');
  const std::string what(slash == rest.npos ? "" : rest.substr(slash + 1));
  return get_document(request, std::string(rest.substr(0, slash)), what);
}

json Api::get_document(const Request& request, const std::string& document,
                       const std::string& what) {
  const std::shared_ptr<OpenText> text = region_.text(document);
  if (what.empty()) {
    const OpenText::State state = text->state();
    return {{"doc", document},
            {"epoch", state.version.epoch},
            {"v", state.version.number},
            {"text", state.text},
            {"card", region_.card(document)}};
  }
  if (what == "anchors") {
    return {{"anchors", text->anchors(version_of(request), numbers(arg(request, "at")))}};
  }
  if (what == "authors") {
    json told{{"authors", json::array()}};
    const auto from = number(arg(request, "from"), "from");
    for (const auto& each :
         text->authors(version_of(request), from, number(arg(request, "to"), "to"))) {
      told["authors"].push_back(
          {{"at", each.position}, {"count", each.count}, {"region", each.region}});
    }
    return told;
  }
  throw Refused(404, "There is no such address.");
}

Answer Api::file(const Request& request) const {
  if (request.is_post) throw Refused(405, "Files are only read.");
  return read_file(settings_.files, request);
}

// ---- Streams.

Answer Api::open_stream(const Request& request, const std::function<void()>& wake) {
  const Stream::Reader reader{arg(request, "doc"), arg(request, "page"), arg(request, "name")};
  if (!reader.document.empty()) {
    expect_name(reader.page, 8, "The name of a page");
    expect_line(reader.name, kLimits.name_characters, "A name");
  }
  const std::string& last = request.last_event;
  const std::optional<Version> after = version_in(last.empty() ? arg(request, "after") : last);
  const auto stream = std::make_shared<Stream>(reader, wake);
  region_.begin(stream, after);
  return {.type = "text/event-stream", .body = "retry: 500\n\n", .stream = stream};
}

// ---- Writing.

json Api::post(const Request& request) {
  if (!request.content_type.starts_with("application/json")) {
    throw Refused(415, "A request is application/json.");
  }
  const Post post = Post::read(request);
  if (post.path == "links") return change_link(post);
  expect_name(post.page, 8, "The name of a page");
  if (post.part == "cursor") return move_cursor(post);
  expect_line(post.name, kLimits.name_characters, "A name");
  expect_name(post.id, 8, "The id of a request");
  const auto begin = std::chrono::steady_clock::now();
  json told = post.document.empty() ? create(post)
              : post.part == "text" || post.part == "undo" || post.part == "redo"
                  ? edit_text(post)
                  : edit_document(post);
  const auto took = std::chrono::steady_clock::now() - begin;
  told["request"] = post.id;
  told["saved_ms"] = std::chrono::duration<double, std::milli>(took).count();
  region_.mesh().saved(post.page, post.id);
  return told;
}

json Api::edit_text(const Post& post) {
  const std::shared_ptr<OpenText> text = region_.text(post.document);
  const Outcome outcome = post.part == "undo"   ? text->undo(post.page, post.id)
                          : post.part == "redo" ? text->redo(post.page, post.id)
                                                : text->edit(post.text_request());
  return {{"known", outcome.known}, {"changed", outcome.changed}};
}

json Api::edit_document(const Post& post) {
  if (!Document{region_.store(), post.document}.exists()) {
    throw Refused(404, "This region has no such document, or it has not arrived here yet.");
  }
  const DocumentEdit edit = post.document_edit(region_.store());
  bool changed = true;
  const bool done = region_.store().once(
      post.id,
      [&](ab::Scope& txn) {
        Document document{txn, post.document};
        changed = edit.execute(document);
      },
      edit.where);
  return {{"known", !done}, {"changed", changed}};
}

json Api::create(const Post& post) {
  if (region_.documents().at("docs").size() >= kLimits.docs) {
    throw Refused(413, "A board has at most 500 documents.");
  }
  const std::string title = post.line("text", "title", kLimits.title_characters, "A title");
  const bool done = region_.store().once(
      post.id,
      [&](ab::Scope& txn) {
        Document{txn, post.id}.put({.title = {{title, post.name}, post.id, {}}, .when = {}});
      },
      ab::OnceIn::kOneRegion);
  return {{"known", !done}, {"changed", done}, {"doc", post.id}};
}

json Api::move_cursor(const Post& post) {
  const std::shared_ptr<OpenText> text = region_.text(post.document);
  std::vector<std::string> anchors;
  if (const auto places = post.selection()) {
    anchors = text->selection(post.version(), places->first, places->second);
  }
  region_.people().move(post.document, post.page, anchors);
  return {{"anchors", anchors}};
}

json Api::change_link(const Post& post) {
  const auto between = post.body.at("between").get<std::vector<std::string>>();
  if (between.size() != 2) throw Refused(400, "A link is between two regions.");
  return links_json(region_.links().change(between[0], between[1], post.body.at("do")));
}

}  // namespace board
