// One region of the board: its store, and all that lasts longer than a request. Brings
// changes, here or in other regions, to the pages that show them: one watch of the store for all of
// them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <nlohmann/json.hpp>

#include <anabranch/anabranch.h>

#include "examples/board/links.h"
#include "examples/board/mesh.h"
#include "examples/board/open_text.h"
#include "examples/board/people.h"
#include "examples/board/stream.h"

namespace board {

// Thread-safe.
class Region {
 public:
  struct Settings {
    anabranch::Options store;
    std::string module;  // The WebAssembly that merges headings.
    std::uint16_t relay_port = 0;
    bool welcome = false;  // Write the first document.
  };
  explicit Region(const Settings& settings);
  ~Region();
  Region(const Region&) = delete;
  Region& operator=(const Region&) = delete;

  [[nodiscard]] anabranch::Store& store() { return store_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const Links& links() const { return links_; }
  [[nodiscard]] People& people() { return people_; }
  [[nodiscard]] Mesh& mesh() { return mesh_; }

  // Returns the open text of a document. Throws Refused{404} when there is no such document here.
  std::shared_ptr<OpenText> text(const std::string& document);
  // Return the data of the events `card` and `docs`.
  nlohmann::json card(const std::string& document);
  nlohmann::json documents();

  // Begins a stream, and tells it all that a page shows at first.
  void begin(const std::shared_ptr<Stream>& stream, const std::optional<Version>& after);
  void end(const std::shared_ptr<Stream>& stream);
  // Ends all streams, and the thread behind them.
  void stop();

 private:
  void show(const anabranch::Changes& changes);
  void show_card(const std::string& document);
  void show_people(const std::string& document);
  void keep_telling();
  void tell(std::uint64_t round);

  anabranch::Store store_;
  const std::string name_;
  Streams streams_;
  const Links links_;
  People people_;
  Mesh mesh_;

  std::mutex texts_mutex_;
  std::map<std::string, std::shared_ptr<OpenText>> texts_;
  std::mutex cards_mutex_;  // So that the newest card is the last one told.

  anabranch::Watch watch_;
  anabranch::LoserWatch losers_;

  std::mutex stop_mutex_;
  std::condition_variable stopping_;
  bool is_over_ = false;
  std::string told_mesh_;  // Of the teller.
  std::thread teller_;
};

}  // namespace board
