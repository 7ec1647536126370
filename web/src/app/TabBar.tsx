// Tabs that scroll sideways when there is no room. (antd's put a "more" button
// into the tablist, where nothing but tabs may stand.)
import { useEffect, useId, useRef, type ReactNode } from 'react'

export interface TabItem { key: string; label: ReactNode }

export function TabBar({ items, active, onChange, label, children }: { items: TabItem[]; active: string; onChange: (key: string) => void; label: string; children: ReactNode }) {
  const id = useId()
  const bar = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const tab = bar.current?.querySelector<HTMLElement>(`[id='${id}-${active}']`)
    if (tab && bar.current) bar.current.scrollLeft = Math.max(0, tab.offsetLeft - 48)
  }, [active, id])
  const key = (e: React.KeyboardEvent) => {
    const at = items.findIndex((i) => i.key === active)
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: items.length - 1 }[e.key]
    const item = to === undefined ? undefined : items[(to + items.length) % items.length]
    if (!item) return
    e.preventDefault()
    onChange(item.key)
    requestAnimationFrame(() => bar.current?.querySelector<HTMLElement>('[aria-selected=true]')?.focus())
  }
  return (
    <>
      <div className="tabs no-print" role="tablist" tabIndex={-1} aria-label={label} ref={bar} onKeyDown={key}>
        {items.map((i) => (
          <button key={i.key} type="button" role="tab" id={`${id}-${i.key}`} aria-selected={i.key === active} aria-controls={`${id}-panel`} tabIndex={i.key === active ? 0 : -1} onClick={() => onChange(i.key)}>{i.label}</button>
        ))}
      </div>
      <div role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${active}`}>{children}</div>
    </>
  )
}
