import { expect, test } from 'vitest'
import { cell, toCsv } from '../src/table/csv'
import { wanted } from '../src/collect/dropped'
import { faultAt } from '../src/collect/faultAt'
import { lineOf, moved, parseRange, physical, ownOptions, printRange, withArea, withOwn } from '../src/collect/grid'
import { report } from './fixture/data'
import type { TableReport } from '../src/api/types'

const t = report.tables[0] as TableReport
const text: TableReport = { ...t, place: { first_line: 3, last_line: 40 }, area: { first_line: 3 }, dialect: { delimiter: ',', quote: '"', escape: '"', newline: '\n' }, header_rows: 1 }

test('rows stand in the order of the file', () => {
  const rows = physical(t)
  expect(rows.slice(0, 5).map((r) => [r.line, r.kind])).toEqual([[1, 'note'], [2, 'note'], [3, 'note'], [4, 'header'], [6, 'data']])
  expect(rows.find((r) => r.kind === 'header')).toMatchObject({ line: 4, to: 5 })
  expect(rows.find((r) => r.line === 12)?.kind).toBe('total')
  expect(rows.filter((r) => r.kind === 'data')).toHaveLength(31)
  expect(rows.some((r) => r.kind === 'gap')).toBe(false)
})

test('a table without header rows still shows the names of its columns', () => {
  const rows = physical({ ...t, notes: [], rejected: [], header_rows: 0 })
  expect(rows[0]).toMatchObject({ line: 0, kind: 'header', cells: t.columns.map((c) => c.name) })
  expect(rows[1]?.kind).toBe('data')
  expect(physical({ ...t, notes: [], rejected: [], header_rows: 0, rows: 0, preview: { columns: [], rows: [], origin: [] } }).map((r) => r.kind)).toEqual(['header'])
})

test('a cut preview says how much is left and shows nothing beyond it', () => {
  const rows = physical({ ...t, rows: 5000 })
  expect(rows.at(-1)?.kind).toBe('gap')
  expect(rows.some((r) => r.line > 38)).toBe(false)
})

test('places are read in every form', () => {
  expect(['A12', '12', 'Sheet1!B3', 'C7:H7', ''].map(lineOf)).toEqual([12, 12, 3, 7, 0])
  expect(parseRange('a5:q35')).toEqual({ left: 'A', top: 5, right: 'Q', bottom: 35 })
  expect(parseRange('A5:')).toEqual({ left: 'A', top: 5, right: '', bottom: 0 })
  expect(printRange({ left: 'A', top: 5, right: '', bottom: 0 })).toBe('A5:')
  expect(parseRange('5A')).toBeNull()
})

test('a header moves where a person says', () => {
  expect(moved(t, 'header_start', 3)).toMatchObject({ range: 'A3:H40', header_rows: 3 })
  expect(moved(t, 'header_start', 8)).toMatchObject({ range: 'A8:H40', header_rows: 1 })
  expect(moved(t, 'header_end', 4)).toMatchObject({ range: 'A4:H40', header_rows: 1 })
  expect(moved(t, 'data_end', 30)).toMatchObject({ range: 'A4:H30' })
  expect(moved(text, 'header_start', 2)).toMatchObject({ first_line: 2, header_rows: 2 })
  expect(moved(text, 'data_end', 30)).toMatchObject({ first_line: 3, last_line: 30 })
})

test('other tables stay where they are', () => {
  const o = withArea({ encoding: 'gbk' }, report.tables, 1, { range: 'A1:B2' })
  expect(o).toMatchObject({ encoding: 'gbk', tables: [{ range: 'A1:B2' }, { range: 'B3:E15' }] })
})

test('the fault of a line is found by its reason', () => {
  const mark = (s: string, r: string) => { const at = faultAt(s, r); return at && s.slice(at.from, at.to) }
  expect(mark('1,2026-13-05,x', '第 2 列“2026-13-05”不是日期')).toBe('2026-13-05')
  expect(mark('上海\uFFFD\uFFFD科技', '4 个字节读不出来')).toBe('\uFFFD\uFFFD')
  expect(mark('1,"花木,3', '引号没有闭合')).toBe('"')
  expect(mark('1,2,3', '多了 2 列')).toBeNull()
})

test('CSV opens in a spreadsheet as it was', () => {
  expect(cell('a"b,c')).toBe('"a""b,c"')
  expect(cell('=SUM(A1)')).toBe("'=SUM(A1)")
  expect(cell('-12.5')).toBe('-12.5')
  expect(cell(null)).toBe('')
  expect(toCsv([{ key: 'a', title: '名称', render: () => null, text: (r: { a: string }) => r.a }, { key: 'b', title: 'x', render: () => null }], [{ a: '甲' }])).toBe('\uFEFF名称\r\n甲\r\n')
})

test('what systems strew into folders is left out', () => {
  expect(['a/.DS_Store', 'x/~$报表.xlsx', '__MACOSX/a', 'a/b.csv', 'Thumbs.db'].map((path) => wanted({ path }))).toEqual([false, false, false, true, false])
})

test('what is decided for one file of an archive stays with that file', () => {
  const [a, b, c] = [{ ...text, n: 1, member: 'a.csv' }, { ...text, n: 2, member: 'a.csv' }, { ...text, n: 3, member: 'b.csv' }]
  const units = { ...text.area, units: { 投资额: '万元' } }
  const o = withArea({ password: 'x' }, [a, b, c], 1, units)
  expect(o).toEqual({ password: 'x', members: { 'a.csv': { tables: [units, text.area] } } })
  const p = withOwn(o, c, { encoding: 'gb18030' })
  expect(ownOptions(p, c)).toEqual({ encoding: 'gb18030' })
  expect(ownOptions(p, a).tables).toHaveLength(2)
  expect(withOwn(p, a, null)).toEqual({ password: 'x', members: { 'b.csv': { encoding: 'gb18030' } } })
})
