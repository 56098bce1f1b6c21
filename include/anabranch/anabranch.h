// The whole embedded API, but for the HTTP port, a library of its own (http.h).
#pragma once

#include <anabranch/codec.h>
#include <anabranch/conflict.h>
#include <anabranch/error.h>
#include <anabranch/event.h>
#include <anabranch/handles.h>
#include <anabranch/json.h>
#include <anabranch/key.h>
#include <anabranch/keys.h>
#include <anabranch/log.h>
#include <anabranch/loser.h>
#include <anabranch/options.h>
#include <anabranch/plugin.h>
#include <anabranch/policy.h>
#include <anabranch/presence.h>
#include <anabranch/scope.h>
#include <anabranch/score_span.h>
#include <anabranch/session.h>
#include <anabranch/span.h>
#include <anabranch/status.h>
#include <anabranch/store.h>
#include <anabranch/text_change.h>
#include <anabranch/text_document.h>
#include <anabranch/text_undo.h>
#include <anabranch/transaction.h>
#include <anabranch/watch.h>
