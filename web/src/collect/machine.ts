// What can happen to a file on its way in, without the network: a reducer.
import type { ProblemText, Report, Batch, ReadOptions } from '../api/types'

export type Stage = 'waiting' | 'uploading' | 'paused' | 'lost' | 'analysing' | 'confirm' | 'landing' | 'done' | 'refused' | 'failed'

export interface Fault extends Partial<ProblemText> { trace?: string }

export interface Item {
  key: string
  name: string
  size: number
  modified: number
  stage: Stage
  offset: number
  added: number
  uploadId?: string | undefined
  rate?: number | undefined
  report?: Report | undefined
  options: ReadOptions
  recipe?: string | undefined
  fault?: Fault | undefined
  /** failedAt is the stage that a retry takes up again. */
  failedAt?: 'uploading' | 'analysing' | 'landing' | undefined
  runId?: string | undefined
  step?: string | undefined
  done?: number | undefined
  total?: number | undefined
  batches?: Batch[] | undefined
  busy?: boolean | undefined
  /** stalled: the hub does not answer; what goes on is tried again until it does. */
  stalled?: boolean | undefined
  /** columnsWere is how many columns each table (n) had before the last change of settings. */
  columnsWere?: Record<number, number> | undefined
}

export type Happening =
  | { kind: 'begin' }
  | { kind: 'created'; uploadId: string; offset: number }
  | { kind: 'progress'; offset: number; rate?: number | undefined }
  | { kind: 'pause' }
  | { kind: 'resume' }
  | { kind: 'lose' }
  | { kind: 'received' }
  | { kind: 'adjust'; options: ReadOptions }
  | { kind: 'reported'; report: Report; options: ReadOptions; recipe?: string | undefined }
  | { kind: 'land'; runId?: string | undefined }
  | { kind: 'step'; step?: string | undefined; done?: number | undefined; total?: number | undefined }
  | { kind: 'landed'; batches: Batch[] }
  | { kind: 'stalled'; on: boolean }
  | { kind: 'fault'; fault: Fault }
  | { kind: 'retry' }

/** next is the item after what happened; what makes no sense in its stage changes nothing. */
export function next(item: Item, h: Happening): Item {
  switch (h.kind) {
    case 'begin':
      return item.stage === 'waiting' ? { ...item, stage: 'uploading', fault: undefined } : item
    case 'created':
      return item.stage === 'uploading' || item.stage === 'paused' ? { ...item, uploadId: h.uploadId, offset: h.offset } : item
    case 'progress':
      return item.stage === 'uploading' || item.stage === 'paused' ? { ...item, offset: Math.max(0, Math.min(h.offset, item.size)), ...(h.rate === undefined ? {} : { rate: h.rate }) } : item
    case 'pause':
      return item.stage === 'uploading' || item.stage === 'waiting' ? { ...item, stage: 'paused', rate: undefined, stalled: false } : item
    case 'resume':
      return item.stage === 'paused' || item.stage === 'lost' ? { ...item, stage: 'waiting', fault: undefined } : item
    case 'lose':
      return item.stage === 'uploading' || item.stage === 'waiting' || item.stage === 'paused' || (item.stage === 'failed' && item.failedAt === 'uploading') ? { ...item, stage: 'lost', rate: undefined, fault: undefined } : item
    case 'received':
      return item.stage === 'uploading' || item.stage === 'lost' || item.stage === 'paused' || item.stage === 'waiting' ? { ...item, stage: 'analysing', offset: item.size, rate: undefined, fault: undefined } : item
    case 'adjust':
      return item.stage === 'confirm' || item.stage === 'refused' || item.stage === 'failed' ? { ...item, options: h.options, busy: true, fault: undefined } : item
    case 'reported': {
      if (item.stage !== 'analysing' && item.stage !== 'confirm' && item.stage !== 'refused' && item.stage !== 'failed') return item
      const columnsWere = item.report && item.busy ? Object.fromEntries(item.report.tables.map((x) => [x.n, x.columns.length])) : undefined
      return { ...item, columnsWere, stage: h.report.refused ? 'refused' : 'confirm', report: h.report, options: h.options, recipe: h.recipe, fault: undefined, failedAt: undefined, busy: false }
    }
    case 'land':
      return item.stage === 'confirm' || item.stage === 'failed' ? { ...item, stage: 'landing', runId: h.runId ?? item.runId, fault: undefined, step: undefined, done: undefined, total: undefined } : item.stage === 'landing' ? { ...item, runId: h.runId ?? item.runId } : item
    case 'step':
      return item.stage === 'landing' || item.stage === 'analysing' ? { ...item, step: h.step, done: h.done, total: h.total } : item
    case 'landed':
      return item.stage === 'landing' ? { ...item, stage: 'done', batches: h.batches, step: undefined, fault: undefined, failedAt: undefined } : item
    case 'stalled':
      return (item.stalled ?? false) === h.on ? item : { ...item, stalled: h.on, ...(h.on ? { rate: undefined } : {}) }
    case 'fault': {
      const at = item.stage === 'analysing' || item.busy ? 'analysing' : item.stage === 'landing' ? 'landing' : 'uploading'
      // A failed second look keeps the first report on screen.
      return item.busy && item.report ? { ...item, busy: false, fault: h.fault } : { ...item, stage: 'failed', failedAt: at, fault: h.fault, busy: false, rate: undefined, stalled: false }
    }
    case 'retry':
      if (item.stage !== 'failed') return item
      return { ...item, stage: item.failedAt === 'analysing' ? 'analysing' : item.failedAt === 'landing' ? 'confirm' : 'waiting', fault: undefined, failedAt: undefined }
  }
}

/** same reports whether a picked file is the one that was begun before. */
export const same = (item: Item, name: string, size: number, modified: number) => item.name === name && item.size === size && item.modified === modified

/** Kept is what survives a reload: all but the bytes and what the hub knows better. */
export interface Kept { key: string; name: string; size: number; modified: number; added: number; offset: number; stage: Stage; uploadId?: string | undefined; runId?: string | undefined }

export function keep(items: Item[]): Kept[] {
  return items.filter((i) => i.uploadId || i.stage === 'lost').map(({ key, name, size, modified, added, offset, stage, uploadId, runId }) => ({ key, name, size, modified, added, offset, stage, uploadId, runId }))
}

/** merged is what to store when another window of the same person stored files of its own: theirs stay, ours are as we know them, those taken off the list here go. */
export const merged = (stored: Kept[], mine: Kept[], gone: ReadonlySet<string>): Kept[] => [...stored.filter((k) => !gone.has(k.key) && !mine.some((m) => m.key === k.key)), ...mine]

/** revive is the item after a reload: what was uploading waits for its file, the rest asks the hub. */
export function revive(k: Kept): Item {
  const whole = k.offset >= k.size && k.uploadId !== undefined
  const stage: Stage = k.stage === 'landing' || k.stage === 'done' ? 'landing' : whole ? 'analysing' : 'lost'
  return { ...k, stage, options: {} }
}

/** partSize is how many bytes the next part should have, so that one takes about a second and a half. */
export function partSize(rate: number | undefined): number {
  const mib = 1 << 20
  if (!rate) return 2 * mib
  return Math.max(256 << 10, Math.min(16 * mib, Math.round((rate * 1.5) / (256 << 10)) * (256 << 10)))
}
