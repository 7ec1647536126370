package duck

// Locale keys of what the engine explains.
const (
	KeyMemory    = "query.memory"    // the statement needs more memory than it may have
	KeyStatement = "query.statement" // the statement is wrong; Args: message
	KeyRefused   = "query.refused"   // the statement does what is not allowed; Args: what
)
