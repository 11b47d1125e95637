/* Numbers and values as JSON Schema means them: exact, and 1 is 1.0. */
#include "schema/schema_internal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

bool number_is_integral(const json_t *n)
{
    return json_is_integer(n) || (json_is_real(n) && trunc(json_real_value(n)) == json_real_value(n));
}

static int compare_int_real(json_int_t i, double d)
{
    double whole = trunc(d);

    if (d >= 0x1p63)
        return -1;
    if (d < -0x1p63)
        return 1;
    if (i != (json_int_t)whole)
        return i < (json_int_t)whole ? -1 : 1;
    return (whole > d) - (whole < d);
}

int number_compare(const json_t *a, const json_t *b)
{
    if (json_is_integer(a) && json_is_integer(b))
        return (json_integer_value(a) > json_integer_value(b)) - (json_integer_value(a) < json_integer_value(b));
    if (json_is_integer(a))
        return compare_int_real(json_integer_value(a), json_real_value(b));
    if (json_is_integer(b))
        return -compare_int_real(json_integer_value(b), json_real_value(a));
    return (json_real_value(a) > json_real_value(b)) - (json_real_value(a) < json_real_value(b));
}

/* The shortest "d.ddde±xx" that reads back as d. */
static void real_text(double d, char *out, size_t size)
{
    for (int precision = 14; precision <= 16; precision++) {
        (void)snprintf(out, size, "%.*e", precision, d); /* 24 characters at most */
        if (strtod(out, NULL) == d)
            return;
    }
}

void number_text(const json_t *n, char *out, size_t size)
{
    if (json_is_integer(n)) {
        (void)snprintf(out, size, "%" JSON_INTEGER_FORMAT, json_integer_value(n)); /* 20 characters at most */
        return;
    }
    for (int precision = 15; precision <= 17; precision++) {
        (void)snprintf(out, size, "%.*g", precision, json_real_value(n)); /* 24 characters at most */
        if (strtod(out, NULL) == json_real_value(n))
            return;
    }
}

/* A real counts as the decimal people wrote: 0.0075 is 75e-4, not the binary fraction next to it. */
struct decimal decimal_of(const json_t *n)
{
    struct decimal d = {0};
    char text[40];

    if (json_is_integer(n)) {
        json_int_t i = json_integer_value(n);

        d.digits = i < 0 ? 0 - (uint64_t)i : (uint64_t)i;
        return d;
    }
    real_text(json_real_value(n), text, sizeof text);
    for (const char *p = text, *point = NULL; *p; p++) {
        if (*p >= '0' && *p <= '9') {
            d.digits = d.digits * 10 + (uint64_t)(*p - '0');
            d.exponent -= point != NULL;
        } else if (*p == 'e') {
            d.exponent += (int)strtol(p + 1, NULL, 10);
            break;
        } else if (*p != '-') {
            point = p;
        }
    }
    while (d.digits && d.digits % 10 == 0) {
        d.digits /= 10;
        d.exponent++;
    }
    return d;
}

/* 10^exponent mod m */
static uint64_t power_of_ten_mod(int exponent, uint64_t m)
{
    unsigned __int128 result = 1 % m, base = 10 % m;

    for (; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * base % m;
        base = base * base % m;
    }
    return (uint64_t)result;
}

bool number_is_multiple(const json_t *n, const json_t *of, struct decimal m)
{
    struct decimal d;
    unsigned __int128 unit;
    int shift;

    if (json_is_integer(n) && json_is_integer(of))
        return json_integer_value(n) % json_integer_value(of) == 0;
    d = decimal_of(n);
    if (d.digits == 0)
        return true;
    shift = d.exponent - m.exponent;
    if (shift >= 0)
        return (unsigned __int128)(d.digits % m.digits) * power_of_ten_mod(shift, m.digits) % m.digits == 0;
    if (shift < -19) /* 10^20 is above any 64-bit count of digits */
        return false;
    for (unit = m.digits; shift; shift++)
        unit *= 10;
    return d.digits % unit == 0;
}

/* ---- equality ---- */

static bool arrays_equal(const json_t *a, const json_t *b)
{
    if (json_array_size(a) != json_array_size(b))
        return false;
    for (size_t i = 0; i < json_array_size(a); i++)
        if (!value_equal(json_array_get(a, i), json_array_get(b, i)))
            return false;
    return true;
}

static bool objects_equal(const json_t *a, const json_t *b)
{
    const char *name;
    json_t *value;

    if (json_object_size(a) != json_object_size(b))
        return false;
    json_object_foreach((json_t *)(uintptr_t)a, name, value)
    {
        const json_t *other = json_object_get(b, name);

        if (!other || !value_equal(value, other))
            return false;
    }
    return true;
}

bool value_equal(const json_t *a, const json_t *b)
{
    if (json_is_number(a) && json_is_number(b))
        return number_compare(a, b) == 0;
    if (json_typeof(a) != json_typeof(b))
        return false;
    switch (json_typeof(a)) {
    case JSON_OBJECT:
        return objects_equal(a, b);
    case JSON_ARRAY:
        return arrays_equal(a, b);
    case JSON_STRING:
        return json_string_length(a) == json_string_length(b) &&
               memcmp(json_string_value(a), json_string_value(b), json_string_length(a)) == 0;
    default:
        return true;
    }
}

/* ---- uniqueItems ---- */

static uint64_t mix(uint64_t h)
{
    h ^= h >> 33;
    h *= UINT64_C(0xFF51AFD7ED558CCD);
    return h ^ h >> 33;
}

static uint64_t text_hash(const char *s, size_t len)
{
    uint64_t h = UINT64_C(0xCBF29CE484222325);

    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)s[i]) * UINT64_C(0x100000001B3);
    return mix(h);
}

/* Equal values have equal hashes. */
static uint64_t value_hash(const json_t *j, size_t *steps)
{
    uint64_t h = (uint64_t)json_typeof(j);
    const char *name;
    json_t *value;
    double d;

    ++*steps;
    switch (json_typeof(j)) {
    case JSON_STRING:
        return text_hash(json_string_value(j), json_string_length(j));
    case JSON_INTEGER:
    case JSON_REAL:
        d = json_number_value(j) + 0.0; /* -0.0 is 0.0 */
        memcpy(&h, &d, sizeof h);
        return mix(h);
    case JSON_ARRAY:
        for (size_t i = 0; i < json_array_size(j); i++)
            h = mix(h * 31 + value_hash(json_array_get(j, i), steps));
        return h;
    case JSON_OBJECT: /* members in any order */
        json_object_foreach((json_t *)(uintptr_t)j, name, value)
        {
            h += mix(text_hash(name, strlen(name)) ^ value_hash(value, steps) * 3);
        }
        return h;
    default:
        return mix(h);
    }
}

enum { PAIRS_MAX = 8, LOCAL_SLOTS = 512 };

struct slot {
    uint32_t hash, item; /* item + 1 */
};

bool value_items_unique(const json_t *array, size_t *steps)
{
    size_t n = json_array_size(array), n_slots = 16;
    struct slot local[LOCAL_SLOTS], *slots = local;
    auto_free struct slot *large = NULL;

    if (n <= PAIRS_MAX) {
        for (size_t i = 1; i < n; i++)
            for (size_t j = 0; j < i; j++)
                if (value_equal(json_array_get(array, i), json_array_get(array, j)))
                    return false;
        return true;
    }
    while (n_slots < 2 * n)
        n_slots *= 2;
    if (n_slots > LOCAL_SLOTS) {
        large = calloc(n_slots, sizeof *large);
        if (!large)
            die("out of memory", n_slots * sizeof *large);
        slots = large;
    } else {
        memset(slots, 0, n_slots * sizeof *slots);
    }
    for (size_t i = 0; i < n; i++) {
        const json_t *each = json_array_get(array, i);
        uint64_t h = value_hash(each, steps);
        size_t s = (size_t)(h >> 32) & (n_slots - 1);

        for (; slots[s].item; s = (s + 1) & (n_slots - 1)) {
            ++*steps;
            if (slots[s].hash == (uint32_t)h && value_equal(each, json_array_get(array, slots[s].item - 1)))
                return false;
        }
        slots[s] = (struct slot){(uint32_t)h, (uint32_t)i + 1};
    }
    return true;
}
