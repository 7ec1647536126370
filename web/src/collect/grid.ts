// The preview as the file has it: title, header, data, totals and rejected lines
// in their physical order, each known for what it is; and the area a person means.
import type { Area, Note, Place, ReadOptions, TableReport } from '../api/types'

export type RowKind = 'note' | 'header' | 'data' | 'section' | 'total' | 'rejected' | 'gap'

export interface GridRow {
  /** line is the physical line or sheet row, from 1; 0 when not known. */
  line: number
  to?: number
  kind: RowKind
  /** note is the kind of a note: title, unit, source… */
  note?: string
  text?: string
  reason?: string
  cells?: (string | null)[]
}

/** lineOf is the row of a note's place: A1, Sheet1!B3 or a line number. */
export function lineOf(place: string): number {
  const m = /(\d+)(?!.*\d)/.exec(place.split(':')[0] ?? '')
  return m?.[1] ? Number(m[1]) : 0
}

const summed = new Set(['subtotal', 'total'])

/** physical lays a table's preview out in the order of the file. */
export function physical(t: TableReport): GridRow[] {
  const first = firstRow(t.place)
  const data: GridRow[] = (t.preview?.rows ?? []).map((cells, i) => ({ line: t.preview?.origin[i] ?? 0, kind: 'data', cells }))
  const lastShown = data.at(-1)?.line ?? Number.POSITIVE_INFINITY
  const complete = data.length >= t.rows
  const rows: GridRow[] = []
  for (const n of t.notes) {
    const line = lineOf(n.place)
    if (!complete && line > lastShown) continue
    rows.push({ line, kind: n.kind === 'section' ? 'section' : summed.has(n.kind) ? 'total' : 'note', note: n.kind, text: n.text })
  }
  for (const r of t.rejected) if (complete || r.line <= lastShown) rows.push({ line: r.line, kind: 'rejected', text: r.text, reason: r.reason })
  if (t.header_rows > 0) rows.push({ line: first, to: first + t.header_rows - 1, kind: 'header', cells: t.columns.map((c) => c.name) })
  rows.push(...data)
  const order: Record<RowKind, number> = { note: 0, header: 1, section: 2, data: 3, total: 4, rejected: 5, gap: 6 }
  rows.sort((a, b) => (a.line || 0) - (b.line || 0) || order[a.kind] - order[b.kind])
  // Formats that name their columns themselves, and files without a header, still show the names.
  if (t.header_rows === 0 && t.columns.length > 0) {
    const at = rows.findIndex((r) => r.kind === 'data')
    rows.splice(at < 0 ? rows.length : at, 0, { line: 0, kind: 'header', cells: t.columns.map((c) => c.name) })
  }
  if (!complete) rows.push({ line: 0, kind: 'gap' })
  return rows
}

/** firstRow is the first physical row of a place (its header, when it has one). */
export function firstRow(p: Place): number {
  if (p.first_line) return p.first_line
  const r = parseRange(p.range)
  return r?.top ?? 1
}

interface Range { left: string; top: number; right: string; bottom: number }

export function parseRange(range: string | undefined): Range | null {
  const m = /^\$?([A-Za-z]+)\$?(\d+)(?::(?:\$?([A-Za-z]+)\$?(\d+))?)?$/.exec((range ?? '').trim())
  if (!m?.[1] || !m[2]) return null
  return { left: m[1].toUpperCase(), top: Number(m[2]), right: (m[3] ?? '').toUpperCase(), bottom: m[4] ? Number(m[4]) : 0 }
}

export const printRange = (r: Range) => `${r.left}${r.top}:${r.right}${r.bottom || ''}`

/** areaOf is what finds this table again. */
export function areaOf(t: TableReport): Area {
  if (t.area) return t.area
  return { ...t.place, header_rows: t.header_rows }
}

/** moved is the area with its header beginning or ending, or its data ending, at a physical line. */
export function moved(t: TableReport, what: 'header_start' | 'header_end' | 'data_end', line: number): Area {
  const a: Area = { ...areaOf(t) }
  const place: Place = { ...t.place, ...(a.first_line ? { first_line: a.first_line } : {}), ...(a.range ? { range: a.range } : {}) }
  const start = firstRow(place)
  const setStart = (n: number) => {
    const r = parseRange(a.range ?? t.place.range)
    if (r) a.range = printRange({ ...r, top: n })
    else a.first_line = n
  }
  if (what === 'header_start') {
    const end = t.header_rows > 0 ? start + t.header_rows - 1 : 0
    setStart(line)
    a.header_rows = end >= line ? end - line + 1 : 1
  } else if (what === 'header_end') {
    if (line < start) setStart(line)
    a.header_rows = Math.max(1, line - Math.min(start, line) + 1)
  } else {
    const r = parseRange(a.range ?? t.place.range)
    if (r) a.range = printRange({ ...r, bottom: line })
    else a.last_line = line
  }
  return a
}

/** Own is what is decided for one file: the one given, or one in an archive. */
export type Own = Pick<ReadOptions, 'encoding' | 'delimiter' | 'quote' | 'escape' | 'tables'>

/** ownOptions are the decisions for the file that a table is in. */
export const ownOptions = (options: ReadOptions, t: TableReport): Own => (t.member ? (options.members?.[t.member] ?? {}) : options)

/** withOwn is the options with other decisions for the file that a table is in; null takes them all back. */
export function withOwn(options: ReadOptions, t: TableReport, patch: Own | null): ReadOptions {
  const { [t.member ?? '']: mine, ...others } = options.members ?? {}
  if (t.member) return { ...options, members: patch ? { ...others, [t.member]: { ...mine, ...patch } } : others }
  return patch ? { ...options, ...patch } : {}
}

/** withArea is the options when table n stands in another area; the other tables of its file stay where they are. */
export function withArea(options: ReadOptions, tables: TableReport[], n: number, area: Area): ReadOptions {
  const at = tables.find((t) => t.n === n)
  if (!at) return options
  return withOwn(options, at, { tables: tables.filter((t) => (t.member ?? '') === (at.member ?? '')).map((t) => (t.n === n ? area : areaOf(t))) })
}

/** told is how many notes of each kind a table has, in the order they are worth saying. */
export function told(notes: Note[]): [string, number][] {
  const order = ['title', 'unit', 'section', 'subtotal', 'total', 'note', 'source', 'signature']
  const by = new Map<string, number>()
  for (const n of notes) by.set(n.kind, (by.get(n.kind) ?? 0) + (n.rows || 1))
  return [...by].sort((a, b) => order.indexOf(a[0]) - order.indexOf(b[0]))
}
