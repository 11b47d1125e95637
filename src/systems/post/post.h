/* Floor 4: the post (bưu chính công ích). The paper result of a case goes to its owner as a parcel: the order to the
 * carrier is a hand-over, its way is told by the carrier, and what arrived ends the case. */
#pragma once

struct module;

extern const struct module post_module;
