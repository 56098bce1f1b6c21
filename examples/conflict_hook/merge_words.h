// The conflict hook of the example: what two regions wrote at the same time is put together.
#pragma once

#include <string>

#include <anabranch/conflict.h>

// Takes values for lists of words and returns every word of every sibling, once, in alphabetical
// order. Pure: the same siblings give the same value in every region and in any order, and merging
// what has been merged changes nothing.
std::string merge_words(const anabranch::Conflict& conflict);
