/* The tree, against the roots that RFC 6962's reference implementation gives for its eight leaves; and that every path
 * is as long as it must be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "systems/vault/merkle.h"

/* cmocka takes the name fail, which is ours. */
#include <cmocka.h>

enum { LEAVES = 8 };

static const struct {
    const char *data;
    size_t len;
    const char *root; /* of the tree up to this leaf */
} rows[LEAVES] = {
    {"", 0, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"},
    {"\x00", 1, "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"},
    {"\x10", 1, "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77"},
    {"\x20\x21", 2, "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
    {"\x30\x31", 2, "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"},
    {"\x40\x41\x42\x43", 4, "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef"},
    {"\x50\x51\x52\x53\x54\x55\x56\x57", 8, "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c"},
    {"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f", 16,
     "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"},
};

/* Full subtrees only: what is not one is a mistake of whoever asks. */
static bool node(void *arg, int level, int64_t idx, struct digest *out, struct error *e)
{
    struct digest left, right;

    assert_true((idx + 1) << level <= *(int64_t *)arg);
    if (level == 0) {
        *out = merkle_leaf((struct bytes){rows[idx].data, rows[idx].len});
        return true;
    }
    if (!node(arg, level - 1, idx * 2, &left, e) || !node(arg, level - 1, idx * 2 + 1, &right, e))
        return false;
    *out = merkle_join(&left, &right);
    return true;
}

static void roots(void **state)
{
    char hex[DIGEST_HEX];
    struct digest root;
    struct error e;
    int64_t n;

    (void)state;
    error_init(&e);
    for (n = 0; n <= LEAVES; n++) {
        const struct merkle tree = {node, &n};

        assert_true(merkle_root(&tree, n, &root, &e));
        digest_hex(&root, hex);
        assert_string_equal(hex,
                            n ? rows[n - 1].root : "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    }
    error_done(&e);
}

/* The reference's own: the sixth leaf of 8, and 6 in 8. */
static void paths(void **state)
{
    static const char *const inclusion[] = {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
                                            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"},
                             *const consistency[] = {
                                 "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
                                 "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
                                 "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"};
    int64_t size = LEAVES;
    const struct merkle tree = {node, &size};
    struct digest path[MERKLE_PATH_MAX];
    char hex[DIGEST_HEX];
    struct error e;
    size_t n;

    (void)state;
    error_init(&e);
    assert_true(merkle_inclusion(&tree, 5, size, path, &n, &e));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        digest_hex(&path[i], hex);
        assert_string_equal(hex, inclusion[i]);
    }
    assert_true(merkle_consistency(&tree, 6, size, path, &n, &e));
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++) {
        digest_hex(&path[i], hex);
        assert_string_equal(hex, consistency[i]);
    }
    assert_true(merkle_consistency(&tree, size, size, path, &n, &e));
    assert_int_equal(n, 0);
    error_done(&e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(roots), cmocka_unit_test(paths)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
