-- +goose Up
-- grain: one row per table of the lake. The layout is that of Iceberg's JDBC
-- catalogue, version 1, so that Trino and Spark can read it as it stands.
CREATE TABLE iceberg_tables (
    catalog_name VARCHAR NOT NULL,
    table_namespace VARCHAR NOT NULL,
    table_name VARCHAR NOT NULL,
    iceberg_type VARCHAR,
    metadata_location VARCHAR,
    previous_metadata_location VARCHAR,
    PRIMARY KEY (catalog_name, table_namespace, table_name)
);

-- grain: one row per property of a namespace of the same catalogue
CREATE TABLE iceberg_namespace_properties (
    catalog_name VARCHAR NOT NULL,
    namespace VARCHAR NOT NULL,
    property_key VARCHAR NOT NULL,
    property_value VARCHAR,
    PRIMARY KEY (catalog_name, namespace, property_key)
);

-- grain: one row per metadata file of a live table (metadata.json, manifest
-- list, manifest); path is relative to the lake, sha256 is of the whole file.
-- Data files carry their digest in their names.
CREATE TABLE lake_file (
    path TEXT PRIMARY KEY,
    table_uuid TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size_bytes BIGINT NOT NULL
);
CREATE INDEX lake_file_table ON lake_file (table_uuid);

-- grain: one row per batch that is in a table; it outlives the snapshot that
-- brought the batch in, so that a repeated commit is known after expiry too.
CREATE TABLE lake_batch (
    table_uuid TEXT NOT NULL,
    batch TEXT NOT NULL,
    snapshot TEXT NOT NULL,
    PRIMARY KEY (table_uuid, batch)
);

-- grain: one row: the address that stands in the tables' metadata for the lake
CREATE TABLE lake_root (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    location TEXT NOT NULL
);
