// The conflict hook of the example: merges the values that two regions wrote at the same time.
#pragma once

#include <string>

#include <anabranch/conflict.h>

// Treats values as lists of words and returns every word of every sibling, once, in alphabetical
// order. Pure: the same siblings give the same value in every region and in any order, and merging
// a merged value again does not change it.
std::string merge_words(const anabranch::Conflict& conflict);
