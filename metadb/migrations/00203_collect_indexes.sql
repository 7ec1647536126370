-- +goose Up
-- two equalities and the order that is asked for: without the id SQLite reads
-- all landed batches in its order instead of those of one dataset or content
DROP INDEX collect_batch_dataset;
CREATE INDEX collect_batch_dataset ON collect_batch (dataset, state, id);
CREATE INDEX collect_batch_of ON collect_batch (dataset, id);
DROP INDEX collect_batch_content;
CREATE INDEX collect_batch_content ON collect_batch (content_sha256, state, id);
-- a delivery is known by its columns among any number of namesakes
DROP INDEX collect_dataset_match;
CREATE INDEX collect_dataset_match ON collect_dataset (department, name_key, columns_key);
