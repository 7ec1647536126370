// Every operation of the hub that the console uses, by name.
import { call, href, send, type Params } from './client'
import type * as t from './types'

const q = (query?: Params) => (query ? { query } : {})
const id = encodeURIComponent

export const hub = {
  me: () => call<t.Me>('GET', '/api/me'),
  login: (account: string, password: string) => call<t.Me>('POST', '/api/login', { body: { account, password } }),
  logout: () => call<void>('POST', '/api/logout'),
  takeRole: (role: string) => call<t.Me>('POST', '/api/me/role', { body: { role } }),
  changePassword: (old: string, changed: string) => call<void>('POST', '/api/me/password', { body: { old, new: changed } }),

  createUpload: (body: { name: string; size_bytes: number; last_modified?: string }) => call<t.Upload>('POST', '/api/uploads', { body }),
  upload: (u: string) => call<t.Upload>('GET', `/api/uploads/${id(u)}`),
  append: (u: string, offset: number, part: Blob, signal?: AbortSignal) =>
    call<t.Upload>('PATCH', `/api/uploads/${id(u)}`, { body: part, headers: { 'Upload-Offset': String(offset), 'Content-Type': 'application/offset+octet-stream' }, ...(signal ? { signal } : {}) }),
  dropUpload: (u: string) => call<void>('DELETE', `/api/uploads/${id(u)}`),

  inspect: (upload_id: string, options: t.ReadOptions) => call<t.RunRef>('POST', '/api/inspections', { body: { upload_id, options } }),
  inspection: (u: string) => call<t.Inspection>('GET', `/api/inspections/${id(u)}`),
  newId: (name: string, department: string) => call<t.NewID>('GET', '/api/dataset-ids', q(department ? { name, department } : { name })),
  land: (body: t.NewLanding) => call<t.RunRef>('POST', '/api/landings', { body }),

  batches: (query: Params) => call<t.Page<t.Batch>>('GET', '/api/batches', q(query)),
  batch: (b: string) => call<t.BatchDetail>('GET', `/api/batches/${id(b)}`),
  answer: (b: string, decision: string) => call<t.RunRef>('POST', `/api/batches/${id(b)}/answer`, { body: { decision } }),
  rerun: (b: string) => call<t.RunRef>('POST', `/api/batches/${id(b)}/rerun`),

  runs: (query: Params) => call<t.Page<t.Run>>('GET', '/api/runs', q(query)),
  run: (r: string) => call<t.Run>('GET', `/api/runs/${id(r)}`),
  cancelRun: (r: string) => call<t.Run>('POST', `/api/runs/${id(r)}/cancel`),
  retryRun: (r: string) => call<t.Run>('POST', `/api/runs/${id(r)}/retry`),

  quarantine: (query: Params) => call<t.Faceted<t.Quarantined>>('GET', '/api/quarantine', q(query)),
  mend: (line: string, body: { text?: string; values?: (string | null)[] }) => call<t.Quarantined>('PATCH', `/api/quarantine/${id(line)}`, { body }),
  replay: (body: { ids?: string[]; batch?: string }) => call<t.RunRef>('POST', '/api/quarantine/replay', { body }),
  discard: (ids: string[], reason: string) => call<{ count: number }>('POST', '/api/quarantine/discard', { body: { ids, reason } }),

  datasets: (query: Params) => call<t.Faceted<t.Dataset>>('GET', '/api/datasets', q(query)),
  dataset: (d: string) => call<t.DatasetDetail>('GET', `/api/datasets/${id(d)}`),
  changeDataset: (d: string, body: t.DatasetChange) => call<t.DatasetDetail>('PATCH', `/api/datasets/${id(d)}`, { body }),
  fields: (d: string) => call<t.DatasetField[]>('GET', `/api/datasets/${id(d)}/fields`),
  rows: (d: string, query: Params) => call<t.RowPage>('GET', `/api/datasets/${id(d)}/rows`, q(query)),
  csvHref: (d: string, query: Params) => href(`/api/datasets/${id(d)}/rows.csv`, query),
  datasetBatches: (d: string, query: Params) => call<t.Page<t.Batch>>('GET', `/api/datasets/${id(d)}/batches`, q(query)),
  snapshots: (d: string, query: Params) => call<t.Page<t.Snapshot>>('GET', `/api/datasets/${id(d)}/snapshots`, q(query)),
  rollback: (d: string, snapshot: string) => call<t.Snapshot>('POST', `/api/datasets/${id(d)}/rollback`, { body: { snapshot } }),
  lineage: (d: string) => call<t.Lineage>('GET', `/api/datasets/${id(d)}/lineage`),
  changes: (d: string, query: Params) => call<t.Page<t.Change>>('GET', `/api/datasets/${id(d)}/changes`, q(query)),
  origin: (d: string, batch: string, row: number) => call<t.Origin>('GET', `/api/datasets/${id(d)}/origin`, q({ batch, row })),

  search: (text: string, limit = 6) => call<t.SearchResult>('GET', '/api/search', q({ q: text, limit })),
  object: (sha256: string) => call<t.StoredObject>('GET', `/api/objects/${id(sha256)}`),
  objectHref: (sha256: string) => `/api/objects/${id(sha256)}/content`,
  views: (page: string) => call<t.View[]>('GET', '/api/views', q({ page })),
  saveView: (body: { page: string; name: string; query: string }) => call<t.View>('PUT', '/api/views', { body }),
  dropView: (v: string) => call<void>('DELETE', `/api/views/${id(v)}`),
  query: (sql: string, limit: number) => call<t.QueryResult>('POST', '/api/query', { body: { sql, limit, format: 'json' } }),
  queryCsv: async (sql: string) => (await send('POST', '/api/query', { body: { sql, format: 'csv' } })).blob(),
  summary: () => call<t.Summary>('GET', '/api/summary'),
  departments: () => call<t.Department[]>('GET', '/api/departments'),
  accounts: (query: Params) => call<t.Page<t.Account>>('GET', '/api/accounts', q(query)),
  createAccount: (body: { account: string; name: string; department?: string; roles: string[]; password: string }) => call<t.Account>('POST', '/api/accounts', { body }),
  changeAccount: (a: string, body: { state?: 'active' | 'disabled'; roles?: string[]; password?: string }) => call<t.Account>('PATCH', `/api/accounts/${id(a)}`, { body }),
  locks: () => call<t.SignInLock[]>('GET', '/api/sign-in-locks'),
  liftLock: (address: string) => call<void>('DELETE', `/api/sign-in-locks/${id(address)}`),
  audit: (query: Params) => call<t.Page<t.AuditEntry>>('GET', '/api/audit', q(query)),
  verifyAudit: () => call<t.AuditVerdict>('GET', '/api/audit/verify'),
  doctor: (quick: boolean) => call<t.DoctorReport>('POST', '/api/doctor', { query: { quick } }),
}
