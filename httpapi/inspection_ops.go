package httpapi

import (
	"context"
	"io"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/guard"
)

// uploadPart is a part of a file; its body is streamed, not buffered.
type uploadPart struct {
	ID     string `path:"id" maxLength:"64"`
	Offset int64  `header:"Upload-Offset" required:"true" minimum:"0" doc:"Where the part begins; must be offset_bytes of the upload"`
	body   io.Reader
}

// Resolve keeps the body for the handler.
func (u *uploadPart) Resolve(hc huma.Context) []error {
	u.body = hc.BodyReader()
	return nil
}

type uploadID struct {
	ID string `path:"id" maxLength:"64"`
}

type uploadOut struct {
	Offset int64 `header:"Upload-Offset"`
	Body   Upload
}

func uploadAnswer(u Upload, err error) (*uploadOut, error) {
	if err != nil {
		return nil, err
	}
	return &uploadOut{Offset: u.OffsetBytes, Body: u}, nil
}

func (a *api) uploadOps() {
	o := a.post("create-upload", "/api/uploads", "uploads", guard.Land, "Announce a file; its parts follow")
	o.status = http.StatusCreated
	add(a, o, func(ctx context.Context, in *struct{ Body NewUpload }) (*uploadOut, error) {
		return uploadAnswer(a.svc.Uploads.Create(ctx, in.Body))
	})

	o = a.get("append-upload", "/api/uploads/{id}", "uploads", guard.Land, "Send the next part of a file; answered once it is durable")
	o.method = http.MethodPatch
	o.description = "The body is the raw bytes of the part. A wrong offset answers 409 with offset_bytes; a cut connection keeps what came."
	o.maxBody = -1
	o.request = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
		"application/octet-stream": {Schema: &huma.Schema{Type: "string", Format: "binary"}},
	}}
	add(a, o, func(ctx context.Context, in *uploadPart) (*uploadOut, error) {
		return uploadAnswer(a.svc.Uploads.Append(ctx, in.ID, in.Offset, in.body))
	})

	add(a, a.get("get-upload", "/api/uploads/{id}", "uploads", guard.Land, "How far an upload is"),
		func(ctx context.Context, in *uploadID) (*uploadOut, error) {
			return uploadAnswer(a.svc.Uploads.Get(ctx, in.ID))
		})

	add(a, a.gone("delete-upload", "/api/uploads/{id}", "uploads", guard.Land, "Give an upload up"),
		func(ctx context.Context, in *uploadID) (*none, error) {
			return &none{}, a.svc.Uploads.Delete(ctx, in.ID)
		})
}

func (a *api) intakeOps() {
	add(a, a.starts("inspect-upload", "/api/inspections", "collect", guard.Land, "Understand an uploaded file; again with other options at will"),
		func(ctx context.Context, in *struct{ Body NewInspection }) (*body[RunRef], error) {
			return answer(a.svc.Intake.Inspect(ctx, in.Body))
		})

	add(a, a.get("get-inspection", "/api/inspections/{upload_id}", "collect", guard.Land, "What was found in an uploaded file"),
		func(ctx context.Context, in *struct {
			ID string `path:"upload_id" maxLength:"64"`
		},
		) (*body[Inspection], error) {
			return answer(a.svc.Intake.Inspection(ctx, in.ID))
		})

	add(a, a.get("new-dataset-id", "/api/dataset-ids", "collect", guard.Land, "The id that a new dataset of this name gets"),
		func(ctx context.Context, in *struct {
			Name       string `query:"name" required:"true" minLength:"1" maxLength:"200"`
			Department string `query:"department" maxLength:"63" doc:"Absent: the caller's"`
		},
		) (*body[NewID], error) {
			return answer(a.svc.Intake.NewID(ctx, in.Department, in.Name))
		})

	add(a, a.starts("land-upload", "/api/landings", "collect", guard.Land, "Land tables of an uploaded file; a receipt per table"),
		func(ctx context.Context, in *struct{ Body NewLanding }) (*body[RunRef], error) {
			return answer(a.svc.Intake.Land(ctx, in.Body))
		})
}
