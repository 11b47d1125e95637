/* Identifiers: 64-bit, time-ordered, made by the node; no global sequence, so tables can be partitioned later.
 * 41 bits of milliseconds since 2024, 10 bits of node, 12 bits of counter; always positive. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { ID_TEXT_MAX = 24 };

enum { ID_NODES = 1024 };

/* 0…1023; 0 until it is set. Any thread. */
void id_set_node(unsigned node);
unsigned id_node(void);
/* The same, given by hand: a store that shares its database takes no other. */
void id_fix_node(unsigned node);
bool id_node_is_fixed(void);
/* Never repeats within a process, never runs backwards even when the clock does. Any thread. */
int64_t id_new(void);
/* The instant an id was made; the smallest id that can be made at an instant. */
int64_t id_time_ms(int64_t id);
int64_t id_first_at(int64_t ms);
