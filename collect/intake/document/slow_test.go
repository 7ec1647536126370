//go:build race

package document

// slow is how many times longer a test may take, and smaller its input is.
const slow = 10
