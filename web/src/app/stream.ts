// One stream of events per tab. Pages say which topics they show; an event
// refetches what it is about, and runs are kept live with their progress.
import type { QueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import type { HubEvent, Run } from '../api/types'

export type Link = 'off' | 'live' | 'retrying'

const topics = ['run', 'batch', 'quarantine', 'dataset'] as const

/** about says which queries an event of a topic makes old. */
const about: Record<(typeof topics)[number], string[]> = {
  run: ['runs', 'run', 'inspection', 'summary'],
  batch: ['batches', 'batch', 'summary', 'dataset', 'datasets'],
  quarantine: ['quarantine', 'summary', 'batch', 'batches'],
  dataset: ['dataset', 'datasets', 'fields', 'rows', 'snapshots', 'changes', 'lineage', 'summary'],
}

let source: EventSource | null = null
let link: Link = 'off'
let since = 0
const watchers = new Set<() => void>()
const runWatchers = new Set<(e: HubEvent) => void>()
/** calm says how long, in milliseconds, a query stays as it is while events stream: what the hub counts over everything is not counted for each file of a thousand. */
const calm = (key: string) => (key === 'summary' ? 5_000 : 1_000)
const timers = new Map<string, ReturnType<typeof setTimeout>>()
const fetched = new Map<string, number>()

/** refetch makes a query old soon: at once after a quiet time, seldom in a stream of events, and always after the last. */
function refetch(queries: QueryClient, key: string): void {
  if (timers.has(key)) return
  const wait = Math.max(300, (fetched.get(key) ?? 0) + calm(key) - Date.now())
  timers.set(
    key,
    setTimeout(() => {
      timers.delete(key)
      fetched.set(key, Date.now())
      void queries.invalidateQueries({ queryKey: [key] })
    }, wait),
  )
}

function setLink(next: Link) {
  if (link === next) return
  link = next
  since = Date.now()
  for (const w of watchers) w()
}

/** openStream connects once; later calls do nothing until closeStream. */
export function openStream(queries: QueryClient): void {
  if (source || typeof EventSource === 'undefined') return
  const es = new EventSource(`/api/stream?topics=${topics.join(',')}`)
  source = es
  es.addEventListener('open', () => {
    const gap = link === 'retrying'
    setLink('live')
    if (gap) void queries.invalidateQueries()
  })
  es.addEventListener('error', () => setLink('retrying'))
  for (const topic of topics) {
    es.addEventListener(topic, (raw) => {
      setLink('live')
      const e = JSON.parse((raw as MessageEvent<string>).data) as HubEvent
      if (topic === 'run') for (const w of runWatchers) w(e)
      if (e.kind === 'snapshot') return
      if (topic === 'run' && e.kind === 'progress') {
        mergeRun(queries, e)
        return
      }
      for (const key of about[topic]) refetch(queries, key)
    })
  }
}

export function closeStream(): void {
  source?.close()
  source = null
  setLink('off')
}

/** mergeRun puts the progress of an event into the lists that show the run. */
function mergeRun(queries: QueryClient, e: HubEvent) {
  const news = (e.data ?? {}) as Partial<Run>
  queries.setQueriesData<{ items: Run[] }>({ queryKey: ['runs'] }, (old) =>
    old ? { ...old, items: old.items.map((r) => (r.id === e.key ? { ...r, ...pick(news) } : r)) } : old,
  )
  queries.setQueriesData<{ running: Run[] }>({ queryKey: ['summary'] }, (old) =>
    old ? { ...old, running: old.running.map((r) => (r.id === e.key ? { ...r, ...pick(news) } : r)) } : old,
  )
}

function pick(r: Partial<Run>): Partial<Run> {
  const out: Partial<Run> = {}
  if (r.progress && typeof r.progress === 'object') out.progress = r.progress
  if (r.state) out.state = r.state
  if (r.steps) out.steps = r.steps
  if (typeof r.rows === 'number') out.rows = r.rows
  return out
}

/** watchRuns hears every event of a run until the returned function is called. */
export function watchRuns(w: (e: HubEvent) => void): () => void {
  runWatchers.add(w)
  return () => runWatchers.delete(w)
}

function watch(w: () => void) {
  watchers.add(w)
  return () => watchers.delete(w)
}

/** useLink tells whether the page is live. */
export const useLink = (): Link => useSyncExternalStore(watch, () => link)
/** linkSince is when the link last changed, in milliseconds. */
export const linkSince = () => since
