// The heading of a document: its title, and a line that says when.
//
// Both are one register of JSON, under a policy with a three-way merge
// (examples/plugins/json_merge) and bases: of the values written in several regions at once, it
// shows each member as it was changed since the value that its writer had seen. So a new title here
// and a new "when" there are both shown. Of two new titles the one written last is shown, in all
// regions.
//
// The other one is not gone: the conflict log of every region has it (Store::losers), so a page can
// say "also written", and put it back. Not each value in the log is a title that lost: somebody may
// have changed only "when", under the old title. So a title has an id, and names the titles that
// its writer had seen: those it replaced on purpose.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <anabranch/store.h>

namespace board {

// A line and its author.
struct Line {
  std::string text;
  std::string by;
};

struct Title : Line {
  std::string id;
  std::vector<std::string> knew;  // Ids of titles that its writer had seen; the last 16.
};

struct Heading {
  Title title;
  Line when;
};

// A title that lost.
struct LostTitle {
  Title title;
  std::string region;
  std::int64_t time_ms = 0;  // Of its writing: ms since 1970, by the clock of its region.
};

std::string to_json(const Heading& heading);
// Returns an empty heading for other bytes.
Heading heading_from(const std::string& json);

// Stores the module and sets the policy for all headings, unless that is done.
void set_merge(anabranch::Store& store, const std::string& module);

// Returns the titles in the conflict log that lost against the one shown and that its writer had
// not seen, the newest first, at most 3.
std::vector<LostTitle> lost_titles(const anabranch::Store& store, const std::string& document,
                                   const Title& shown);

// Returns a title that replaces the one shown, and those that are told beside it, on purpose.
Title new_title(const std::string& text, const std::string& by, const std::string& id,
                const Title& shown, const std::vector<LostTitle>& also);
// Returns a lost title as the one to be shown. The one that it replaces is then told beside it, so
// that anybody can put that one back.
Title put_back(const Title& lost, const Title& shown);

}  // namespace board
