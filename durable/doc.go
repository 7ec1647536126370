// Package durable writes files that survive a power cut: when a function here
// returns nil, the bytes and the name are on the disk, and when it returns an
// error nothing that looks finished is there.
//
// It answers the promise "what was acknowledged survives" for everything that
// is not a database: uploads, Parquet files, Iceberg metadata.
//
//	f, err := durable.Create(path, 0o640)
//	if err != nil {
//		return err
//	}
//	defer f.Abort() // does nothing after Close
//	if _, err := io.Copy(f, upload); err != nil {
//		return err
//	}
//	return f.Close()
//
// A failed fsync is final. The kernel drops the dirty pages and a second fsync
// answers success without writing them, so the work must be done again from
// its source; nothing here tries twice.
package durable
