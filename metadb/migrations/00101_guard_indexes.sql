-- +goose Up
-- the log is never cut: what it is filtered by has an index
CREATE INDEX audit_action ON audit (action, seq);
CREATE INDEX audit_at ON audit (at, seq);
