// The URL is the state of a page: filters, tab, page and selected row live in
// the query, so that any view can be sent, bookmarked and gone back to.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useCallback } from 'react'

export type Query = Record<string, string | undefined>

/** toQuery keeps what is said once as text; the router hands it to every page. */
export function toQuery(raw: Record<string, unknown>): Query {
  const out: Query = {}
  for (const [k, v] of Object.entries(raw)) {
    if (v !== undefined && v !== null && v !== '') out[k] = String(v)
  }
  return out
}

/** useUrl gives the query and a way to change parts of it; undefined or '' takes a part out. */
export function useUrl(): [Query, (patch: Query, how?: { push?: boolean }) => void] {
  const query = useSearch({ strict: false }) as Query
  const navigate = useNavigate()
  const set = useCallback(
    (patch: Query, how?: { push?: boolean }) => {
      void navigate({ to: '.', search: (old: Query) => toQuery({ ...old, ...patch }), replace: !how?.push, resetScroll: false } as never)
    },
    [navigate],
  )
  return [query, set]
}
