-- +goose Up
-- grain: one row per statement over the heads of matters' chains, chained by hash
CREATE TABLE matter_statement (
    n BIGINT PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    prev TEXT NOT NULL,
    root TEXT NOT NULL,
    leaves BIGINT NOT NULL,
    last_event BIGINT NOT NULL,
    algorithm TEXT NOT NULL,
    hash TEXT NOT NULL,
    signer TEXT NOT NULL,
    signature TEXT NOT NULL
);

-- grain: one row per matter in a statement: its newest event then
CREATE TABLE matter_leaf (
    n BIGINT NOT NULL REFERENCES matter_statement (n),
    i BIGINT NOT NULL,
    matter TEXT NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (n, i)
);
CREATE INDEX matter_leaf_matter ON matter_leaf (matter, n);
