/* The database a test gets for itself: SQLite in its folder, or, when MOTCUA_TEST_DB says postgres, a new one on the
 * server that MOTCUA_POSTGRES names ("postgresql:///?host=/tmp/…&user=…"; tools/postgres.py starts it). */
#pragma once

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static inline int test_on_postgres(void)
{
    const char *wanted = getenv("MOTCUA_TEST_DB");

    return wanted && strcmp(wanted, "postgres") == 0;
}

/* One statement on the server itself; a test without its server is red. */
static inline void test_server_run(const char *sql)
{
    const char *server = getenv("MOTCUA_POSTGRES");
    char url[512];
    PGconn *conn;
    PGresult *r;

    (void)snprintf(url, sizeof url, "%s&dbname=postgres", server ? server : "postgresql:///?host=/nowhere");
    conn = PQconnectdb(url);
    r = PQexec(conn, sql);
    if (PQresultStatus(r) != PGRES_COMMAND_OK) {
        (void)fprintf(stderr, "%s: %s\n", sql, PQerrorMessage(conn));
        abort();
    }
    PQclear(r);
    PQfinish(conn);
}

static inline void test_store_new(const char *folder)
{
    char sql[128];

    (void)snprintf(sql, sizeof sql, "CREATE DATABASE \"%s\"", strrchr(folder, '/') + 1);
    if (test_on_postgres())
        test_server_run(sql);
}

static inline void test_store_url(const char *folder, const char *file, char *url, size_t size)
{
    if (test_on_postgres())
        (void)snprintf(url, size, "%s&dbname=%s", getenv("MOTCUA_POSTGRES"), strrchr(folder, '/') + 1);
    else
        (void)snprintf(url, size, "sqlite:%s/%s", folder, file);
}

static inline void test_store_drop(const char *folder)
{
    char sql[128];

    (void)snprintf(sql, sizeof sql, "DROP DATABASE \"%s\" WITH (FORCE)", strrchr(folder, '/') + 1);
    if (test_on_postgres())
        test_server_run(sql);
}

/* At the head of a test of what only SQLite does. */
#define ONLY_SQLITE                                                                                                    \
    do {                                                                                                               \
        if (test_on_postgres())                                                                                        \
            skip();                                                                                                    \
    } while (0)
