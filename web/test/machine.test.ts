import { expect, test } from 'vitest'
import { keep, merged, next, partSize, revive, same, type Happening, type Item } from '../src/collect/machine'
import { report } from './fixture/data'

const begun: Item = { key: 'k', name: 'a.csv', size: 100, modified: 5, stage: 'waiting', offset: 0, added: 1, options: {} }
const run = (item: Item, ...hs: Happening[]) => hs.reduce(next, item)
const after = (...hs: Happening[]) => run(begun, ...hs)

test('a file goes from waiting to its receipt', () => {
  const up = after({ kind: 'begin' }, { kind: 'created', uploadId: 'u1', offset: 0 }, { kind: 'progress', offset: 60, rate: 10 })
  expect(up).toMatchObject({ stage: 'uploading', offset: 60, uploadId: 'u1' })
  const seen = run(up, { kind: 'received' }, { kind: 'reported', report, options: {} })
  expect(seen).toMatchObject({ stage: 'confirm', offset: 100 })
  const done = run(seen, { kind: 'land', runId: 'r1' }, { kind: 'landed', batches: [] })
  expect(done).toMatchObject({ stage: 'done', runId: 'r1' })
})

test('progress stays within the file', () => {
  expect(after({ kind: 'begin' }, { kind: 'progress', offset: 900 }).offset).toBe(100)
  expect(after({ kind: 'begin' }, { kind: 'progress', offset: -1 }).offset).toBe(0)
})

test('what makes no sense changes nothing', () => {
  expect(after({ kind: 'landed', batches: [] })).toBe(begun)
  expect(after({ kind: 'land' })).toBe(begun)
  expect(after({ kind: 'retry' })).toBe(begun)
})

test('pause and resume keep the place', () => {
  const paused = after({ kind: 'begin' }, { kind: 'created', uploadId: 'u', offset: 0 }, { kind: 'progress', offset: 40 }, { kind: 'pause' })
  expect(paused).toMatchObject({ stage: 'paused', offset: 40 })
  expect(next(paused, { kind: 'resume' })).toMatchObject({ stage: 'waiting', offset: 40, uploadId: 'u' })
})

test('a refused file says so and can be looked at again', () => {
  const refused = { ...report, tables: [], refused: { kind: 'encrypted' as const, message: 'm', hint: 'h' } }
  const item = after({ kind: 'begin' }, { kind: 'received' }, { kind: 'reported', report: refused, options: {} })
  expect(item.stage).toBe('refused')
  expect(run(item, { kind: 'adjust', options: { password: 'p' } }, { kind: 'reported', report, options: {} }).stage).toBe('confirm')
})

test('a fault is taken up again where it happened', () => {
  const seen = after({ kind: 'begin' }, { kind: 'received' }, { kind: 'reported', report, options: {} })
  const landing = run(seen, { kind: 'land', runId: 'r' }, { kind: 'fault', fault: { code: 'full' } })
  expect(landing).toMatchObject({ stage: 'failed', failedAt: 'landing' })
  expect(next(landing, { kind: 'retry' }).stage).toBe('confirm')
  const sending = after({ kind: 'begin' }, { kind: 'fault', fault: { code: 'offline' } })
  expect(sending).toMatchObject({ stage: 'failed', failedAt: 'uploading' })
  expect(next(sending, { kind: 'retry' }).stage).toBe('waiting')
})

test('a failed second look keeps the first report', () => {
  const seen = after({ kind: 'begin' }, { kind: 'received' }, { kind: 'reported', report, options: {} })
  const item = run(seen, { kind: 'adjust', options: { encoding: 'big5' } }, { kind: 'fault', fault: { code: 'invalid' } })
  expect(item).toMatchObject({ stage: 'confirm', fault: { code: 'invalid' }, busy: false })
  expect(item.report).toBe(report)
})

test('a reload forgets bytes and remembers the rest', () => {
  const up = after({ kind: 'begin' }, { kind: 'created', uploadId: 'u', offset: 0 }, { kind: 'progress', offset: 60 })
  const kept = keep([up, begun])
  expect(kept).toHaveLength(1)
  expect(JSON.stringify(kept)).not.toContain('report')
  const item = revive(kept[0] as (typeof kept)[0])
  expect(item).toMatchObject({ stage: 'lost', offset: 60, uploadId: 'u' })
  expect(same(item, 'a.csv', 100, 5)).toBe(true)
  expect(same(item, 'a.csv', 101, 5)).toBe(false)
  expect(revive({ ...(kept[0] as (typeof kept)[0]), offset: 100, stage: 'confirm' }).stage).toBe('analysing')
  expect(revive({ ...(kept[0] as (typeof kept)[0]), offset: 100, stage: 'done', runId: 'r' }).stage).toBe('landing')
})

test('parts take about a second and a half', () => {
  expect(partSize(undefined)).toBe(2 << 20)
  expect(partSize(1)).toBe(256 << 10)
  expect(partSize(1e12)).toBe(16 << 20)
  expect(partSize(2 << 20)).toBe(3 << 20)
})

test('while the hub does not answer an upload is stalled, not failed', () => {
  const up = after({ kind: 'begin' }, { kind: 'created', uploadId: 'u1', offset: 0 }, { kind: 'progress', offset: 60, rate: 10 }, { kind: 'stalled', on: true })
  expect(up).toMatchObject({ stage: 'uploading', offset: 60, stalled: true, rate: undefined })
  expect(run(up, { kind: 'stalled', on: true })).toBe(up)
  expect(run(up, { kind: 'stalled', on: false }, { kind: 'received' })).toMatchObject({ stage: 'analysing', stalled: false })
  expect(run(up, { kind: 'pause' }).stalled).toBe(false)
})

test('two windows do not forget each other\'s files', () => {
  const kept = (key: string, offset = 0) => ({ key, name: `${key}.csv`, size: 100, modified: 5, added: 1, offset, stage: 'uploading' as const, uploadId: `u${key}` })
  expect(merged([kept('theirs'), kept('ours'), kept('removed')], [kept('ours', 60)], new Set(['removed'])).map((k) => [k.key, k.offset])).toEqual([['theirs', 0], ['ours', 60]])
})
