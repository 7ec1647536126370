import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { QueryClient } from '@tanstack/react-query'
import { closeStream, openStream } from '../src/app/stream'

/** One fake stream whose events the test sends. */
class Source {
  static last: Source
  listeners = new Map<string, ((e: unknown) => void)[]>()
  constructor() {
    Source.last = this
  }
  addEventListener(topic: string, f: (e: unknown) => void) {
    this.listeners.set(topic, [...(this.listeners.get(topic) ?? []), f])
  }
  close() {}
  send(topic: string, event: object) {
    for (const f of this.listeners.get(topic) ?? []) f({ data: JSON.stringify(event) })
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 })
  vi.stubGlobal('EventSource', Source)
})
afterEach(() => {
  closeStream()
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

test('a stream of events refetches at once, then seldom, and once after the last', () => {
  const queries = new QueryClient()
  const asked: Record<string, number> = {}
  vi.spyOn(queries, 'invalidateQueries').mockImplementation((f) => {
    const key = String(f?.queryKey?.[0])
    asked[key] = (asked[key] ?? 0) + 1
    return Promise.resolve()
  })
  openStream(queries)
  Source.last.send('batch', { kind: 'landed' })
  vi.advanceTimersByTime(300)
  expect(asked['summary']).toBe(1)
  expect(asked['batches']).toBe(1)
  for (let i = 0; i < 100; i++) {
    Source.last.send('batch', { kind: 'landed' })
    vi.advanceTimersByTime(100) // ten seconds of files
  }
  expect(asked['summary']).toBeLessThanOrEqual(3)
  expect(asked['batches']).toBeGreaterThanOrEqual(8)
  expect(asked['batches']).toBeLessThanOrEqual(11)
  Source.last.send('batch', { kind: 'landed' })
  const before = asked['summary']
  vi.advanceTimersByTime(6_000)
  expect(asked['summary']).toBe((before ?? 0) + 1)
  vi.advanceTimersByTime(60_000)
  expect(asked['summary']).toBe((before ?? 0) + 1)
})
