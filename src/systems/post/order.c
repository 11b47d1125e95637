/* The carrier: how it is reached, and an order in its words. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "systems/post/post_internal.h"

static struct carrier carrier;

static const char *setting(const char *name)
{
    const char *value = getenv(name);

    return text_is_empty(value) ? NULL : value;
}

void carrier_read(void)
{
    struct carrier c = {setting("MOTCUA_POST_URL"), setting("MOTCUA_POST_CUSTOMER"), setting("MOTCUA_POST_SECRET")};
    int given = (c.url != NULL) + (c.customer != NULL) + (c.secret != NULL);

    if (given != 0 && given != 3)
        log_line(LOG_WARN, "post-unset",
                 "why=\"MOTCUA_POST_URL, MOTCUA_POST_CUSTOMER and MOTCUA_POST_SECRET go together: no carrier\"");
    carrier = given == 3 ? c : (struct carrier){0};
}

const struct carrier *carrier_of_city(void)
{
    return &carrier;
}

/* ---- addresses: two tiers today, three in the carrier's fields ---- */

/* The district that a commune's land lay in before districts ended; of several the first. NULL: not known. */
static const struct unit *former_district(const struct house *h, const struct unit *commune)
{
    const struct unit *u;

    for (size_t i = 0; (u = unit_at(h, i)); i++)
        if (text_equal(u->kind, "district") && text_has_word(u->successors, commune->code))
            return u;
    return NULL;
}

static const char *province_of(const struct house *h, const struct unit *u)
{
    static const char office[] = "Ủy ban nhân dân "; /* the agency; the carrier wants the place */
    const struct unit *above = u;
    const char *name;

    while (above->parent && unit_by_id(h, above->parent))
        above = unit_by_id(h, above->parent);
    name = above->name[LANG_VI];
    return text_starts_with(name, office) ? name + sizeof office - 1 : name;
}

static void put(json_t *order, const char *name, const char *value)
{
    (void)json_object_set_new(order, name, json_string(value ? value : "")); /* fails only without memory */
}

static void put_sender(json_t *order, const struct house *h, const struct unit *u)
{
    const struct unit *district = former_district(h, u);

    put(order, "SenderName", u->name[LANG_VI]);
    put(order, "SenderAddress", u->address ? u->address : u->name[LANG_VI]);
    put(order, "SenderTel", u->phone);
    put(order, "SenderProvince", province_of(h, u));
    put(order, "SenderDistrict", district ? district->name[LANG_VI] : NULL);
    put(order, "SenderEmail", NULL);
}

static void put_receiver(json_t *order, const struct house *h, const struct receiver *r)
{
    const struct unit *commune = r->place ? unit_by_place(h, r->place) : NULL;
    const struct unit *district = commune ? former_district(h, commune) : NULL;

    put(order, "ReceiverName", r->name);
    put(order, "ReceiverAddress", r->address);
    put(order, "ReceiverTel", r->phone);
    put(order, "ReceiverProvince", r->province ? r->province : commune ? province_of(h, commune) : NULL);
    put(order, "ReceiverDistrict", r->district ? r->district : district ? district->name[LANG_VI] : NULL);
    put(order, "ReceiverEmail", NULL);
}

/* CustomerCode is added when it is sent: it may have changed by then. */
json_t *order_new(const struct posting *x, int64_t id, int64_t cod)
{
    json_t *order = json_object();
    char number[ID_TEXT_MAX];

    (void)snprintf(number, sizeof number, "%" PRId64, id);
    put(order, "OrderNumber", number);
    put(order, "ItemCode", NULL);
    (void)json_object_set_new(order, "CODAmount", json_integer((json_int_t)cod)); /* fails only without memory */
    put_sender(order, x->house, x->of.unit);
    put_receiver(order, x->house, &x->receiver);
    put(order, "Description", arena_printf(x->arena, "Kết quả hồ sơ %s: %s", x->of.code, x->of.service_name[LANG_VI]));
    put(order, "flag", "1"); /* a new order */
    return order;
}

/* Its OrderNumber is the carrier's key: an order that it took before is answered with the number given then. */
static bool send_order(const struct handover *x, struct arena *a, const char **reference, struct error *e)
{
    json_t *order = json_held(a, json_deep_copy(x->payload));
    const json_t *answer;
    const char *text, *item;

    if (!carrier.url)
        return fail(e, E_PEER_UNSET, "no carrier is configured");
    put(order, "CustomerCode", carrier.customer);
    text = json_text(a, order);
    if (!peer_post(&(struct peer_call){carrier.url, {text, strlen(text)}, carrier.secret}, a, &answer, e))
        return false;
    item = json_str(answer, "ItemCode");
    if (!text_equal(json_str(answer, "OrderNumber"), json_str(order, "OrderNumber")))
        return fail(e, E_PEER_UNCLEAR, "the answer is to another order");
    if (text_is_empty(item) || text_length(item) > POST_NUMBER_MAX)
        return fail(e, E_PEER_UNCLEAR, "the answer has no number");
    *reference = arena_strdup(a, item);
    return true;
}

const struct foreign_system post_system = {POST_SYSTEM, {"Bưu chính", "The post"}, send_order};
