-- +goose Up
-- grain: one row per run, i.e. one piece of work longer than a request
CREATE TABLE run (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    subject TEXT NOT NULL,
    account TEXT NOT NULL,
    role TEXT NOT NULL,
    department TEXT NOT NULL,
    params TEXT NOT NULL,
    state TEXT NOT NULL,
    step TEXT NOT NULL,
    done BIGINT NOT NULL,
    total BIGINT NOT NULL,
    unit TEXT NOT NULL,
    result TEXT NOT NULL,
    error TEXT NOT NULL,
    error_kind TEXT NOT NULL,
    attempt BIGINT NOT NULL,
    cancel_asked BOOLEAN NOT NULL,
    lease_owner TEXT NOT NULL,
    lease_until TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL
);
CREATE INDEX run_state ON run (state, created_at);
CREATE INDEX run_created ON run (created_at, id);

-- grain: one row per step of an attempt of a run
CREATE TABLE run_step (
    run_id TEXT NOT NULL REFERENCES run (id) ON DELETE CASCADE,
    attempt BIGINT NOT NULL,
    n BIGINT NOT NULL,
    name TEXT NOT NULL,
    note TEXT NOT NULL,
    started_at TIMESTAMP NOT NULL,
    ended_at TIMESTAMP NOT NULL,
    PRIMARY KEY (run_id, attempt, n)
);
