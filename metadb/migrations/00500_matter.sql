-- +goose Up
-- grain: one row per matter; body is its JSON, the columns beside it are for indexes and pages
CREATE TABLE matter (
    id TEXT PRIMARY KEY,
    type TEXT NOT NULL,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    subject TEXT NOT NULL,
    state TEXT NOT NULL,
    open BOOLEAN NOT NULL,
    org TEXT NOT NULL,
    assignee TEXT NOT NULL,
    reporter TEXT NOT NULL,
    parent TEXT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    wake_at TIMESTAMP,
    rev BIGINT NOT NULL,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    closed_at TIMESTAMP,
    body TEXT NOT NULL
);
CREATE INDEX matter_wake ON matter (wake_at, id) WHERE wake_at IS NOT NULL;
CREATE INDEX matter_of_type ON matter (type, id);
CREATE INDEX matter_reporter ON matter (reporter, id);
CREATE INDEX matter_subject ON matter (subject, id) WHERE subject <> '';

-- grain: one row per state of an open matter and desk that it waits for (role@department, account:name)
CREATE TABLE matter_turn (
    matter TEXT NOT NULL,
    region TEXT NOT NULL,
    desk TEXT NOT NULL,
    role TEXT NOT NULL,
    state TEXT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    PRIMARY KEY (matter, region, desk)
);
CREATE INDEX matter_turn_desk ON matter_turn (desk, due_at, matter, region);

-- grain: one row per event of a matter, chained by hash; never changed
CREATE TABLE matter_event (
    matter TEXT NOT NULL,
    seq BIGINT NOT NULL,
    at TIMESTAMP NOT NULL,
    action TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    account TEXT NOT NULL,
    for_account TEXT NOT NULL,
    role TEXT NOT NULL,
    department TEXT NOT NULL,
    rev BIGINT NOT NULL,
    data TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (matter, seq)
);

-- grain: one row per command that carried a key, and what came of it
CREATE TABLE matter_key (
    key TEXT PRIMARY KEY,
    matter TEXT NOT NULL,
    digest TEXT NOT NULL,
    rev BIGINT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX matter_key_at ON matter_key (at);

-- grain: one row per closed sub-matter whose parent was not told yet
CREATE TABLE matter_ping (
    parent TEXT NOT NULL,
    child TEXT NOT NULL,
    PRIMARY KEY (parent, child)
);

-- grain: one row per link between two matters
CREATE TABLE matter_link (
    from_matter TEXT NOT NULL,
    to_matter TEXT NOT NULL,
    kind TEXT NOT NULL,
    PRIMARY KEY (from_matter, to_matter, kind)
);
CREATE INDEX matter_link_to ON matter_link (to_matter);

-- grain: one row per message that was not delivered yet
CREATE TABLE matter_message (
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL,
    target TEXT NOT NULL,
    matter TEXT NOT NULL,
    body TEXT NOT NULL,
    due_at TIMESTAMP NOT NULL,
    attempts BIGINT NOT NULL,
    error TEXT NOT NULL
);
CREATE INDEX matter_message_due ON matter_message (due_at, id);

-- grain: one row per job that only one process does at a time
CREATE TABLE matter_lease (
    name TEXT PRIMARY KEY,
    owner TEXT NOT NULL,
    until TIMESTAMP NOT NULL
);

-- grain: one row per stretch in which an account acts for another
CREATE TABLE matter_delegation (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    delegate TEXT NOT NULL,
    role TEXT NOT NULL,
    department TEXT NOT NULL,
    since TIMESTAMP NOT NULL,
    until TIMESTAMP NOT NULL,
    reason TEXT NOT NULL
);
CREATE INDEX matter_delegation_delegate ON matter_delegation (delegate, until);

-- grain: one row per account that watches a matter
CREATE TABLE matter_watch (
    matter TEXT NOT NULL,
    account TEXT NOT NULL,
    PRIMARY KEY (matter, account)
);

-- grain: one row per published version of a type; never changed
CREATE TABLE matter_type (
    name TEXT NOT NULL,
    version BIGINT NOT NULL,
    digest TEXT NOT NULL,
    source TEXT NOT NULL,
    published_by TEXT NOT NULL,
    published_at TIMESTAMP NOT NULL,
    PRIMARY KEY (name, version)
);
