package httpapi

import (
	"context"
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/fault"
	"shuniu/guard"
)

func (a *api) queryOps() {
	o := a.post("query", "/api/query", "query", guard.ReadRows, "Run one SELECT through the gate; on record")
	o.description = "format json answers QueryResult; csv a header line and rows; ndjson one array a line after a line with the columns. " +
		"A failure after the first rows ends the connection early, so a whole answer is a true one."
	o.responses = rawResponses("The rows", "text/csv", "application/x-ndjson")
	o.responses["200"].Content["application/json"] = &huma.MediaType{Schema: a.schema(QueryResult{})}
	add(a, o, func(ctx context.Context, in *struct{ Body QueryRequest }) (*huma.StreamResponse, error) {
		q := in.Body
		if q.As != "" {
			if !callOf(ctx).local {
				return nil, fmt.Errorf("query as %s over HTTP: %w", q.As, fault.Denied)
			}
			p, err := a.svc.Accounts.As(ctx, q.As)
			if err != nil {
				return nil, err
			}
			ctx = guard.With(ctx, p)
		}
		rows, err := a.svc.Query(ctx, q.SQL, q.Limit)
		if err != nil {
			return nil, err
		}
		if err := a.seen(ctx, guard.ReadRows, "query", q.Format, -1); err != nil {
			return nil, closeAfter(rows, err)
		}
		switch q.Format {
		case "csv":
			return a.stream(ctx, rows, csvSink{}), nil
		case "ndjson":
			return a.stream(ctx, rows, ndjsonSink{}), nil
		}
		return a.stream(ctx, rows, jsonSink{browser: !callOf(ctx).local}), nil
	})
}

func (a *api) cliOps() {
	add(a, a.post("doctor", "/api/doctor", "operate", guard.Operate, "Check the hub: metadata, stored files, disk room"),
		func(ctx context.Context, in *struct {
			Quick bool `query:"quick" doc:"Current snapshots only"`
		},
		) (*body[DoctorReport], error) {
			return answer(a.svc.Doctor(ctx, in.Quick))
		})

	o := a.post("cli-collect", "/api/cli/collect", "operate", guard.Land, "Land files for the command line; NDJSON of CollectLine")
	o.local = true
	o.maxBody = 64 << 20
	o.responses = rawResponses("One CollectLine a line, each the moment it is durable", "application/x-ndjson")
	o.responses["200"].Content["application/x-ndjson"].Schema = a.schema(CollectLine{})
	add(a, o, func(ctx context.Context, in *struct{ Body CLICollect }) (*huma.StreamResponse, error) {
		if len(in.Body.Paths)+len(in.Body.Uploads) == 0 {
			return nil, fmt.Errorf("neither paths nor uploads given: %w", fault.Invalid)
		}
		return a.streamReceipts(ctx, in.Body), nil
	})
}
