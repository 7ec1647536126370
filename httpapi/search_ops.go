package httpapi

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/guard"
)

func (a *api) searchOps() {
	add(a, a.get("search", "/api/search", "search", guard.ReadEntry, "Find datasets, fields, files, batches and departments"),
		func(ctx context.Context, in *struct {
			Q     string   `query:"q" required:"true" minLength:"1" maxLength:"200"`
			Kinds []string `query:"kinds" maxItems:"10" enum:"dataset,field,object,batch,department" doc:"Comma-separated; absent: all"`
			Limit int      `query:"limit" minimum:"1" maximum:"100" default:"10" doc:"Hits per kind"`
		},
		) (*body[SearchResult], error) {
			return answer(a.svc.Search(ctx, in.Q, in.Kinds, in.Limit))
		})
	add(a, a.get("summary", "/api/summary", "search", guard.ReadEntry, "The caller's workbench"),
		func(ctx context.Context, _ *empty) (*body[Summary], error) {
			return answer(a.svc.Summary(ctx))
		})
}

type objectID struct {
	SHA256 string `path:"sha256" pattern:"^[0-9a-f]{64}$"`
}

func (a *api) objectOps() {
	add(a, a.get("get-object", "/api/objects/{sha256}", "objects", guard.ReadRows, "A file kept whole: what it is and the text in it"),
		func(ctx context.Context, in *objectID) (*body[Object], error) {
			return answer(a.svc.Objects.Get(ctx, in.SHA256))
		})
	o := a.get("get-object-content", "/api/objects/{sha256}/content", "objects", guard.ReadRows, "The file itself, as a download; on record")
	o.responses = rawResponses("The bytes", "application/octet-stream")
	add(a, o, func(ctx context.Context, in *objectID) (*huma.StreamResponse, error) {
		obj, content, err := a.svc.Objects.Open(ctx, in.SHA256)
		if err != nil {
			return nil, err
		}
		if err := a.seen(ctx, guard.ReadRows, "object:"+in.SHA256, "download", -1); err != nil {
			return nil, closeAfter(content, err)
		}
		return &huma.StreamResponse{Body: func(hc huma.Context) { a.sendObject(hc, obj, content) }}, nil
	})
}

// sendObject sends a file from outside so that no browser runs it.
func (a *api) sendObject(hc huma.Context, obj Object, content io.ReadCloser) {
	defer a.closeQuietly(hc.Context(), content)
	hc.SetHeader("Content-Type", "application/octet-stream")
	hc.SetHeader("Content-Disposition", attachment(obj.Name))
	hc.SetHeader("Content-Security-Policy", "default-src 'none'; sandbox")
	hc.SetHeader("Content-Length", strconv.FormatInt(obj.SizeBytes, 10))
	hc.SetHeader("ETag", `"`+obj.SHA256+`"`)
	hc.SetStatus(http.StatusOK)
	if _, err := io.Copy(hc.BodyWriter(), content); err != nil {
		a.cut(hc.Context(), "send object", err)
	}
}

func (a *api) viewOps() {
	add(a, a.get("list-views", "/api/views", "views", anySession, "The caller's saved views of a page"),
		func(ctx context.Context, in *struct {
			Page string `query:"page" maxLength:"40" doc:"Absent: of all pages"`
		},
		) (*body[[]View], error) {
			return answer(a.svc.Views.List(ctx, in.Page))
		})
	o := a.post("save-view", "/api/views", "views", anySession, "Save a view")
	o.method = http.MethodPut
	add(a, o, func(ctx context.Context, in *struct{ Body NewView }) (*body[View], error) {
		return answer(a.svc.Views.Put(ctx, in.Body))
	})
	add(a, a.gone("delete-view", "/api/views/{id}", "views", anySession, "Forget a view"),
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"64"`
		},
		) (*none, error) {
			return &none{}, a.svc.Views.Delete(ctx, in.ID)
		})
}
