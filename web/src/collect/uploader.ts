// The files on their way in. It lives outside the pages, so that an upload goes
// on while one looks at something else, and keeps its ids in the browser, so
// that it survives a reload (the bytes must be picked again: browsers forget them).
import { useSyncExternalStore } from 'react'
import { ApiError } from '../api/client'
import { hub } from '../api/hub'
import type { Batch, LandedTable, ReadOptions, Run, Upload as UploadState } from '../api/types'
import { readPref, writePref } from '../app/prefs'
import { watchRuns } from '../app/stream'
import { keep, merged, next, partSize, revive, same, type Fault, type Happening, type Item, type Kept } from './machine'

const store = 'uploads'
const together = 3

const wait = (ms: number, signal?: AbortSignal) =>
  new Promise<void>((ok, no) => {
    const timer = setTimeout(ok, ms)
    signal?.addEventListener('abort', () => { clearTimeout(timer); no(signal.reason as Error) }, { once: true })
  })

export const faultOf = (e: unknown): Fault =>
  e instanceof ApiError
    ? { code: e.problem.code ?? (e.offline ? 'offline' : 'internal'), detail: e.problem.detail ?? e.message, ...(e.problem.hint ? { hint: e.problem.hint } : {}), ...(e.problem.trace_id ? { trace: e.problem.trace_id } : {}) }
    : { code: 'internal', detail: e instanceof Error ? e.message : String(e) }

/** passing tells a hub that does not answer, or not now, from one that says no. */
const passing = (e: unknown): e is ApiError => e instanceof ApiError && (e.offline || [429, 502, 503, 504].includes(e.status))

class Uploader {
  private items: Item[] = []
  private readonly files = new Map<string, File>()
  private readonly aborts = new Map<string, AbortController>()
  private readonly looks = new Map<string, number>()
  private readonly watchers = new Set<() => void>()
  private readonly gone = new Set<string>()
  private account = ''

  subscribe = (w: () => void) => {
    this.watchers.add(w)
    return () => this.watchers.delete(w)
  }
  list = () => this.items
  get = (key: string) => this.items.find((i) => i.key === key)

  /** start takes up what the account left in this browser. */
  start(account: string) {
    if (this.account === account) return
    for (const a of this.aborts.values()) a.abort()
    this.account = account
    this.items = readPref<Kept[]>(`${store}.${account}`, []).map(revive)
    this.tell()
    for (const i of this.items) {
      if (i.stage === 'analysing') void this.look(i.key, false)
      else if (i.stage === 'landing') void this.follow(i.key)
      else if (i.uploadId) void this.place(i.key)
    }
  }

  add(files: { file: File; path: string }[]): string[] {
    const keys: string[] = []
    for (const { file, path } of files) {
      const old = this.items.find((i) => same(i, path, file.size, file.lastModified) && (i.stage === 'lost' || i.stage === 'paused' || (i.stage === 'failed' && i.failedAt === 'uploading')))
      if (old) {
        this.files.set(old.key, file)
        this.happen(old.key, old.stage === 'failed' ? { kind: 'retry' } : { kind: 'resume' })
        keys.push(old.key)
        continue
      }
      const key = `${Date.now().toString(36)}${Math.random().toString(36).slice(2, 8)}`
      this.files.set(key, file)
      this.items = [...this.items, { key, name: path, size: file.size, modified: file.lastModified, stage: 'waiting', offset: 0, added: Date.now(), options: {} }]
      keys.push(key)
    }
    this.tell()
    this.pump()
    return keys
  }

  pause(key: string) {
    this.happen(key, { kind: 'pause' })
    this.aborts.get(key)?.abort()
    this.pump()
  }

  resume(key: string) {
    if (!this.files.has(key)) this.happen(key, { kind: 'lose' })
    else this.happen(key, { kind: 'resume' })
    this.pump()
  }

  retry(key: string) {
    const item = this.get(key)
    if (!item) return
    if (item.failedAt === 'uploading' && !this.files.has(key)) {
      this.happen(key, { kind: 'lose' })
      return
    }
    this.happen(key, { kind: 'retry' })
    if (item.failedAt === 'analysing') void this.look(key, true)
    this.pump()
  }

  /** remove takes the file off the list; what has landed stays landed. */
  remove(key: string) {
    const item = this.get(key)
    this.aborts.get(key)?.abort()
    this.files.delete(key)
    this.gone.add(key)
    this.items = this.items.filter((i) => i.key !== key)
    this.tell()
    if (item?.uploadId && item.stage !== 'done' && item.stage !== 'landing') hub.dropUpload(item.uploadId).catch(() => undefined)
    if (item?.runId && item.stage === 'landing') hub.cancelRun(item.runId).catch(() => undefined)
    this.pump()
  }

  clearDone() {
    for (const i of this.items.filter((x) => x.stage === 'done')) this.remove(i.key)
  }

  /** adjust looks again with other options. */
  adjust(key: string, options: ReadOptions) {
    this.happen(key, { kind: 'adjust', options })
    void this.look(key, true)
  }

  async land(key: string, tables: LandedTable[] | undefined, save: boolean) {
    const item = this.get(key)
    if (!item?.uploadId) return
    this.happen(key, { kind: 'land' })
    try {
      const { password: _, ...options } = item.options
      const ref = await hub.land({ upload_id: item.uploadId, options: item.options.password ? item.options : options, ...(tables ? { tables } : {}), save_recipe: save })
      this.happen(key, { kind: 'land', runId: ref.run_id })
      await this.follow(key)
    } catch (e) {
      this.happen(key, { kind: 'fault', fault: faultOf(e) })
    }
  }

  private happen(key: string, h: Happening) {
    let changed = false
    this.items = this.items.map((i) => {
      if (i.key !== key) return i
      const n = next(i, h)
      changed ||= n !== i
      return n
    })
    if (changed) this.tell()
  }

  private tell() {
    if (this.account) writePref(`${store}.${this.account}`, merged(readPref<Kept[]>(`${store}.${this.account}`, []), keep(this.items), this.gone))
    for (const w of this.watchers) w()
  }

  private pump() {
    const busy = this.items.filter((i) => i.stage === 'uploading').length
    for (const i of this.items.filter((x) => x.stage === 'waiting').slice(0, Math.max(0, together - busy))) void this.send(i.key)
  }

  private async send(key: string) {
    const file = this.files.get(key)
    if (!file) {
      this.happen(key, { kind: 'lose' })
      return
    }
    this.happen(key, { kind: 'begin' })
    const abort = new AbortController()
    this.aborts.set(key, abort)
    try {
      let item = this.get(key)
      if (!item) return
      const wanted = () => !abort.signal.aborted
      const begun = item.uploadId
      const { name } = item
      const old = begun ? await this.patiently(key, () => hub.upload(begun).catch((e: unknown) => { if (e instanceof ApiError && e.status === 404) return null; throw e }), wanted, abort.signal) : null
      let u: UploadState = old ?? await this.patiently(key, () => hub.createUpload({ name, size_bytes: file.size, ...(file.lastModified > 0 ? { last_modified: new Date(file.lastModified).toISOString() } : {}) }), wanted, abort.signal)
      this.happen(key, { kind: 'created', uploadId: u.id, offset: u.offset_bytes })
      let tries = 0
      let empty = file.size === 0 && !u.received
      while (u.offset_bytes < file.size || empty) {
        empty = false
        if (abort.signal.aborted) return
        item = this.get(key)
        const part = file.slice(u.offset_bytes, u.offset_bytes + partSize(item?.rate))
        const began = performance.now()
        try {
          u = await hub.append(u.id, u.offset_bytes, part, abort.signal)
          tries = 0
          this.happen(key, { kind: 'stalled', on: false })
          const rate = part.size / Math.max(0.001, (performance.now() - began) / 1000)
          this.happen(key, { kind: 'progress', offset: u.offset_bytes, rate })
        } catch (e) {
          if (abort.signal.aborted) return
          if (e instanceof ApiError && e.problem.offset_bytes !== undefined) {
            u = { ...u, offset_bytes: e.problem.offset_bytes }
            continue
          }
          if (!passing(e) || (!e.offline && ++tries > 6)) throw e
          this.happen(key, { kind: 'stalled', on: true })
          await wait(Math.min(5000, 400 * 2 ** tries), abort.signal)
          const at = u.id
          u = await this.patiently(key, () => hub.upload(at), () => !abort.signal.aborted, abort.signal)
        }
      }
      this.files.delete(key)
      this.happen(key, { kind: 'received' })
      this.aborts.delete(key)
      this.pump()
      await this.look(key, true)
    } catch (e) {
      if (!abort.signal.aborted) this.happen(key, { kind: 'fault', fault: faultOf(e) })
    } finally {
      this.aborts.delete(key)
      this.pump()
    }
  }

  /** patiently asks the hub until it answers: as long as it takes while nobody does, some time while it is busy. */
  private async patiently<T>(key: string, ask: () => Promise<T>, wanted: () => boolean, signal?: AbortSignal): Promise<T> {
    for (let n = 0; ; n++) {
      try {
        const answer = await ask()
        this.happen(key, { kind: 'stalled', on: false })
        return answer
      } catch (e) {
        if (!passing(e) || !wanted() || (!e.offline && n >= 8)) throw e
        this.happen(key, { kind: 'stalled', on: true })
        await wait(Math.min(5000, 400 * 2 ** n), signal)
      }
    }
  }

  /** place asks the hub how far an upload of an earlier visit is. */
  private async place(key: string) {
    const item = this.get(key)
    if (!item?.uploadId) return
    try {
      const id = item.uploadId
      const u = await this.patiently(key, () => hub.upload(id), () => this.get(key) !== undefined)
      if (u.received) {
        this.happen(key, { kind: 'received' })
        await this.look(key, false)
      } else this.items = this.items.map((i) => (i.key === key ? { ...i, offset: u.offset_bytes } : i))
      this.tell()
    } catch (e) {
      if (e instanceof ApiError && e.status === 404) this.items = this.items.map((i) => (i.key === key ? { ...i, uploadId: undefined, offset: 0 } : i))
      this.tell()
    }
  }

  /** look has the hub inspect the file, and waits for what it finds. The newest look wins. */
  private async look(key: string, ask: boolean) {
    const turn = (this.looks.get(key) ?? 0) + 1
    this.looks.set(key, turn)
    const stillMine = () => this.looks.get(key) === turn && this.get(key) !== undefined
    try {
      const item = this.get(key)
      if (!item?.uploadId) return
      let runId = ''
      const { uploadId, options } = item
      if (ask) runId = (await this.patiently(key, () => hub.inspect(uploadId, options), stillMine)).run_id
      for (let n = 0; stillMine(); n++) {
        const i = await this.patiently(key, () => hub.inspection(uploadId), stillMine)
        if (!stillMine()) return
        const current = !runId || !i.run_id || i.run_id === runId
        if (i.state === 'done' && i.report && current) {
          this.happen(key, { kind: 'reported', report: i.report, options: i.options, recipe: i.recipe })
          return
        }
        if (i.state === 'failed' && current) {
          this.happen(key, { kind: 'fault', fault: i.problem ?? { code: 'internal' } })
          return
        }
        if (i.state === 'none' && !ask) {
          await this.look(key, true)
          return
        }
        await this.turn(runId || i.run_id || '', Math.min(1500, 120 + n * 60))
      }
    } catch (e) {
      if (!stillMine()) return
      if (e instanceof ApiError && e.status === 404) {
        this.items = this.items.map((i) => (i.key === key ? { ...i, stage: 'lost', uploadId: undefined, offset: 0 } : i))
        this.tell()
        return
      }
      this.happen(key, { kind: 'fault', fault: faultOf(e) })
    }
  }

  /** follow waits for a landing and fetches its receipts. */
  private async follow(key: string) {
    const item = this.get(key)
    if (!item?.runId) {
      this.happen(key, { kind: 'fault', fault: { code: 'internal' } })
      return
    }
    const { runId } = item
    const stillMine = () => this.get(key)?.runId === runId
    try {
      for (let n = 0; stillMine(); n++) {
        const r = await this.patiently(key, () => hub.run(runId), stillMine)
        this.happen(key, { kind: 'step', step: r.step || r.steps.at(-1)?.name, done: r.progress.done, total: r.progress.total })
        if (r.state === 'done') {
          this.happen(key, { kind: 'landed', batches: await this.patiently(key, () => receipts(r), stillMine) })
          return
        }
        if (r.state === 'failed' || r.state === 'cancelled') {
          this.happen(key, { kind: 'fault', fault: { code: r.state, detail: r.errors[0] ?? '' } })
          return
        }
        await this.turn(runId, Math.min(2000, 150 + n * 80))
      }
    } catch (e) {
      this.happen(key, { kind: 'fault', fault: faultOf(e) })
    }
  }

  /** turn waits for the next event of a run, at most ms. */
  private turn(runId: string, ms: number): Promise<void> {
    return new Promise((ok) => {
      const stop = watchRuns((e) => {
        if (e.key === runId && e.kind !== 'snapshot') done()
      })
      const timer = setTimeout(done, ms)
      function done() {
        stop()
        clearTimeout(timer)
        ok()
      }
    })
  }
}

async function receipts(r: Run): Promise<Batch[]> {
  const ids = r.batches ?? []
  if (ids.length > 0) return Promise.all(ids.map((b) => hub.batch(b)))
  const page = await hub.batches({ q: r.subject, limit: 50 })
  return page.items.filter((b) => b.run_id === r.id)
}

export const uploader = new Uploader()

// Leaving the site while bytes are on their way asks first: a browser forgets the files that were picked.
if (typeof window !== 'undefined') window.addEventListener('beforeunload', (e) => { if (uploader.list().some((i) => i.stage === 'uploading' || i.stage === 'waiting')) e.preventDefault() })
export const useUploads = () => useSyncExternalStore(uploader.subscribe, uploader.list)
