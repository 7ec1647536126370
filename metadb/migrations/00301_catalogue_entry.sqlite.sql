-- +goose Up
-- grain: one row per dataset or kept object
CREATE TABLE catalogue_entry (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    department TEXT NOT NULL,
    theme TEXT NOT NULL,
    status TEXT NOT NULL,
    format TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL,
    row_count BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    snapshot BIGINT NOT NULL,
    batch TEXT NOT NULL,
    source TEXT NOT NULL,
    words TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    created_by TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    updated_by TEXT NOT NULL
);
CREATE INDEX catalogue_entry_name ON catalogue_entry (name_key, seq);
CREATE INDEX catalogue_entry_updated ON catalogue_entry (updated_at, seq);
CREATE INDEX catalogue_entry_facets ON catalogue_entry (department, theme, status, format, kind);
-- grain: one document per entry; rowid = catalogue_entry.seq. Tokens are made
-- in Go (bigrams, words, pinyin); only blanks separate them.
CREATE VIRTUAL TABLE catalogue_index USING fts5(
    name, sound, body, content_text, facet,
    content='', contentless_delete=1, detail=column, prefix='1 2', tokenize='ascii'
);
