-- +goose Up
-- grain: one row per dataset or kept object; COLLATE "C" so that a prefix is a range
CREATE TABLE catalogue_entry (
    seq BIGSERIAL PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT COLLATE "C" NOT NULL,
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
-- grain: one document per entry. Tokens are made in Go (bigrams, words,
-- pinyin): A name, B sound, C body and content, D facet.
CREATE TABLE catalogue_index (
    seq BIGINT PRIMARY KEY REFERENCES catalogue_entry (seq) ON DELETE CASCADE,
    words TSVECTOR NOT NULL,
    content TSVECTOR NOT NULL
);
CREATE INDEX catalogue_index_words ON catalogue_index USING GIN (words);
CREATE INDEX catalogue_index_content ON catalogue_index USING GIN (content);
