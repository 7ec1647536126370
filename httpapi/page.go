package httpapi

// Paging is the part of every list's query that pages by key.
type Paging struct {
	After string `query:"after" maxLength:"1024" doc:"Key of the last item seen: next of the page before"`
	Limit int    `query:"limit" minimum:"1" maximum:"1000" default:"50" doc:"Items wanted, at most 1000"`
}

// A Page is one page of a list. Next is empty on the last page.
type Page[T any] struct {
	Items         []T    `json:"items"`
	Next          string `json:"next,omitempty" doc:"Pass as after to get the following page; absent on the last"`
	TotalEstimate *int64 `json:"total_estimate,omitempty" doc:"Items in the whole list, when cheaply known"`
}

// MaxLimit is the most items or rows one answer holds.
const MaxLimit = 1000

// A RunRef names a run that was started.
type RunRef struct {
	RunID string `json:"run_id" doc:"Watch it at /api/runs/{id} or on topic run of /api/stream"`
}
