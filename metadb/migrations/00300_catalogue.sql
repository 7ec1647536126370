-- +goose Up
-- grain: one row per department (部门) that owns datasets
CREATE TABLE catalogue_department (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- grain: one row per column of an entry's table
CREATE TABLE catalogue_field (
    entry TEXT NOT NULL,
    field_id BIGINT NOT NULL,
    position BIGINT NOT NULL,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    precision_digits BIGINT NOT NULL,
    scale_digits BIGINT NOT NULL,
    unit TEXT NOT NULL,
    comment TEXT NOT NULL,
    value_rows BIGINT NOT NULL,
    unread BIGINT NOT NULL,
    distinct_count BIGINT NOT NULL,
    distinct_exact BOOLEAN NOT NULL,
    min_value TEXT NOT NULL,
    max_value TEXT NOT NULL,
    samples TEXT NOT NULL,
    PRIMARY KEY (entry, field_id)
);

-- grain: one row per change of an entry: who, what, when
CREATE TABLE catalogue_change (
    id TEXT PRIMARY KEY,
    entry TEXT NOT NULL,
    at TIMESTAMP NOT NULL,
    account TEXT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX catalogue_change_entry ON catalogue_change (entry, id);

-- grain: one row per kept object with text: what was extracted, for the index
CREATE TABLE catalogue_content (
    entry TEXT PRIMARY KEY,
    content TEXT NOT NULL
);
