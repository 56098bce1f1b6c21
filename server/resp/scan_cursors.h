// The cursors of SCAN and its kin: 64-bit numbers for places in an ordered collection.
//
// An iteration visits the names of a collection in their order and needs no more state than the
// last name. A cursor is a number for that name, at most 2^53 so that every client can hold it; the
// server remembers the name of each number it has given. A number that it does not know any more,
// as after a restart, stands for the beginning: the iteration begins anew, so that it returns
// elements again but misses none. That is what Redis promises.
//
// Memory is bounded. Numbers that a client has come back with go first, the oldest before others;
// then those that no client has come back with, as of iterations that were given up. Numbers are
// hashes under a key that each start draws, and the same place has the same number: iterations over
// the same keys share them, and no number of an earlier start is taken for another place.
#pragma once

#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace anabranch::server {

class ScanCursors {
 public:
  struct Limits {
    std::size_t cursors = 65'536;
    std::size_t bytes = std::size_t{16} << 20U;
  };

  // `seed` is drawn at each start.
  explicit ScanCursors(std::uint64_t seed) : ScanCursors(seed, Limits()) {}
  ScanCursors(std::uint64_t seed, Limits limits) : seed_(seed), limits_(limits) {}

  // Returns the number for the place behind a name in a collection; never 0.
  std::uint64_t issue(std::string_view collection, std::string_view name);
  // Returns the name behind which an iteration goes on; nullopt where it begins anew.
  [[nodiscard]] std::optional<std::string> find(std::uint64_t number,
                                                std::string_view collection) const;
  // The same, and counts that a client came back with the number: once for each answer.
  std::optional<std::string> take(std::uint64_t number, std::string_view collection);

  // ---- For INFO.

  [[nodiscard]] std::size_t size() const { return places_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // How many numbers were forgotten before a client came back with them.
  [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }
  // How many iterations began anew, since their number was unknown.
  [[nodiscard]] std::uint64_t unknown() const { return unknown_; }

 private:
  using Line = std::list<std::uint64_t>;
  struct Place {
    std::string collection;
    std::string name;
    std::size_t open = 0;  // So many iterations were given the number and have not come back.
    Line::iterator at = {};
    [[nodiscard]] std::size_t bytes() const {
      return sizeof(Place) + collection.size() + name.size();
    }
  };

  void forget_oldest();
  [[nodiscard]] bool full() const {
    return places_.size() > limits_.cursors || bytes_ > limits_.bytes;
  }
  // The line of a place: by whether iterations are to come back.
  [[nodiscard]] Line& line_of(const Place& place) { return place.open > 0 ? open_ : used_; }

  std::uint64_t seed_;
  Limits limits_;
  std::unordered_map<std::uint64_t, Place> places_;
  Line open_;  // Both in the order of their last use, the oldest first.
  Line used_;
  std::size_t bytes_ = 0;
  std::uint64_t forgotten_ = 0;
  std::uint64_t unknown_ = 0;
};

}  // namespace anabranch::server
