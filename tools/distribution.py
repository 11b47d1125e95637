#!/usr/bin/env python3
"""Red on a query that does not carry its table's distribution column and is not listed: distribution.py SRC [--list].

A large table can be partitioned, or spread over machines, by one column. A query that compares it (or joins on it) in its
own text is answered by one part; the others look in every part and are listed below, each with its reason. SQL is literal
text in this house, so reading the sources finds every one. --list prints them."""
import pathlib
import re
import sys

# By which column each large table can be partitioned, or spread over the machines of an engine like Citus, and why. What
# is small (units, accounts, definitions), a chain (audit, the vault's log) or a counter stays whole and is not here.
TABLES = {
    'case_file': ('id', 'time-ordered, so that a range of it is a time; all that belongs to a case lies with it'),
    'case_event': ('case_id', 'with its case'),
    'case_slip': ('case_id', 'with its case'),
    'case_filing': ('case_id', 'with its case'),
    'draft': ('party', 'asked for by whose it is, and by nothing else'),
    'notice': ('party', 'asked for by whose it is, and by nothing else'),
    'party': ('id', 'named by id everywhere'),
    'registry': ('key', 'r_<name>: a record is found, written and ended by its key'),
    'record_change': ('key', "a record's history lies with it"),
    'document': ('id', 'named by id everywhere'),
    'document_case': ('document', 'with its document'),
    'document_check': ('document', 'with its document'),
}

# Queries that look in every part: file, table, words of the query that no other of the file has, whether people wait for it
# often (then an index must answer it in each part), why.
IN_EVERY_PART = [
    ('casework/case.c', 'case_file', 'FROM case_file WHERE code = $1', True,
     'people and links name a case by its code; from there on its id is known'),
    ('casework/ask.c', 'case_file', 'UPDATE case_file SET version = version WHERE code = $1', False,
     'a child names its parent by code; once a question'),
    ('casework/case_list.c', 'case_file', 'SELECT id, sort_at, unit, step_role', True,
     'lists of a unit or of a party: each walks one index, and a page is 50 rows of each part'),
    ('casework/board.c', 'case_file', 'status IN (1, 2, 4, 5, 6, 9)', True,
     "a unit's open cases, for its head"),
    ('casework/board.c', 'case_file', 'COALESCE(SUM(spared), 0)', True,
     'what a unit received in thirty days, for its head'),
    ('casework/slip_log.c', 'case_file', 'FROM case_file c LEFT JOIN party p', False,
     "a unit's register of a month, printed"),
    ('casework/slip.c', 'case_slip', 'WHERE s.id = $1 AND s.document IS NULL', False,
     'a job draws a slip that it knows by its id'),
    ('casework/slip.c', 'case_slip', 'UPDATE case_slip SET document = $2', False,
     'the same job'),
    ('casework/slip.c', 'case_slip', 'WHERE document IS NULL ORDER BY id LIMIT $1', False,
     'what a power cut left undrawn, at the start'),
    ('casework/succession.c', 'case_file', 'WHERE unit = $1 AND status = $2 ORDER BY sort_at', False,
     'what a unit that ended left'),
    ('casework/tick.c', 'case_file', 'wake_at < $1 ORDER BY wake_at', False,
     'what time does by itself, twice a minute'),
    ('casework/case.c', 'case_event', 'FROM case_event ORDER BY case_id, seq', False,
     'motcua verify'),
    ('casework/case.c', 'case_file', 'WHERE v.seq IS NULL OR v.to_step', False,
     'motcua verify'),
    ('casework/slip.c', 'case_slip', 'WHERE s.unit = $1 AND s.paper = $2 AND s.year = $3', True,
     "a unit's slips of a year, by their numbers"),
    ('registry/record_read.c', 'record_change', 'c.registry = $1 AND c.key > $2', False,
     'a registry as it stood on a day'),
    ('document/table.c', 'document', 'WHERE verify_code = $1', True,
     'a stranger has nothing but the code on the paper'),
    ('document/table.c', 'document', '(kind = $2 OR stands_for = $2)', True,
     'which paper of theirs satisfies a service: by owner'),
    ('document/table.c', 'document', 'owner <> 0 ORDER BY id DESC LIMIT $2', True,
     'a vault: by owner'),
    ('document/proof.c', 'document', 'WHERE sha256 > $1', False,
     'motcua verify, and backups'),
    ('people/party.c', 'party', 'WHERE p.number = $1', True,
     'filing for somebody else, who is named by their number'),
    ('people/people_schema.c', 'party', "WHERE kind = 'officer'", False,
     'a migration'),
    ('registry/pack_load.c', 'record_change', 'SELECT count(*) FROM record_change WHERE registry = $1', False,
     'whether a pack was ever loaded'),
    ('registry/undo.c', 'record_change', 'FROM record_change WHERE case_id = $1', False,
     'what a result wrote, when it is withdrawn'),
    ('registry/record.c', 'registry', 'SELECT id FROM %s WHERE %s = $1 AND id <> $2', True,
     'an x-unique field that is not the key'),
    ('registry/record_read.c', 'registry', 'FROM %s WHERE valid_to IS NULL', True,
     'a list of a registry, by the fields it is searched by'),
    ('registry/registry.c', 'registry', 'WHERE valid_to IS NULL AND %s = $1', True,
     'records by an indexed field: what somebody owns'),
    ('db/postgres_divide.c', 'registry', 'SELECT MAX(%s) FROM %s', False,
     'motcua partition, once a table'),
    ('db/postgres_spread.c', 'registry', 'WHERE id > $1 ORDER BY id LIMIT %d FOR SHARE', False,
     'motcua partition, while it copies a table that has no parts yet'),
    ('db/postgres_spread.c', 'registry', 'IS DISTINCT FROM CAST(n AS TEXT)', False,
     'the same, when it compares'),
    ('db/postgres_spread.c', 'registry', 'HAVING count(*) > 1', False,
     'a field that is to be unique from now on'),
    ('db/sqlite.c', 'registry', 'DELETE FROM %s WHERE rowid = $1', False,
     "the search text of one row: a table of SQLite's own"),
    ('db/postgres_store.c', 'registry', 'DELETE FROM %s WHERE id = $1', False,
     'the search text of one row, by its id'),
]

COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.S)
PIECE = r'"(?:[^"\\\n]|\\.)*"'
# Adjacent literals are one text; macros between them (column lists) stand for themselves.
LITERAL = re.compile(PIECE + r'(?:(?:\s|\\\n|\b[A-Z][A-Z0-9_]+\b)*' + PIECE + r')*')
TABLE = r'\b(?P<verb>FROM|JOIN|UPDATE|INTO)\s+(?P<table>\w+|%s)(?:\s+(?:AS\s+)?(?!WHERE\b|SET\b|ON\b|LEFT\b|JOIN\b|ORDER\b|LIMIT\b|VALUES\b|GROUP\b|USING\b)(?P<alias>[a-z]\w*))?'


def statements(path):
    text = COMMENT.sub(' ', path.read_text())
    for match in LITERAL.finditer(text):
        sql = ' '.join(re.findall(PIECE, match.group()))
        sql = re.sub(r'\s+', ' ', re.sub(r'"\s*"|"|\\n', ' ', sql)).strip()
        if re.search(r'\b(SELECT|UPDATE|DELETE|INSERT)\b', sql):
            yield sql


def carries(sql, column, alias):
    name = rf'\b{alias}\.{column}\b' if alias else rf'(?<![.\w]){column}\b'
    return re.search(name + r'\s*(=|IN\b)', sql)


def lacking(src):
    """Each (file, table, sql) that looks in every part."""
    for path in sorted(src.rglob('*.c')):
        for sql in statements(path):
            for found in re.finditer(TABLE, sql):
                table = 'registry' if found['table'] == '%s' else found['table']
                if table in TABLES and found['verb'] != 'INTO' and not carries(sql, TABLES[table][0], found['alias']):
                    yield str(path.relative_to(src)), table, sql


def main():
    seen, bad = set(), []
    for file, table, sql in lacking(pathlib.Path(sys.argv[1])):
        rows = [row for row in IN_EVERY_PART if row[:2] == (file, table) and row[2] in sql]
        seen.update(rows)
        if not rows:
            bad.append(f'{file}: a query of {table} without {TABLES[table][0]}, and not listed: {sql}')
    bad += [f'{row[0]}: listed, but no such query is there any more: {row[2]}' for row in IN_EVERY_PART if row not in seen]
    if '--list' in sys.argv:
        for file, table, _, often, why in sorted(IN_EVERY_PART, key=lambda row: not row[3]):
            print(f'{"often" if often else "     "}  {file:24} {table:14} {why}')
    if bad:
        sys.exit('\n'.join(bad))


if __name__ == '__main__':
    main()
