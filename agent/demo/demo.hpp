// `nearmost demo`: three clusters on loopback find each other, resolve, forward, lose one, heal. A
// play whose every line is checked against the running processes; it fails where the product does.
//
// Thread: one; blocks for about half a minute.
#pragma once

#include "agent/demo/narrator.hpp"

namespace agent::demo {

enum class Afterwards { stop, keep_running };

// True when everything that was promised held.
bool play(Afterwards afterwards, Form form);

}  // namespace agent::demo
