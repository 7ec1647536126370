// Package statement seals the heads of matters' chains: every so often one
// statement holds the root of a Merkle tree (SM3) over the newest event of each
// matter that changed since, is chained to the statement before and signed
// (SM2). So nobody, the administrator included, can rewrite a matter unnoticed
// by whoever keeps a statement, or one line of the audit log.
//
//	s := statement.New(db, store, statement.Options{Sign: key, Record: audit.Recorder()})
//	st, err := s.Seal(ctx)            // hourly
//	p, err := s.Prove(ctx, id)        // a file for one matter
//	rep, err := p.Verify(publicKey)   // anywhere, without the hub
package statement
