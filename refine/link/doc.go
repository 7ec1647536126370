// Package link finds the rows that speak of the same person, company, product
// or publication (seed: 一数一源: one entity, one record).
//
//	in, err := link.Read(ctx, []link.File{{Name: "a.csv", Source: src}}, settings)
//	res, err := link.Run(ctx, in, settings)
//	// res.Cluster[row] is the cluster of each row, in the order they were read
//
// Columns are dictionary-encoded, so that a comparison of two values is done
// once however many rows hold them. What a column holds is found out from its
// values; keys under which rows are compared (blocking) are proposed from the
// data; the weights of agreement come from the Fellegi–Sunter model: u exact
// from the frequencies of values, m by expectation maximisation on counts of
// patterns, frequent values counting less. Sets of long texts (products,
// publications) are linked by the cosine of rare words and mutual best match
// instead. Clusters are average-link within components; the threshold comes
// from the data, or from labels when there are any.
//
// Source: Fellegi, Sunter, A Theory for Record Linkage, JASA 64 (1969);
// Winkler, Using the EM Algorithm for Weight Computation (2000).
package link
