-- +goose Up
-- grain: one row per line that did not land; raw is the line as received
CREATE TABLE collect_reject (
    batch TEXT NOT NULL,
    n BIGINT NOT NULL,
    line BIGINT NOT NULL,
    reason TEXT NOT NULL,
    raw BLOB NOT NULL,
    text TEXT NOT NULL,
    state TEXT NOT NULL,
    mended TEXT NOT NULL,
    note TEXT NOT NULL,
    replay_batch TEXT NOT NULL,
    account TEXT NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (batch, n)
);
CREATE INDEX collect_reject_state ON collect_reject (batch, state, n);
