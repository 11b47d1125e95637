/* One page of ListObjectsV2. The XML comes from another machine: expat reads it, sizes are bounded, and keys that are
 * not below the asked prefix or not in order end the listing as a lie. */
#include "objects/objects_internal.h"

#include <expat.h>
#include <string.h>

enum { TEXT_MAX = 2048 };

struct reading {
    struct s3_page *page;
    XML_Parser parser;
    struct error *e;
    bool failed, truncated, in_contents;
    char text[TEXT_MAX];
    size_t len;
    char key[OBJECT_KEY_MAX];
    int64_t size;
};

static void stop(struct reading *r)
{
    r->failed = true;
    (void)XML_StopParser(r->parser, XML_FALSE); /* it can only fail when it is stopped already */
}

static void XMLCALL on_start(void *arg, const XML_Char *name, const XML_Char **attributes)
{
    struct reading *r = arg;

    (void)attributes;
    r->len = 0;
    if (strcmp(name, "Contents") == 0) {
        r->in_contents = true;
        r->key[0] = '\0';
        r->size = -1;
    }
}

static void XMLCALL on_text(void *arg, const XML_Char *text, int len)
{
    struct reading *r = arg;

    if ((size_t)len >= sizeof r->text - r->len) {
        (void)fail(r->e, E_FILE_STORE, "a listing with a text of more than %d bytes", TEXT_MAX);
        stop(r);
        return;
    }
    memcpy(r->text + r->len, text, (size_t)len);
    r->len += (size_t)len;
}

static bool tell(struct reading *r)
{
    struct s3_page *page = r->page;
    const char *key = r->key;

    if (r->size < 0 || strlen(key) <= page->prefix_len || (page->last && strcmp(key, page->last) <= 0))
        return fail(r->e, E_FILE_STORE, "a listing out of order at \"%s\"", key);
    free(page->last);
    page->last = strdup(key);
    return page->each(&(struct object){key + page->prefix_len, r->size}, page->arg, r->e);
}

static bool take_content(struct reading *r, const char *name)
{
    if (strcmp(name, "Key") == 0) {
        if (r->len >= sizeof r->key)
            return fail(r->e, E_FILE_STORE, "a listing with a key of %zu bytes", r->len);
        memcpy(r->key, r->text, r->len + 1);
    } else if (strcmp(name, "Size") == 0) {
        return text_to_i64(r->text, 0, INT64_MAX, &r->size) || fail(r->e, E_FILE_STORE, "a listing with a wrong size");
    } else if (strcmp(name, "Contents") == 0) {
        r->in_contents = false;
        return tell(r);
    }
    return true;
}

static void XMLCALL on_end(void *arg, const XML_Char *name)
{
    struct reading *r = arg;

    r->text[r->len] = '\0';
    if (r->in_contents) {
        if (!take_content(r, name))
            stop(r);
    } else if (strcmp(name, "IsTruncated") == 0) {
        r->truncated = strcmp(r->text, "true") == 0;
    } else if (strcmp(name, "NextContinuationToken") == 0) {
        free(r->page->next);
        r->page->next = strdup(r->text);
    }
    r->len = 0;
}

bool s3_page_read(struct s3_page *page, struct bytes xml, struct error *e)
{
    struct reading r = {.page = page, .e = e, .parser = XML_ParserCreate("UTF-8")};
    bool ok;

    if (!r.parser)
        die("out of memory", 0);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    free(page->next);
    page->next = NULL;
    ok = XML_Parse(r.parser, xml.data, (int)xml.len, XML_TRUE) == XML_STATUS_OK && !r.failed;
    if (!ok && !r.failed)
        (void)fail(e, E_FILE_STORE, "a listing that is no XML: %s", XML_ErrorString(XML_GetErrorCode(r.parser)));
    XML_ParserFree(r.parser);
    if (ok && r.truncated && !page->next)
        ok = fail(e, E_FILE_STORE, "a listing that does not say how it goes on");
    if (!r.truncated) {
        free(page->next);
        page->next = NULL;
    }
    return ok;
}
