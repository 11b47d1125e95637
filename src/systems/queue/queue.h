/* Floor 4: the line before the counter (bốc số thứ tự). Numbers of a unit's day, from 1 without gaps; whoever has come
 * first is called first, to a desk. */
#pragma once

struct module;

extern const struct module queue_module;
