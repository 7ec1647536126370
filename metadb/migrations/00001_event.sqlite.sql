-- +goose Up
-- grain: one row per event, in order of commit (the transactional outbox, decision D7)
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    kind TEXT NOT NULL,
    subject TEXT NOT NULL,
    department TEXT NOT NULL,
    account TEXT NOT NULL,
    data TEXT NOT NULL,
    at TIMESTAMP NOT NULL
);
CREATE INDEX event_topic ON event (topic, seq);
