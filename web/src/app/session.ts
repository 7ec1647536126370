// Who is signed in and what they may do.
import { useQuery } from '@tanstack/react-query'
import { hub } from '../api/hub'
import type { Me } from '../api/types'

export const meQuery = { queryKey: ['me'], queryFn: hub.me, staleTime: 60_000, retry: false } as const

export function useMe(): Me | undefined {
  return useQuery(meQuery).data
}

/** may reports whether a person has a right, in any scope. The hub decides again on every call. */
export function may(me: Me | undefined, action: string): boolean {
  return !!me?.rights.some((r) => r.action === action)
}
