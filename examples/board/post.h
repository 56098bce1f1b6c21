// The wish of a page, out of the JSON that it has sent.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "examples/board/api.h"
#include "examples/board/board.h"
#include "examples/board/http.h"
#include "examples/board/open_text.h"

namespace board {

// An edit of a part of a document that is no text.
struct DocumentEdit {
  std::function<bool(Document&)> execute;  // Returns whether it has changed anything.
  anabranch::OnceIn where = anabranch::OnceIn::kOneRegion;
};

// Functions throw Refused, or nlohmann's exceptions for members of another kind.
// NOLINTNEXTLINE(bugprone-exception-escape): a JSON value is moved without an exception.
struct Api::Post {
  std::string path;      // Behind /api/: "docs", "links", "docs/ID/PART".
  std::string document;  // ID, or empty.
  std::string part;
  nlohmann::json body;
  std::string page;
  std::string name;
  std::string id;  // Of the request.

  static Post read(const Request& request);

  // Returns a member that is a line: `member`, or `other` if that is not there.
  [[nodiscard]] std::string line(const std::string& member, const std::string& other,
                                 std::size_t most, std::string_view what) const;
  [[nodiscard]] Version version() const;
  // Returns `from` and `to`; nullopt without a cursor.
  [[nodiscard]] std::optional<std::pair<std::uint64_t, std::uint64_t>> selection() const;
  [[nodiscard]] TextRequest text_request() const;
  [[nodiscard]] DocumentEdit document_edit(anabranch::Store& store) const;

 private:
  [[nodiscard]] DocumentEdit heading_edit(anabranch::Store& store) const;
  [[nodiscard]] DocumentEdit todo_edit() const;
  [[nodiscard]] DocumentEdit vote_edit(anabranch::Store& store) const;
  [[nodiscard]] DocumentEdit tag_edit(anabranch::Store& store) const;
};

}  // namespace board
