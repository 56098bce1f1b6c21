// A note that two people write in two regions: an open document with a cursor, undo and a title.
#include <iostream>

#include "examples/cookbook/two_regions.h"

namespace ab = anabranch;

int main() {
  cookbook::TwoRegions regions;
  ab::TextDocument here{regions.eu, "note/text"};
  ab::TextDocument there{regions.us, "note/text"};
  ab::TextUndo ada{here};
  ab::TextUndo bob{there};
  // Text, title and author in one transaction.
  regions.eu.transact([&](ab::Transaction& txn) {
    ada.edit(txn, [](ab::TextEdit& edit) { edit.insert(0, "Buy bread."); });
    ab::Register<std::string>{txn, "note/title"}.put("Saturday");
    ab::Register<std::string>{txn, "note/edited by"}.put("Ada");
  });
  regions.meet();

  regions.part();
  const std::string cursor = here.anchor(9);  // Between "bread" and the full stop.
  bob.insert(0, "On Saturday: ");
  bob.replace("On Saturday: buy bread.");
  ada.edit([&](ab::TextEdit& edit) { edit.insert(edit.position(cursor), " and butter"); });
  std::cout << "eu: " << here.str() << '\n';
  std::cout << "us: " << there.str() << '\n';

  regions.meet();
  std::cout << "both: " << here.str() << '\n';
  std::cout << "the cursor is at " << here.position(cursor) << '\n';
  ada.undo();
  std::cout << "without Ada's last edit: " << here.str() << '\n';
  for (const ab::TextAuthor& each : here.authors(0, here.size())) {
    std::cout << each.region << ": \"" << here.read(each.position, each.count) << "\"\n";
  }
}
