-- +goose Up
-- runs are kept: those of an account or about a thing are found without reading all
CREATE INDEX run_account ON run (account, id);
CREATE INDEX run_subject ON run (kind, subject, id);
