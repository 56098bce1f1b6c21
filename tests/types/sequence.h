// Lists and texts as tests drive them, and the rule for their order.
//
// The content of a sequence is a matter of the history (meaning.h), except for the order of
// elements inserted at one place concurrently: any order will do, if it is one. So the order is
// judged by the strong list specification (Attiya, Burckhardt, Gotsman, Morrison, Yang and
// Zawirski, "Specification and Complexity of Collaborative Text Editing", 2016): an element is
// inserted where its author said, and all orders that any region shows at any time lie in one total
// order of all elements ever inserted.
#pragma once

#include <map>
#include <set>
#include <string>

#include <anabranch/handles.h>

#include "tests/types/meaning.h"

namespace anabranch::test {

// Acts by index, each taken modulo the length; `*` stands for an element that was never inserted
// before. The acts are made more precise: they name the element, since an index cannot do that
// later. The immediate effect of an act is checked. Otherwise as Subject::act.
bool write_list(Scope& scope, const Key& key, Words& act);
bool write_text(Scope& scope, const Key& key, Words& act);
// "[a b=2]": the element b has been set; "abc". "-" when there is nothing.
std::string show_list(Scope& scope, const Key& key);
std::string show_text(Scope& scope, const Key& key);

// The visible elements, one by one.
Words list_items(const std::string& shown);
Words text_items(const std::string& shown);
// The same by the names under which elements are ordered: a moved element has another name.
Words list_places(const History& history, const std::string& shown);
Words text_places(const History& history, const std::string& shown);

// All orders in which elements were ever shown.
class Precedence {
 public:
  void note(const Words& order);
  // Whether all of it is part of one order.
  [[nodiscard]] bool is_order() const;

 private:
  std::map<std::string, std::set<std::string>> behind_;
};

}  // namespace anabranch::test
