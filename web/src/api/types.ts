// Names for the shapes of the OpenAPI document (schema.d.ts, generated).
import type { components } from './schema'

type S = components['schemas']

export type Me = S['Me']
export type Account = S['Account']
export type Department = S['Department']
export type AuditEntry = S['AuditEntry']
export type AuditVerdict = S['AuditVerdict']
export type Member = S['Member']
export type RunRef = S['RunRef']
export type Upload = S['Upload']
export type Place = S['Place']
export type Area = S['Area']
export type ReadOptions = S['ReadOptions']
export type ProblemText = S['ProblemText']
export type Reject = S['Reject']
export type Note = S['Note']
export type Column = S['ColumnReport']
export type Drift = S['Drift']
export type TableReport = S['TableReport']
export type Report = S['Report']
export type Inspection = S['Inspection']
export type DriftPolicy = S['DriftPolicy']
export type LandedTable = S['LandedTable']
export type NewID = S['NewID']
export type NewLanding = S['NewLanding']
export type Batch = S['Batch']
export type BatchDetail = S['BatchDetail']
export type Quarantined = S['Quarantined']
export type Facet = S['Facet']
export type FacetCount = S['FacetCount']
export type Run = S['Run']
export type Dataset = S['Dataset']
export type DatasetDetail = S['DatasetDetail']
export type DatasetChange = S['DatasetChange']
export type DatasetField = S['DatasetField']
export type RowColumn = S['RowColumn']
export type Snapshot = S['Snapshot']
export type LineageNode = S['LineageNode']
export type Lineage = S['Lineage']
export type Change = S['Change']
export type Origin = S['Origin']
export type SearchHit = S['SearchHit']
export type SearchResult = S['SearchResult']
export type StoredObject = S['Object']
export type View = S['View']
export type Summary = S['Summary']
export type DoctorReport = S['DoctorReport']
export type HubEvent = S['Event']
export type Value = string | number | boolean | null
export type RowPage = Omit<S['RowPage'], 'rows'> & { rows: Value[][] }
export type QueryResult = Omit<S['QueryResult'], 'rows'> & { rows: Value[][] }

/** Page is one page of any list. */
export interface Page<T> { items: T[]; next?: string; total_estimate?: number }
export interface Faceted<T> extends Page<T> { facets: Facet[] }

export type SignInLock = S['SignInLock']
export type DemoAccount = S['DemoAccount']
