package httpapi

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/guard"
)

type streamIn struct {
	Topics []string `query:"topics" maxItems:"20" doc:"Comma-separated: run, batch, quarantine, dataset; topic:key narrows, e.g. run:01J…"`
	Last   string   `header:"Last-Event-ID" maxLength:"20" doc:"Replay what came after this event"`
	After  string   `query:"last_event_id" maxLength:"20" doc:"Same, for clients that cannot set the header"`
}

func (a *api) streamOps() {
	o := a.get("stream", "/api/stream", "stream", guard.ReadEntry, "What happens, as server-sent events")
	o.description = "Each message has id, event (topic) and data (Event). Without Last-Event-ID it begins with one event of kind snapshot per topic. A comment every 15 s keeps the connection open."
	o.responses = rawResponses("Server-sent events whose data is Event", "text/event-stream")
	o.responses["200"].Content["text/event-stream"].Schema = a.schema(Event{})
	add(a, o, func(ctx context.Context, in *streamIn) (*huma.StreamResponse, error) {
		return a.follow(ctx, in)
	})
}
