// What was found in a file, said in plain words; and the words for states.
import { useTranslation } from 'react-i18next'
import type { TFunction } from 'i18next'
import type { Report, TableReport } from '../api/types'
import { num } from '../app/format'
import type { Tone } from '../app/bits'
import { encodingName, formatName } from '../app/status'
import { told } from './grid'
import type { Item, Stage } from './machine'

export const stageTone: Record<Stage, Tone> = { waiting: 'off', uploading: 'run', paused: 'off', lost: 'warn', analysing: 'run', confirm: 'warn', landing: 'run', done: 'ok', refused: 'bad', failed: 'bad' }

/** sayFound is one sentence for a whole file: what is in it. */
export function sayFound(t: TFunction, r: Report): string {
  if (r.tables.length === 0) return t('found.object', { format: formatName(t, r.format) })
  const rows = r.tables.reduce((n, x) => n + x.rows, 0)
  if (r.tables.length === 1) return t('found.one', { rows: num(rows), columns: num(r.tables[0]?.columns.length) })
  return t('found.many', { n: num(r.tables.length), rows: num(rows) })
}

/** lined tells formats whose header is lines of the file from those that name their columns themselves. */
export const lined = (format: string): boolean => !['json', 'ndjson', 'geojson', 'xml', 'sql', 'dbf', 'shp', 'parquet'].includes(format)

/** sayTable is what is worth knowing of one table, a short clause each. */
export function sayTable(t: TFunction, x: TableReport): { key: string; text: string; tone: Tone }[] {
  const out: { key: string; text: string; tone: Tone }[] = []
  out.push({ key: 'size', text: t('found.one', { rows: num(x.rows), columns: num(x.columns.length) }), tone: 'run' })
  if (x.encoding) out.push({ key: 'encoding', text: t('found.encoding', { encoding: encodingName(x.encoding) }), tone: 'off' })
  if (x.dialect?.delimiter) out.push({ key: 'delimiter', text: t('found.delimiter', { name: delimiterName(t, x.dialect.delimiter) }), tone: 'off' })
  if (x.place.sheet) out.push({ key: 'sheet', text: t(x.hidden ? 'found.hidden_sheet' : 'found.sheet', { name: x.place.sheet, range: x.place.range ?? '' }), tone: x.hidden ? 'warn' : 'off' })
  if (lined(x.format)) out.push({ key: 'header', text: x.header_rows === 0 ? t('found.no_header') : t('found.header', { count: x.header_rows }), tone: x.header_rows === 0 ? 'warn' : 'off' })
  for (const [kind, n] of told(x.notes)) out.push({ key: kind, text: t(`found.note_${kind}`, { count: n, defaultValue: t('found.note_note', { count: n }) }), tone: 'off' })
  const unread = x.columns.reduce((n, c) => n + c.unread, 0)
  if (unread > 0) out.push({ key: 'unread', text: t('found.unread', { count: unread }), tone: 'warn' })
  if (x.rejected_count > 0) out.push({ key: 'rejected', text: t('found.rejected', { count: x.rejected_count }), tone: 'bad' })
  return out
}

/** asks is how much of a table a person has to say: its questions, and a name when the found one says too little. */
export const asks = (x: TableReport): number => x.questions.length + (x.suggested?.vague && !x.suggested.exists ? 1 : 0)

/** landingTotal is how many rows a landing has before it: what the run says, else what was found. */
export const landingTotal = (i: Item): number => i.total || (i.step === 'read' ? (i.report?.tables.reduce((n, x) => n + x.rows, 0) ?? 0) : 0)

export const delimiters = [',', '\t', ';', '|', ' ', ':', '^', '~', '\u0001'] as const
export const delimiterName = (t: TFunction, d: string): string => t(`delimiter.${{ ',': 'comma', '\t': 'tab', ';': 'semicolon', '|': 'pipe', ' ': 'space', ':': 'colon', '^': 'caret', '~': 'tilde', '\u0001': 'soh' }[d] ?? 'other'}`, { d })

export const encodings = ['utf-8', 'utf-8-bom', 'gb18030', 'gbk', 'big5', 'utf-16le', 'utf-16be', 'shift_jis', 'euc-jp', 'euc-kr', 'windows-1252', 'windows-1251', 'mac-roman']

export const types = ['text', 'integer', 'decimal', 'boolean', 'date', 'time', 'timestamp'] as const

/** useStage says where an item stands, with its progress when that helps. */
export function useStage(): (i: Item) => string {
  const { t } = useTranslation()
  return (i) => (i.stage === 'uploading' && i.size > 0 ? t('stage.uploading_pct', { pct: Math.floor((i.offset / i.size) * 100) }) : t(`stage.${i.stage}`))
}
