-- +goose Up
-- grain: one row per file received, by its digest; the bytes stand in the originals folder
CREATE TABLE collect_original (
    sha256 TEXT PRIMARY KEY,
    size_bytes BIGINT NOT NULL,
    name TEXT NOT NULL,
    account TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL
);

-- grain: one row per dataset that files land in; columns is how each source column is stored
CREATE TABLE collect_dataset (
    dataset TEXT PRIMARY KEY,
    department TEXT NOT NULL,
    name TEXT NOT NULL,
    name_key TEXT NOT NULL,
    columns_key TEXT NOT NULL,
    column_forms TEXT NOT NULL,
    policy TEXT NOT NULL,
    recipe TEXT NOT NULL,
    last_rows BIGINT NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX collect_dataset_match ON collect_dataset (department, name_key);

-- grain: one row per call that landed one file
CREATE TABLE collect_landing (
    id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    call_key TEXT NOT NULL,
    file TEXT NOT NULL,
    department TEXT NOT NULL,
    state TEXT NOT NULL,
    error TEXT NOT NULL,
    account TEXT NOT NULL,
    run TEXT NOT NULL,
    options TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL
);
CREATE INDEX collect_landing_key ON collect_landing (call_key, state);

-- grain: one row per table or object of a landing: what became of it
CREATE TABLE collect_batch (
    id TEXT PRIMARY KEY,
    landing TEXT NOT NULL,
    commit_id TEXT NOT NULL,
    file TEXT NOT NULL,
    member TEXT NOT NULL,
    n BIGINT NOT NULL,
    table_name TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    content_sha256 TEXT NOT NULL,
    place_key TEXT NOT NULL,
    format TEXT NOT NULL,
    encoding TEXT NOT NULL,
    department TEXT NOT NULL,
    dataset TEXT NOT NULL,
    dedupe TEXT NOT NULL,
    state TEXT NOT NULL,
    rows_in BIGINT NOT NULL,
    rows_landed BIGINT NOT NULL,
    rows_quarantined BIGINT NOT NULL,
    size_bytes BIGINT NOT NULL,
    snapshot BIGINT NOT NULL,
    reason TEXT NOT NULL,
    questions TEXT NOT NULL,
    drift TEXT NOT NULL,
    report TEXT NOT NULL,
    origin_batch TEXT NOT NULL,
    account TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    landed_at TIMESTAMP NOT NULL
);
CREATE INDEX collect_batch_landing ON collect_batch (landing, id);
CREATE INDEX collect_batch_commit ON collect_batch (commit_id);
CREATE INDEX collect_batch_state ON collect_batch (state, id);
CREATE INDEX collect_batch_dataset ON collect_batch (dataset, id);
CREATE INDEX collect_batch_content ON collect_batch (content_sha256, state);
-- the same bytes land once in a dataset
CREATE UNIQUE INDEX collect_batch_once ON collect_batch (dedupe) WHERE state = 'landed';

-- grain: one row per file kept as it is
CREATE TABLE collect_object (
    id TEXT PRIMARY KEY,
    sha256 TEXT NOT NULL,
    name TEXT NOT NULL,
    media_type TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    text TEXT NOT NULL,
    meta TEXT NOT NULL,
    department TEXT NOT NULL,
    account TEXT NOT NULL,
    received_at TIMESTAMP NOT NULL
);
CREATE INDEX collect_object_sha ON collect_object (sha256);

-- grain: one row per change of how a column is stored that is under way
CREATE TABLE collect_reshape (
    id TEXT PRIMARY KEY,
    dataset TEXT NOT NULL,
    steps TEXT NOT NULL,
    columns_key TEXT NOT NULL,
    column_forms TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL
);
