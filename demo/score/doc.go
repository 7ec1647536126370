// Package score holds what the hub made of the synthetic city against its
// truth: rows landed, identifiers judged by the standards, persons and firms
// linked across departments.
//
//	measures, err := score.Run(ctx, truthDir, landing)
//
// It alone reads the truth. A measure that could not be computed is left out;
// none is guessed.
package score
