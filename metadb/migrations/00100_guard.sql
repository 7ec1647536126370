-- +goose Up
-- grain: one row per department (部门)
CREATE TABLE department (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    parent TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- grain: one row per person who may sign in; roles is a JSON array
CREATE TABLE account (
    account TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    department TEXT NOT NULL,
    roles TEXT NOT NULL,
    password TEXT NOT NULL,
    disabled BOOLEAN NOT NULL,
    failures BIGINT NOT NULL,
    locked_until TIMESTAMP NOT NULL,
    last_login_at TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL
);

-- grain: one row per signed-in browser; digest is SHA-256 of the token
CREATE TABLE session (
    digest TEXT PRIMARY KEY,
    account TEXT NOT NULL REFERENCES account (account) ON DELETE CASCADE,
    role TEXT NOT NULL,
    created_at TIMESTAMP NOT NULL,
    seen_at TIMESTAMP NOT NULL
);
CREATE INDEX session_account ON session (account);
CREATE INDEX session_created ON session (created_at);

-- grain: one row per network address with failed sign-ins of late
CREATE TABLE sign_in_address (
    address TEXT PRIMARY KEY,
    failures BIGINT NOT NULL,
    locked_until TIMESTAMP NOT NULL,
    failed_at TIMESTAMP NOT NULL
);

-- grain: one row per entry of the audit log; hash covers the row and prev
CREATE TABLE audit (
    seq BIGINT PRIMARY KEY,
    at TIMESTAMP NOT NULL,
    account TEXT NOT NULL,
    role TEXT NOT NULL,
    department TEXT NOT NULL,
    action TEXT NOT NULL,
    object TEXT NOT NULL,
    detail TEXT NOT NULL,
    algorithm TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
);
CREATE INDEX audit_account ON audit (account, seq);
CREATE INDEX audit_object ON audit (object, seq);

-- grain: one row: the newest entry, locked by who appends
CREATE TABLE audit_head (
    id BIGINT PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash TEXT NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');

-- grain: one row per filter of a page that an account saved
CREATE TABLE saved_view (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    page TEXT NOT NULL,
    name TEXT NOT NULL,
    query TEXT NOT NULL,
    updated_at TIMESTAMP NOT NULL,
    UNIQUE (account, page, name)
);

-- grain: one row per file on its way in; offset_bytes are durable
CREATE TABLE upload (
    id TEXT PRIMARY KEY,
    account TEXT NOT NULL,
    department TEXT NOT NULL,
    name TEXT NOT NULL,
    size_bytes BIGINT NOT NULL,
    offset_bytes BIGINT NOT NULL,
    expected TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    last_modified TIMESTAMP NOT NULL,
    created_at TIMESTAMP NOT NULL
);
CREATE INDEX upload_created ON upload (created_at);
