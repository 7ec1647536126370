// Keys that work on every page. A key typed into a field is text, never a command.
import { useEffect, useRef } from 'react'

const typing = (t: EventTarget | null) =>
  t instanceof HTMLElement && (t.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(t.tagName) || t.getAttribute('role') === 'combobox')

/** dialogOpen: list keys sleep while a dialog or drawer is in front. */
const dialogOpen = () => !!document.querySelector('.ant-modal-wrap:not([style*="display: none"]), .ant-drawer-open, .palette')

export type Keymap = Record<string, (e: KeyboardEvent) => void>

/**
 * useKeys binds keys while the component is shown. Names are KeyboardEvent.key,
 * with "Mod+" for Ctrl or Command, and "g d" for one key after another.
 */
export function useKeys(map: Keymap, how: { inDialogs?: boolean } = {}): void {
  const held = useRef(map)
  useEffect(() => {
    held.current = map
  })
  const { inDialogs } = how
  useEffect(() => {
    let first = ''
    let at = 0
    const on = (e: KeyboardEvent) => {
      const mod = e.ctrlKey || e.metaKey
      const name = mod ? `Mod+${e.key.toLowerCase()}` : e.key
      const keys = held.current
      if (mod) {
        run(keys[name], e)
        return
      }
      if (e.altKey || typing(e.target) || (dialogOpen() && !inDialogs)) return
      const pair = first && Date.now() - at < 1200 ? `${first} ${name}` : ''
      first = ''
      if (pair && keys[pair]) {
        run(keys[pair], e)
        return
      }
      if (keys[name]) {
        run(keys[name], e)
        return
      }
      if (Object.keys(keys).some((k) => k.startsWith(`${name} `))) {
        first = name
        at = Date.now()
      }
    }
    document.addEventListener('keydown', on)
    return () => document.removeEventListener('keydown', on)
  }, [inDialogs])
}

function run(f: ((e: KeyboardEvent) => void) | undefined, e: KeyboardEvent) {
  if (!f) return
  e.preventDefault()
  f(e)
}
