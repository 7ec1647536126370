// One way to the hub: JSON over fetch, with the hub's own error documents.

import i18n from '../app/i18n'
import type { DemoAccount } from './types'

/** A Problem is what the hub says went wrong (RFC 9457, with our fields). */
export interface Problem {
  title?: string
  detail?: string
  code?: string
  hint?: string
  trace_id?: string
  status?: number
  right?: string
  offset_bytes?: number
  retry_after_seconds?: number
  errors?: { message?: string; location?: string }[]
  demo?: DemoAccount[]
}

export class ApiError extends Error {
  readonly status: number
  readonly problem: Problem
  constructor(status: number, problem: Problem) {
    super(problem.detail || problem.title || `HTTP ${status}`)
    this.name = 'ApiError'
    this.status = status
    this.problem = problem
  }
  /** offline reports that the hub did not answer at all. */
  get offline(): boolean {
    return this.status === 0
  }
  get denied(): boolean {
    return this.status === 403
  }
  get signedOut(): boolean {
    return this.status === 401
  }
}

export type Params = Record<string, string | number | boolean | undefined | null>

export interface Ask {
  query?: Params
  body?: unknown
  headers?: Record<string, string>
  signal?: AbortSignal
}

export function href(path: string, query?: Params): string {
  const q = new URLSearchParams()
  for (const [k, v] of Object.entries(query ?? {})) {
    if (v !== undefined && v !== null && v !== '') q.set(k, String(v))
  }
  const s = q.toString()
  return s ? `${path}?${s}` : path
}

/** send makes a request and returns the response when it is good; it throws ApiError when not. */
export async function send(method: string, path: string, ask: Ask = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json, application/problem+json', ...ask.headers }
  let body: BodyInit | undefined
  if (ask.body instanceof Blob) body = ask.body
  else if (ask.body !== undefined) {
    body = JSON.stringify(ask.body)
    headers['Content-Type'] ??= 'application/json'
  }
  let res: Response
  try {
    res = await fetch(href(path, ask.query), { method, headers, credentials: 'same-origin', ...(body === undefined ? {} : { body }), ...(ask.signal ? { signal: ask.signal } : {}) })
  } catch (e) {
    if (ask.signal?.aborted) throw e
    throw new ApiError(0, { code: 'offline', title: i18n.t('state.offline'), detail: i18n.t('state.offline'), hint: i18n.t('state.offline_text') })
  }
  if (!res.ok) throw new ApiError(res.status, await problemOf(res))
  return res
}

async function problemOf(res: Response): Promise<Problem> {
  const trace = res.headers.get('X-Trace-Id') ?? undefined
  try {
    const p = (await res.json()) as Problem
    return { ...(trace ? { trace_id: trace } : {}), ...p, status: res.status }
  } catch {
    return { title: res.statusText, status: res.status, ...(trace ? { trace_id: trace } : {}) }
  }
}

/** call is send with the JSON of the answer; an empty answer is undefined. */
export async function call<T>(method: string, path: string, ask: Ask = {}): Promise<T> {
  const res = await send(method, path, ask)
  if (res.status === 204) return undefined as T
  const text = await res.text()
  return (text ? JSON.parse(text) : undefined) as T
}
