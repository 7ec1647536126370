-- +goose Up
-- a batch belongs to whom its dataset belongs to; datasets moved before left theirs behind
UPDATE collect_batch SET department = (SELECT d.department FROM collect_dataset AS d WHERE d.dataset = collect_batch.dataset)
WHERE EXISTS (SELECT 1 FROM collect_dataset AS d WHERE d.dataset = collect_batch.dataset AND d.department <> collect_batch.department);
-- what landed when, for the workbench
CREATE INDEX collect_batch_landed ON collect_batch (state, landed_at, rows_landed);
