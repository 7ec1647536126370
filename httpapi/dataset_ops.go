package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"shuniu/guard"
)

// A DatasetKey names the dataset of an operation. It is exported because
// parameters of an embedded struct are found only then.
type DatasetKey struct {
	ID string `path:"id" maxLength:"63"`
}

type datasetList struct {
	DatasetFilter
	Paging
}

type datasetPaging struct {
	DatasetKey
	Paging
}

func (a *api) datasetOps() {
	add(a, a.get("list-datasets", "/api/datasets", "datasets", guard.ReadEntry, "The catalogue, with facets of the whole result"),
		func(ctx context.Context, in *datasetList) (*body[DatasetPage], error) {
			return answer(a.svc.Catalogue.List(ctx, in.DatasetFilter, in.Paging))
		})
	add(a, a.get("get-dataset", "/api/datasets/{id}", "datasets", guard.ReadEntry, "One entry"),
		func(ctx context.Context, in *DatasetKey) (*body[DatasetDetail], error) {
			return answer(a.svc.Catalogue.Get(ctx, in.ID))
		})
	o := a.get("change-dataset", "/api/datasets/{id}", "datasets", guard.EditEntry, "Change an entry or its drift policy")
	o.method = http.MethodPatch
	add(a, o, func(ctx context.Context, in *struct {
		DatasetKey
		Body DatasetChange
	},
	) (*body[DatasetDetail], error) {
		return answer(a.svc.Catalogue.Change(ctx, in.ID, in.Body))
	})
	add(a, a.get("list-fields", "/api/datasets/{id}/fields", "datasets", guard.ReadEntry, "Columns with fill rate, distinct, range and samples"),
		func(ctx context.Context, in *DatasetKey) (*body[[]DatasetField], error) {
			return answer(a.svc.Catalogue.Fields(ctx, in.ID))
		})
	add(a, a.get("list-dataset-batches", "/api/datasets/{id}/batches", "datasets", guard.ReadEntry, "Receipts of the dataset, newest first"),
		func(ctx context.Context, in *datasetPaging) (*body[Page[Batch]], error) {
			return answer(a.svc.Batches.List(ctx, BatchFilter{Dataset: in.ID}, in.Paging))
		})
	add(a, a.get("list-snapshots", "/api/datasets/{id}/snapshots", "datasets", guard.ReadEntry, "States of the table, newest first"),
		func(ctx context.Context, in *datasetPaging) (*body[Page[Snapshot]], error) {
			return answer(a.svc.Tables.Snapshots(ctx, in.ID, in.Paging))
		})
	add(a, a.post("rollback", "/api/datasets/{id}/rollback", "datasets", guard.Rollback, "Make an earlier state current again"),
		func(ctx context.Context, in *struct {
			DatasetKey
			Body RollbackTo
		},
		) (*body[Snapshot], error) {
			return answer(a.svc.Tables.Rollback(ctx, in.ID, in.Body.Snapshot))
		})
	add(a, a.get("get-lineage", "/api/datasets/{id}/lineage", "datasets", guard.ReadEntry, "File to batch to table"),
		func(ctx context.Context, in *DatasetKey) (*body[Lineage], error) {
			return answer(a.svc.Catalogue.Lineage(ctx, in.ID))
		})
	add(a, a.get("list-changes", "/api/datasets/{id}/changes", "datasets", guard.ReadEntry, "What happened to the dataset, newest first"),
		func(ctx context.Context, in *datasetPaging) (*body[Page[Change]], error) {
			return answer(a.svc.Catalogue.Changes(ctx, in.ID, in.Paging))
		})
	add(a, a.get("get-origin", "/api/datasets/{id}/origin", "datasets", guard.ReadRows, "Where in which file a row stands"),
		func(ctx context.Context, in *struct {
			DatasetKey
			Batch string `query:"batch" required:"true" maxLength:"64"`
			Row   int64  `query:"row" required:"true" minimum:"1"`
		},
		) (*body[Origin], error) {
			return answer(a.svc.Catalogue.Origin(ctx, in.ID, in.Batch, in.Row))
		})
}

type rowList struct {
	DatasetKey
	RowFilter
	Paging
}

type rowExport struct {
	DatasetKey
	RowFilter
}

func (a *api) rowOps() {
	add(a, a.get("list-rows", "/api/datasets/{id}/rows", "rows", guard.ReadRows, "Rows of the table at a snapshot; on record"),
		func(ctx context.Context, in *rowList) (*body[RowPage], error) {
			page, err := a.svc.Tables.Rows(ctx, in.ID, in.RowFilter, in.Paging)
			if err != nil {
				return nil, err
			}
			return &body[RowPage]{Body: page}, a.seen(ctx, guard.ReadRows, "dataset:"+in.ID, "page", int64(len(page.Rows)))
		})

	o := a.get("export-rows", "/api/datasets/{id}/rows.csv", "rows", guard.ReadRows, "All rows as CSV for spreadsheets; on record")
	o.description = "UTF-8 with BOM, RFC 4180, CRLF. A cell that a spreadsheet would take for a formula is prefixed with '."
	o.responses = rawResponses("The rows", "text/csv")
	add(a, o, func(ctx context.Context, in *rowExport) (*huma.StreamResponse, error) {
		rows, err := a.svc.Tables.Export(ctx, in.ID, in.RowFilter)
		if err != nil {
			return nil, err
		}
		if err := a.seen(ctx, guard.ReadRows, "dataset:"+in.ID, "export", -1); err != nil {
			return nil, closeAfter(rows, err)
		}
		return a.stream(ctx, rows, csvSink{safe: true, bom: true, name: in.ID + ".csv"}), nil
	})
}
