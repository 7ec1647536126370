package duck

// attacks, one a line, must all be refused.
const attacks = `
SELECT count(*) FROM hidden.person
SELECT count(*) FROM memory.hidden.person
SELECT count(*) FROM memory.landing.person
SELECT count(*) FROM "hidden"."person"
SELECT count(*) FROM HIDDEN.PERSON
SELECT count(*) FROM person
SELECT count(*) FROM main.person
SELECT count(*) FROM temp.person
FROM hidden.person
TABLE hidden.person
SELECT count(*) FROM query('SELECT * FROM hidden.person')
SELECT count(*) FROM query_table('hidden.person')
SELECT count(*) FROM query_table(['hidden.person'])
SUMMARIZE landing.person
SUMMARIZE hidden.person
SELECT * FROM (SUMMARIZE landing.person)
DESCRIBE landing.person
SELECT * FROM (DESCRIBE hidden.person)
SELECT * FROM (SHOW TABLES)
SHOW ALL TABLES
SHOW DATABASES
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT count(*) FROM hidden.person'))
SELECT json_serialize_sql('SELECT 1')
SELECT json_deserialize_sql('{}')
SELECT json_serialize_plan('SELECT * FROM hidden.person')
PRAGMA storage_info('hidden.person')
SELECT * FROM pragma_storage_info('hidden.person')
SELECT * FROM pragma_table_info('hidden.person')
SELECT sql FROM duckdb_views()
SELECT * FROM duckdb_tables()
SELECT * FROM duckdb_tables
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_secrets()
SELECT * FROM duckdb_variables()
SELECT * FROM duckdb_functions()
SELECT * FROM duckdb_temporary_files()
SELECT * FROM information_schema.tables
SELECT * FROM pg_catalog.pg_class
SELECT * FROM sqlite_master
EXPLAIN SELECT count(*) FROM landing.person
EXPLAIN ANALYZE SELECT count(*) FROM landing.person
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM read_blob('/etc/passwd')
SELECT * FROM '/etc/passwd'
SELECT * FROM "landing.person"
SELECT * FROM 'x.parquet'
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM read_csv_auto('/etc/passwd')
SELECT * FROM sniff_csv('/etc/passwd')
SELECT * FROM read_json('/etc/passwd')
SELECT * FROM read_json_objects('/etc/passwd')
SELECT * FROM read_ndjson_auto('/etc/passwd')
SELECT * FROM read_parquet('x.parquet')
SELECT * FROM parquet_scan('x.parquet')
SELECT * FROM parquet_metadata('x.parquet')
SELECT * FROM parquet_kv_metadata('x.parquet')
SELECT * FROM parquet_schema('x.parquet')
SELECT * FROM read_duckdb('x.db')
SELECT * FROM glob('/etc/*')
SELECT * FROM arrow_scan(1::POINTER, 2::POINTER, 3::POINTER)
SELECT * FROM arrow_scan(0, 0, 0)
SELECT * FROM seq_scan('hidden.person')
COPY landing.person TO 'o.csv'
COPY (SELECT 1) TO 'o.csv'
COPY landing.person FROM '/etc/passwd'
ATTACH 'x.db'
ATTACH ':memory:' AS y
DETACH memory
USE hidden
EXPORT DATABASE 'exp'
IMPORT DATABASE 'exp'
INSTALL httpfs
LOAD httpfs
SET threads = 8
SET search_path = 'hidden'
RESET ALL
SET VARIABLE x = 1
SELECT getvariable('x')
SELECT current_setting('memory_limit')
SELECT current_query()
SELECT current_schemas(true)
SELECT current_database()
CREATE VIEW z AS SELECT 1
CREATE OR REPLACE VIEW landing.person AS SELECT * FROM hidden.person
CREATE TABLE z AS SELECT 1
CREATE TEMP TABLE z AS SELECT 1
CREATE MACRO m() AS TABLE SELECT * FROM hidden.person
CREATE SECRET s (TYPE s3)
DROP TABLE hidden.person
INSERT INTO hidden.person SELECT * FROM landing.person
UPDATE landing.person SET income = 0
DELETE FROM landing.person
TRUNCATE landing.person
MERGE INTO landing.person USING hidden.person ON true WHEN MATCHED THEN DELETE
ALTER TABLE landing.person RENAME TO x
SELECT 1; DELETE FROM landing.person
SELECT 1; SELECT 2
BEGIN
COMMIT
CHECKPOINT
FORCE CHECKPOINT
VACUUM
ANALYZE
CALL pragma_version()
PREPARE p AS SELECT 1
EXECUTE p
DEALLOCATE p
SELECT stats(name) FROM landing.person LIMIT 1
SELECT STATS(income) FROM landing.person
SELECT name.stats() FROM landing.person
SELECT (SELECT count(*) FROM hidden.person)
SELECT * FROM landing.person WHERE id IN (SELECT id FROM hidden.person)
SELECT * FROM landing.person WHERE EXISTS (SELECT 1 FROM hidden.person)
WITH x AS (SELECT * FROM hidden.person) SELECT count(*) FROM x
WITH x AS MATERIALIZED (SELECT * FROM hidden.person) SELECT 1
WITH landing AS (SELECT * FROM hidden.person) SELECT * FROM landing
WITH RECURSIVE r AS (SELECT id FROM hidden.person UNION SELECT id FROM r) SELECT count(*) FROM r
WITH a AS (SELECT 1), b AS (WITH c AS (FROM hidden.person) FROM c) FROM a, b
SELECT * FROM (WITH c AS (SELECT 1) SELECT * FROM c) x, c
SELECT * FROM landing.person p, LATERAL (SELECT * FROM hidden.person b WHERE b.id = p.id)
PIVOT hidden.person ON dept USING count(*)
PIVOT landing.person ON dept USING count(*)
SELECT * FROM (PIVOT hidden.person ON dept IN ('civil') USING count(*))
UNPIVOT hidden.person ON income INTO NAME k VALUE w
SELECT * FROM hidden.person UNPIVOT (v FOR k IN (income, id))
SELECT id FROM landing.person UNION ALL SELECT id FROM hidden.person
SELECT id FROM landing.person EXCEPT SELECT id FROM hidden.person
SELECT list_transform([1], x -> (SELECT count(*) FROM hidden.person))
SELECT count(*) FILTER (WHERE id IN (SELECT id FROM hidden.person)) FROM landing.person
SELECT sum(income) OVER (ORDER BY (SELECT count(*) FROM hidden.person)) FROM landing.person
SELECT * FROM landing.person ORDER BY (SELECT count(*) FROM hidden.person)
SELECT * FROM landing.person LIMIT (SELECT count(*) FROM hidden.person)
SELECT * FROM landing.person OFFSET (SELECT count(*) FROM hidden.person)
SELECT * FROM landing.person GROUP BY ALL HAVING (SELECT count(*) FROM hidden.person) > 1
SELECT * FROM landing.person QUALIFY row_number() OVER (ORDER BY (SELECT max(income) FROM hidden.person)) = 1
SELECT * FROM landing.person POSITIONAL JOIN hidden.person
SELECT * FROM landing.person ASOF JOIN hidden.person USING (id)
SELECT COLUMNS(c -> (SELECT true FROM hidden.person LIMIT 1)) FROM landing.person
SELECT * REPLACE ((SELECT max(id) FROM hidden.person) AS id) FROM landing.person
SELECT CASE WHEN (SELECT count(*) FROM hidden.person) > 0 THEN 1 END
SELECT {'a': (SELECT count(*) FROM hidden.person)}
SELECT [x FOR x IN (SELECT list(id) FROM hidden.person)]
SELECT CAST((SELECT max(name) FROM hidden.person) AS VARCHAR)
SELECT id BETWEEN 1 AND (SELECT max(id) FROM hidden.person) FROM landing.person
VALUES ((SELECT count(*) FROM hidden.person))
SELECT * FROM range((SELECT count(*) FROM hidden.person))
SELECT * FROM landing.person AT (VERSION => 1)
SELECT error('x')
SELECT nextval('s')
SELECT currval('s')
SELECT write_log('x')
SELECT sleep_ms(100000)
SELECT pg_sleep(100)
SELECT repeat('x', 4000000000)
SELECT json_structure('{}')
SELECT setseed(0.5)
SELECT version()
SELECT txid_current()
SELECT in_search_path('memory', 'hidden')
SELECT parse_path('/etc')
SELECT which_secret('s3://x', 's3')
SELECT * FROM which_secret('s3://x', 's3')
SELECT * FROM test_all_types()
SELECT * FROM repeat('x', 4000000000)
SELECT * FROM summary(landing.person)
SELECT * FROM landing."../../etc/passwd"
SELECT * FROM landing."person'; DROP TABLE x; --"
SELECT pg_get_viewdef('hidden.person')
SELECT has_table_privilege('hidden.person', 'SELECT')
SELECT col_description(1, 1)
SELECT ?
SELECT $name
SELECT * FROM landing.person WHERE id = $1
SELECT system.main.stats(name) FROM landing.person
SELECT * FROM system.main.range(5)
SELECT * FROM enable_logging()
SELECT * FROM sql_auto_complete('SEL')
SELECT * FROM json_each('[1]')
`

// analysts, with an empty line between, must all pass and be understood.
const analysts = `
SELECT 1

SELECT dept, count(*) FROM landing.person GROUP BY dept;

SELECT * FROM landing.person WHERE id < 10 ORDER BY income DESC NULLS LAST LIMIT 5 OFFSET 2 -- the poor

FROM landing.person SELECT id, name

TABLE landing.person

WITH a AS (SELECT income / 1000 AS b FROM landing.person), c AS (SELECT b, count(*) AS n FROM a GROUP BY b) SELECT * FROM c WHERE n > 1

WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 10) SELECT sum(n) FROM r

SELECT row_number() OVER (PARTITION BY dept ORDER BY income), sum(income) OVER w, lag(income, 1) OVER w FROM landing.person WINDOW w AS (ORDER BY id ROWS BETWEEN 3 PRECEDING AND CURRENT ROW)

SELECT id, name FROM landing.person QUALIFY row_number() OVER (PARTITION BY dept ORDER BY income DESC) <= 3

SELECT "企业名称", "注册资本(万元)" * 10000 AS "注册资本" FROM landing.company WHERE "统一社会信用代码" LIKE '9131%' ORDER BY 2 DESC

SELECT count(DISTINCT "企业名称") AS "企业数", round(avg("注册资本(万元)"), 2) AS "平均注册资本" FROM landing.company

SELECT date_trunc('month', "at") AS 月, count(*) AS 次数 FROM landing.visit GROUP BY ALL ORDER BY ALL

SELECT extract(year FROM born), year(born), strftime(born, '%Y年%m月'), date_diff('day', born, DATE '2025-01-01'), born + INTERVAL 3 MONTH, age(DATE '2025-01-01', born) FROM landing.person

SELECT CASE WHEN income > 500 THEN '高' WHEN income > 100 THEN '中' ELSE '低' END AS 档, count(*) FROM landing.person GROUP BY 1

SELECT CAST(id AS VARCHAR), id::DOUBLE, TRY_CAST(name AS INTEGER), CAST(income AS DECIMAL(12, 2)) FROM landing.person

SELECT upper(name), lower(name), trim(name), substr(name, 1, 1), replace(name, '王', '李'), concat_ws('-', dept, name), length(name), lpad(id::VARCHAR, 8, '0'), regexp_replace(name, '[0-9]+', ''), split_part(name, '王', 2), name || '*' FROM landing.person

SELECT * FROM landing.person WHERE name LIKE '王1%' AND name NOT LIKE '%9' AND name ILIKE '王%' AND name SIMILAR TO '王.*' AND regexp_matches(name, '^王') AND name IS NOT NULL

SELECT * FROM landing.person WHERE income BETWEEN 10 AND 200 AND dept IN ('civil', 'health') AND NOT local AND (id % 2 = 0 OR id IS NULL)

SELECT p.name, v."at" FROM landing.person p JOIN landing.visit v ON v.person = p.id LEFT JOIN landing.company c ON c."企业名称" = p.name

SELECT p.id FROM landing.person p SEMI JOIN landing.visit v ON v.person = p.id

SELECT * FROM landing.person WHERE id IN (SELECT person FROM landing.visit) AND EXISTS (SELECT 1 FROM landing.visit v WHERE v.person = landing.person.id) AND income > (SELECT avg(income) FROM landing.person)

SELECT id FROM landing.person UNION SELECT person FROM landing.visit EXCEPT SELECT 3 INTERSECT SELECT 4

SELECT dept, local, count(*), grouping(dept) FROM landing.person GROUP BY GROUPING SETS ((dept), (local), ())

SELECT dept, sum(income) FILTER (WHERE local) FROM landing.person GROUP BY ROLLUP (dept) HAVING sum(income) > 0

SELECT quantile_cont(income, 0.5), median(income), mode(dept), stddev(income), max(name), min(born), arg_max(name, income), approx_count_distinct(id) FROM landing.person

SELECT string_agg(name, '、' ORDER BY id), list(name ORDER BY income DESC)[1:3], array_agg(DISTINCT dept) FROM landing.person

SELECT t.i, p.name FROM range(5) t(i) LEFT JOIN landing.person p ON p.id = t.i

SELECT d::DATE AS 日, count(v.id) FROM generate_series(DATE '2024-01-01', DATE '2024-01-05', INTERVAL 1 DAY) g(d) LEFT JOIN landing.visit v ON v."at"::DATE = d::DATE GROUP BY 1 ORDER BY 1

SELECT unnest(string_split('a,b,c', ',')) AS part

SELECT list_transform([1, 2, 3], x -> x + 1), list_filter([1, 2, 3], lambda x: x > 1), [x * 2 FOR x IN [1, 2]], {'a': 1, 'b': '二'}.a

SELECT * EXCLUDE (income) REPLACE (upper(name) AS name) FROM landing.person

SELECT COLUMNS('i.*') FROM landing.person

SELECT DISTINCT ON (dept) dept, name FROM landing.person ORDER BY dept, income DESC

SELECT name FROM landing.person ORDER BY name COLLATE zh LIMIT 10

SELECT coalesce(nullif(name, ''), '无'), ifnull(dept, '无'), greatest(1, id), least(income, 100), if(local, '本地', '外来') FROM landing.person

SELECT current_date, now(), today(), INTERVAL '1' DAY, TIMESTAMP '2024-03-05 13:45:00' AT TIME ZONE 'Asia/Shanghai'

SELECT * FROM (VALUES (1, 'a'), (2, 'b')) t(n, s) JOIN landing.person p ON p.id = t.n

VALUES (1), (2)

SELECT * FROM landing.person USING SAMPLE 10 ROWS

SELECT sum(income) / count(*)::DOUBLE * 100, income % 7, -income, abs(income), power(income, 2), sqrt(income), income ** 2, income // 3 FROM landing.person GROUP BY income

SELECT md5(name), sha256(name), hash(name) FROM landing.person LIMIT 1

SELECT max(total) FROM (SELECT person, count(*) AS total FROM landing.visit GROUP BY person) t

SELECT json_extract_string('{"a": {"b": "张"}}', '$.a.b'), '{"a": 1}'::JSON ->> 'a'

SELECT _batch, _row FROM (SELECT '01J' AS _batch, 1 AS _row)
`
