// The interface of http.md: reads requests, carries them out, and writes answers.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "examples/board/http.h"
#include "examples/board/region.h"

namespace board {

// Thread-safe. Must not outlive its region.
class Api {
 public:
  struct Settings {
    std::string files;  // The folder of the pages.
    // The origins of all regions' pages, in their order on the screen.
    std::vector<std::pair<std::string, std::string>> pages;
  };
  Api(Region& region, Settings settings);

  // Sets the origin of this region's own pages, "http://127.0.0.1:8401", if no setting names it.
  // Called once, before the first request.
  void set_own_page(const std::string& origin);

  // Answers a request; a refusal and any error is an answer, too. `wake` is for a request for a
  // stream: called when there is something to send on it (stream.h).
  Answer answer(const Request& request, const std::function<void()>& wake);
  // The stream of an answer is not read any more.
  void end(const std::shared_ptr<Stream>& stream) { region_.end(stream); }
  // The header with the places that a page may load from.
  [[nodiscard]] const std::string& content_policy() const { return content_policy_; }

 private:
  using json = nlohmann::json;
  struct Post;

  // Returns the origin of the page of another region that may read an answer; else nothing. Throws
  // Refused{403} for a request that no page of this board makes.
  std::string admit(const Request& request) const;
  Answer route(const Request& request, const std::function<void()>& wake);
  Answer open_stream(const Request& request, const std::function<void()>& wake);
  json get(const Request& request);
  json get_document(const Request& request, const std::string& document, const std::string& what);
  json post(const Request& request);
  json edit_text(const Post& post);
  json edit_document(const Post& post);
  json move_cursor(const Post& post);
  json create(const Post& post);
  json change_link(const Post& post);
  json links_json(const std::vector<Link>& links) const;
  json board_json() const;
  Answer file(const Request& request) const;

  Region& region_;
  Settings settings_;
  std::string own_page_;
  std::string content_policy_;
};

}  // namespace board
