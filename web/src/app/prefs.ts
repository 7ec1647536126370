// What one person prefers on one machine: columns, density. Not data.
import { useCallback, useState } from 'react'

export function readPref<T>(key: string, initial: T): T {
  try {
    const raw = localStorage.getItem(`shuniu.${key}`)
    return raw === null ? initial : (JSON.parse(raw) as T)
  } catch {
    return initial
  }
}

export function writePref(key: string, value: unknown): void {
  try {
    localStorage.setItem(`shuniu.${key}`, JSON.stringify(value))
  } catch {
    // a browser that stores nothing forgets the preference
  }
}

export function usePref<T>(key: string, initial: T): [T, (v: T) => void] {
  const [value, setValue] = useState<T>(() => readPref(key, initial))
  const set = useCallback(
    (v: T) => {
      setValue(v)
      writePref(key, v)
    },
    [key],
  )
  return [value, set]
}
