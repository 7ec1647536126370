// CSV as spreadsheets open it: UTF-8 with a byte order mark, CRLF, RFC 4180.
import type { Col } from './DataTable'

/** cell quotes a value; a leading =, +, - or @ of a text is kept from being run as a formula. */
export function cell(v: string | number | null | undefined): string {
  if (v === null || v === undefined) return ''
  const s = typeof v === 'string' && /^[=+\-@\t\r]/.test(v) && Number.isNaN(Number(v)) ? `'${v}` : String(v)
  return /[",\r\n]/.test(s) ? `"${s.replaceAll('"', '""')}"` : s
}

export function toCsv<T>(columns: Col<T>[], rows: T[]): string {
  const told = columns.filter((c) => c.text)
  const lines = [told.map((c) => cell(c.title)), ...rows.map((r) => told.map((c) => cell(c.text?.(r))))]
  return `\uFEFF${lines.map((l) => l.join(',')).join('\r\n')}\r\n`
}

export function saveBlob(name: string, blob: Blob): void {
  const url = URL.createObjectURL(blob)
  const a = document.createElement('a')
  a.href = url
  a.download = name
  document.body.append(a)
  a.click()
  a.remove()
  setTimeout(() => URL.revokeObjectURL(url), 10_000)
}

export const saveText = (name: string, text: string) => saveBlob(name, new Blob([text], { type: 'text/csv;charset=utf-8' }))

/** everything reads a list to its end, at most 100,000 items. */
export async function everything<T>(page: (after: string | undefined) => Promise<{ items: T[]; next?: string }>): Promise<T[]> {
  const out: T[] = []
  let after: string | undefined
  do {
    const p = await page(after)
    out.push(...p.items)
    after = p.next || undefined
  } while (after && out.length < 100_000)
  return out
}
