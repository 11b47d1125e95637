/* The OpenAPI 3.1 document, made from the rows and shapes of all rooms: nothing is described twice. */
#include "http/http_internal.h"

#include <ctype.h>
#include <string.h>

/* ---- schemas of fields ---- */
static json_t *schema_of_kind(const struct field *f)
{
    switch (f->kind) {
    case FIELD_I64:
        return f->max ? json_pack("{s:s, s:i, s:I}", "type", "integer", "minimum", 0, "maximum", (json_int_t)f->max)
                      : json_pack("{s:s, s:s}", "type", "integer", "format", "int64");
    case FIELD_BOOL:
        return json_pack("{s:s}", "type", "boolean");
    case FIELD_ID:
        return json_pack("{s:s, s:s}", "type", "string", "pattern", "^[0-9]{1,19}$");
    case FIELD_INSTANT:
        return json_pack("{s:s, s:s}", "type", "string", "format", "date-time");
    case FIELD_DATE:
        return json_pack("{s:s, s:s}", "type", "string", "format", "date");
    case FIELD_OBJECT:
        return json_pack("{s:s}", "type", "object");
    case FIELD_ARRAY:
        return json_pack("{s:s, s:I}", "type", "array", "maxItems", (json_int_t)(f->max ? f->max : 1000));
    case FIELD_TEXT:
        return json_pack("{s:s, s:I}", "type", "string", "maxLength", (json_int_t)(f->max ? f->max : 4000));
    default:
        return json_object();
    }
}

static json_t *schema_of_field(const struct field *f)
{
    json_t *schema = schema_of_kind(f), *list;

    if (f->choices) {
        list = json_array();
        for (const char *c = f->choices; *c; c += strcspn(c, "|"), c += *c == '|')
            json_array_append_new(list, json_stringn(c, strcspn(c, "|")));
        json_object_set_new(schema, "enum", list);
    }
    if (f->title)
        json_object_set_new(schema, "title", json_string(f->title));
    if (f->flags & FIELD_SENSITIVE)
        json_object_set_new(schema, "x-sensitive", json_true());
    return schema;
}

static json_t *schema_of_fields(const struct field *fields)
{
    json_t *properties = json_object(), *required = json_array(), *schema;

    for (const struct field *f = fields; f->name; f++) {
        json_object_set_new(properties, f->name, schema_of_field(f));
        if (f->flags & FIELD_REQUIRED)
            json_array_append_new(required, json_string(f->name));
    }
    schema = json_pack("{s:s, s:b, s:o}", "type", "object", "additionalProperties", 0, "properties", properties);
    if (json_array_size(required))
        json_object_set_new(schema, "required", required);
    else
        json_decref(required);
    return schema;
}

/* ---- one operation ---- */
static json_t *content_new(const char *media_type, json_t *schema)
{
    return json_pack("{s:{s:o}}", media_type, "schema", schema);
}

static json_t *reference_to(const char *shape)
{
    return json_pack("{s:s+}", "$ref", "#/components/schemas/", shape);
}

static json_t *schema_of_reply(const char *reply)
{
    if (strncmp(reply, "page:", 5) != 0)
        return reference_to(reply);
    return json_pack("{s:s, s:[s,s], s:b, s:{s:{s:s, s:o}, s:{s:[s,s]}}}", "type", "object", "required", "items",
                     "next", "additionalProperties", 0, "properties", "items", "type", "array", "items",
                     reference_to(reply + 5), "next", "type", "string", "null");
}

static json_t *responses_of(const struct route *row)
{
    int status = row->status ? row->status : 200;
    json_t *responses = json_object(), *success;
    char key[8];

    (void)snprintf(key, sizeof key, "%d", status); /* three digits */
    success = json_pack("{s:s}", "description", status == 201 ? "Created" : status == 202 ? "Accepted" : "Success");
    if (row->reply)
        json_object_set_new(success, "content", content_new("application/json", schema_of_reply(row->reply)));
    json_object_set_new(responses, key, success);
    json_object_set_new(responses, "4XX", json_pack("{s:s}", "$ref", "#/components/responses/problem"));
    json_object_set_new(responses, "5XX", json_pack("{s:s}", "$ref", "#/components/responses/problem"));
    return responses;
}

static void add_parameter(json_t *list, const char *name, const char *in, bool required, json_t *schema)
{
    json_array_append_new(
        list, json_pack("{s:s, s:s, s:b, s:o}", "name", name, "in", in, "required", required, "schema", schema));
}

static json_t *text_schema(void)
{
    return json_pack("{s:s}", "type", "string");
}

static void add_page_parameters(json_t *list, const struct field *query)
{
    bool limit = false, cursor = false;

    for (const struct field *f = query; f && f->name; f++) {
        limit |= strcmp(f->name, "limit") == 0;
        cursor |= strcmp(f->name, "cursor") == 0;
    }
    if (!limit)
        add_parameter(list, "limit", "query", false,
                      json_pack("{s:s, s:i, s:i, s:i}", "type", "integer", "minimum", 1, "maximum", PAGE_LIMIT_MAX,
                                "default", PAGE_LIMIT_DEFAULT));
    if (!cursor)
        add_parameter(list, "cursor", "query", false, text_schema());
}

static json_t *parameters_of(const struct entry *entry)
{
    const struct route *row = entry->row;
    json_t *list = json_array();

    for (size_t i = 0; i < entry->n_params; i++)
        add_parameter(list, entry->param[i], "path", true, text_schema());
    for (const struct field *f = row->query; f && f->name; f++)
        add_parameter(list, f->name, "query", f->flags & FIELD_REQUIRED, schema_of_field(f));
    if (row->reply && strncmp(row->reply, "page:", 5) == 0)
        add_page_parameters(list, row->query);
    if (row->flags & ROUTE_IDEMPOTENT)
        add_parameter(list, "Idempotency-Key", "header", false,
                      json_pack("{s:s, s:i, s:i}", "type", "string", "minLength", 1, "maxLength", HTTP_KEY_MAX));
    if (row->flags & ROUTE_IF_MATCH)
        add_parameter(list, "If-Match", "header", true, text_schema());
    return list;
}

static json_t *body_of(const struct route *row)
{
    json_t *content;

    if (row->sink)
        content = content_new("*/*", json_pack("{s:s, s:s}", "type", "string", "format", "binary"));
    else if (row->body)
        content = content_new("application/json", schema_of_fields(row->body));
    else if (row->flags & ROUTE_OPEN_BODY)
        content = content_new("application/json", json_object());
    else
        return NULL;
    return json_pack("{s:b, s:o}", "required", 1, "content", content);
}

/* "POST /api/v1/cases/{code}/actions/{action}" → "post_cases_code_actions_action" */
static json_t *operation_id(const struct route *row)
{
    const char *path = text_starts_with(row->path, "/api/v1/") ? row->path + 8 : row->path + 1;
    struct buf b = BUF_INIT(256);
    json_t *id;

    for (const char *p = row->method; *p; p++)
        buf_printf(&b, "%c", tolower((unsigned char)*p));
    buf_puts(&b, "_");
    for (; *path; path++)
        if (isalnum((unsigned char)*path))
            buf_add(&b, path, 1);
        else if (b.data[b.len - 1] != '_' && path[1])
            buf_puts(&b, "_");
    id = json_string(b.data);
    buf_done(&b);
    return id;
}

static json_t *security_of(int right)
{
    return right == RIGHT_PUBLIC ? json_array() : json_pack("[{s:[]}, {s:[]}]", "token", "cookie");
}

static json_t *operation_of(const struct entry *entry, const struct gate *gate)
{
    const struct route *row = entry->row;
    const char *summary = row->summary ? row->summary : row->path;
    const char *right = row->right == RIGHT_PUBLIC || !gate || !gate->right_name ? NULL : gate->right_name(row->right);
    json_t *operation =
        json_pack("{s:o, s:s, s:[s], s:o, s:o, s:o}", "operationId", operation_id(row), "summary", summary, "tags",
                  entry->module ? entry->module->name : "http", "security", security_of(row->right), "parameters",
                  parameters_of(entry), "responses", responses_of(row));
    json_t *body = body_of(row);

    if (body)
        json_object_set_new(operation, "requestBody", body);
    if (right)
        json_object_set_new(operation, "x-right", json_string(right));
    return operation;
}

/* ---- the document ---- */
static json_t *paths_of(const struct routes *routes, const struct gate *gate)
{
    json_t *paths = json_object();

    for (size_t i = 0; i < routes->n; i++) {
        const struct entry *entry = &routes->entries[i];
        json_t *path = json_object_get(paths, entry->row->path);
        char method[8] = "";

        if (entry->row->flags & ROUTE_HIDDEN)
            continue;
        if (!path) {
            path = json_object();
            json_object_set_new(paths, entry->row->path, path);
        }
        for (size_t c = 0; entry->row->method[c] && c < sizeof method - 1; c++)
            method[c] = (char)tolower((unsigned char)entry->row->method[c]);
        json_object_set_new(path, method, operation_of(entry, gate));
    }
    return paths;
}

static json_t *problem_schema(void)
{
    json_t *item = json_pack("{s:s, s:[s,s,s], s:{s:{s:s}, s:{s:s}, s:{s:s}}}", "type", "object", "required", "pointer",
                             "keyword", "message", "properties", "pointer", "type", "string", "keyword", "type",
                             "string", "message", "type", "string");

    return json_pack("{s:s, s:[s,s,s,s], s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s, s:o}}}",
                     "type", "object", "required", "type", "title", "status", "code", "properties", "type", "type",
                     "string", "title", "type", "string", "status", "type", "integer", "code", "type", "string",
                     "detail", "type", "string", "instance", "type", "string", "errors", "type", "array", "items",
                     item);
}

static bool add_shapes(json_t *schemas, const char *room, const struct shapes *shapes, struct error *e)
{
    auto_arena struct arena *a = arena_new();
    struct yaml yaml;
    const char *name;
    json_t *schema;

    if (!shapes)
        return true;
    if (!yaml_read(a, (struct bytes){shapes->yaml, shapes->len ? shapes->len : strlen(shapes->yaml)}, &yaml, e))
        return false;
    json_object_foreach(yaml.root, name, schema)
    {
        if (json_object_get(schemas, name))
            return fail(e, E_INTERNAL, "%s: shape %s is declared twice", room, name);
        json_object_set(schemas, name, schema);
    }
    return true;
}

static bool schemas_of(const struct house *house, json_t *schemas, struct error *e)
{
    json_object_set_new(schemas, "problem", problem_schema());
    if (!add_shapes(schemas, "http", &http_shapes, e))
        return false;
    for (const struct module *const *m = house->modules; m && *m; m++)
        if (!add_shapes(schemas, (*m)->name, (*m)->shapes, e))
            return false;
    return true;
}

/* A row that promises a shape nobody declared would only be found by a client. */
static bool check_replies(const struct routes *routes, const json_t *schemas, struct error *e)
{
    for (size_t i = 0; i < routes->n; i++) {
        const char *reply = routes->entries[i].row->reply;

        if (reply && !json_object_get(schemas, text_starts_with(reply, "page:") ? reply + 5 : reply))
            return fail(e, E_INTERNAL, "%s %s: no shape is named %s", routes->entries[i].row->method,
                        routes->entries[i].row->path, reply);
    }
    return true;
}

static json_t *tags_of(const struct routes *routes)
{
    json_t *tags = json_array();
    const char *last = NULL;

    for (size_t i = 0; i < routes->n; i++) {
        const char *name = routes->entries[i].module ? routes->entries[i].module->name : "http";
        char description[80];

        if (last && strcmp(last, name) == 0)
            continue; /* rows stand room by room */
        last = name;
        (void)snprintf(description, sizeof description, "The room %s of the house.", name); /* rooms have short names */
        json_array_append_new(tags, json_pack("{s:s, s:s}", "name", name, "description", description));
    }
    return tags;
}

static json_t *components_of(json_t *schemas)
{
    return json_pack("{s:o, s:{s:{s:s, s:o}}, s:{s:{s:s, s:s}, s:{s:s, s:s, s:s}}}", "schemas", schemas, "responses",
                     "problem", "description", "What is wrong, and how to mend it (RFC 9457).", "content",
                     content_new("application/problem+json", reference_to("problem")), "securitySchemes", "token",
                     "type", "http", "scheme", "bearer", "cookie", "type", "apiKey", "in", "cookie", "name",
                     "motcua_session");
}

json_t *openapi_new(const struct house *house, const struct gate *gate)
{
    auto_arena struct arena *a = arena_new();
    auto_error struct error e;
    struct routes routes;
    json_t *schemas = json_object();

    error_init(&e);
    if (!routes_compile(a, house, &routes, &e) || !schemas_of(house, schemas, &e) ||
        !check_replies(&routes, schemas, &e)) {
        log_line(LOG_ERROR, "openapi", "detail=\"%s\"", e.detail);
        json_decref(schemas);
        return NULL;
    }
    return json_pack("{s:s, s:{s:s, s:s, s:s, s:{s:s, s:s}}, s:[{s:s}], s:o, s:o, s:o}", "openapi", "3.1.0", "info",
                     "title", "motcua", "version", "1.0.0", "description",
                     "The digital government of a city. Problems are RFC 9457; 64-bit ids are strings; times are RFC "
                     "3339 with offset.",
                     "license", "name", "Apache-2.0", "identifier", "Apache-2.0", "servers", "url", "/", "tags",
                     tags_of(&routes), "paths", paths_of(&routes, gate), "components", components_of(schemas));
}
