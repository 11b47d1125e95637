/* SHA-256 against its published vectors, streams cut anywhere, hex both ways, codes for people. */
#include "base/base.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* clang-format off */
static const struct { const char *text, *hex; } vectors[] = { /* FIPS 180-4 */
    {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};
/* clang-format on */

static void known_texts_have_known_digests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(vectors); i++) {
        struct digest d = digest_of((struct bytes){vectors[i].text, strlen(vectors[i].text)}), back;
        char hex[DIGEST_HEX];

        digest_hex(&d, hex);
        assert_string_equal(hex, vectors[i].hex);
        assert_true(digest_parse(hex, &back));
        assert_memory_equal(back.bytes, d.bytes, sizeof d.bytes);
    }
}

static void a_stream_may_be_cut_anywhere(void **state)
{
    const char *text = vectors[2].text;
    size_t len = strlen(text);

    (void)state;
    for (size_t cut = 0; cut <= len; cut++) {
        struct digest_stream s;
        struct digest d;
        char hex[DIGEST_HEX];

        digest_start(&s);
        digest_add(&s, text, cut);
        digest_add(&s, text + cut, len - cut);
        d = digest_end(&s);
        digest_hex(&d, hex);
        assert_string_equal(hex, vectors[2].hex);
    }
}

static void only_sixty_four_hex_digits_are_a_digest(void **state)
{
    static const char *const wrong[] = {
        "",
        "ba7816",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015a",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015add",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ag",
        "ba7816bf8f01cfea414140de5dae2223 00361a396177a9cb410ff61f20015ad",
        "../816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };
    struct digest untouched = {.bytes = {7}};

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        if (digest_parse(wrong[i], &untouched))
            fail_msg("\"%s\" was taken", wrong[i]);
        assert_int_equal(untouched.bytes[0], 7);
    }
}

static void secrets_have_their_length_and_letters(void **state)
{
    char hex[33], other[33], code[25];

    (void)state;
    memset(hex, 'z', sizeof hex);
    random_hex(hex, 16);
    random_hex(other, 16);
    assert_int_equal(strlen(hex), 32);
    assert_int_equal(strspn(hex, "0123456789abcdef"), 32);
    assert_string_not_equal(hex, other);
    random_code(code, sizeof code - 1);
    assert_int_equal(strlen(code), 24);
    assert_int_equal(strspn(code, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), 24); /* no I, L, O, U */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_texts_have_known_digests),
        cmocka_unit_test(a_stream_may_be_cut_anywhere),
        cmocka_unit_test(only_sixty_four_hex_digits_are_a_digest),
        cmocka_unit_test(secrets_have_their_length_and_letters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
