// A plain table with what every list here needs: density, columns, keyboard,
// selection, sorting by the server, paging by key. It becomes cards on a phone.
import { CaretDownFilled, CaretUpFilled, LeftOutlined, RightOutlined, SettingOutlined, VerticalAlignMiddleOutlined } from '@ant-design/icons'
import { Button, Checkbox, Popover, Tooltip } from 'antd'
import { useCallback, useMemo, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { num } from '../app/format'
import { useKeys } from '../app/keyboard'
import { usePref } from '../app/prefs'
import { useUrl } from '../app/url'

export interface Col<T> {
  key: string
  title: string
  /** hint explains the column in a few words. */
  hint?: string
  render: (row: T) => ReactNode
  width?: number | string
  align?: 'right' | 'center'
  /** hidden columns are offered under column settings. */
  hidden?: boolean
  /** sort is the server's name for this order. */
  sort?: string
  /** text is the value as exported; without it the column is not. */
  text?: (row: T) => string | number | null | undefined
  /** head marks the cell that names the row; on a phone it is the card's title. */
  head?: boolean
  /** bare columns carry no label on a phone (actions). */
  bare?: boolean
}

interface Props<T> {
  id: string
  caption: string
  columns: Col<T>[]
  rows: T[]
  rowKey: (row: T) => string
  open?: ((row: T) => void) | undefined
  current?: string | undefined
  selected?: string[]
  onSelect?: (keys: string[]) => void
  selectable?: (row: T) => boolean
  tools?: ReactNode
  left?: ReactNode
  foot?: ReactNode
  sort?: string | undefined
  onSort?: (sort: string | undefined) => void
  dim?: boolean
  plain?: boolean
  rowClass?: (row: T) => string
}

export function DataTable<T>(p: Props<T>) {
  const { t } = useTranslation()
  const [hidden, setHidden] = usePref<string[]>(`columns.${p.id}`, p.columns.filter((c) => c.hidden).map((c) => c.key))
  const [dense, setDense] = usePref<boolean>('dense', false)
  const [at, setAt] = useState(-1)
  const body = useRef<HTMLTableSectionElement>(null)
  const columns = useMemo(() => p.columns.filter((c) => c.head || c.bare || !hidden.includes(c.key)), [p.columns, hidden])
  const keys = p.rows.map(p.rowKey)

  const move = useCallback((to: number) => {
    const next = Math.max(0, Math.min(to, (body.current?.rows.length ?? 0) - 1))
    setAt(next)
    body.current?.rows[next]?.focus()
  }, [])
  const toggle = (key: string) => p.onSelect?.(p.selected?.includes(key) ? p.selected.filter((k) => k !== key) : [...(p.selected ?? []), key])
  useKeys(p.plain ? {} : {
    j: () => move(at + 1),
    k: () => move(at - 1),
    ...(p.onSelect ? { x: () => { const k = keys[at]; if (k !== undefined) toggle(k) } } : {}),
  })

  const can = p.selectable ? p.rows.filter(p.selectable).map(p.rowKey) : keys
  const all = can.length > 0 && can.every((k) => p.selected?.includes(k))
  const pickable = p.columns.filter((c) => !c.head && !c.bare)
  return (
    <div className={`table ${dense ? 'dense' : ''} ${p.dim ? 'dim' : ''}`}>
      {!p.plain && (
        <div className="table-tools no-print">
          <div className="table-left">{p.left}</div>
          <div className="table-right">
            {p.tools}
            <Tooltip title={t(dense ? 'table.roomy' : 'table.dense')}>
              <Button type="text" icon={<VerticalAlignMiddleOutlined />} aria-label={t(dense ? 'table.roomy' : 'table.dense')} aria-pressed={dense} onClick={() => setDense(!dense)} />
            </Tooltip>
            <Popover trigger="click" placement="bottomRight" content={
              <Checkbox.Group className="column-list" value={pickable.filter((c) => !hidden.includes(c.key)).map((c) => c.key)}
                onChange={(v) => setHidden(pickable.map((c) => c.key).filter((k) => !v.includes(k)))}
                options={pickable.map((c) => ({ label: c.title, value: c.key }))} />}>
              <Button type="text" icon={<SettingOutlined />} aria-label={t('table.columns')}><span className="wide-only">{t('table.columns')}</span></Button>
            </Popover>
          </div>
        </div>
      )}
      <div className="table-scroll" tabIndex={p.plain ? 0 : undefined} role={p.plain ? 'region' : undefined} aria-label={p.plain ? p.caption : undefined}>
        <table>
          <caption className="sr">{p.caption}</caption>
          <colgroup>
            {p.onSelect && <col style={{ width: 40 }} />}
            {columns.map((c) => <col key={c.key} style={c.width === undefined ? undefined : { width: c.width }} />)}
          </colgroup>
          <thead>
            <tr>
              {p.onSelect && <th scope="col" className="pick"><Checkbox aria-label={t('table.select_all')} checked={all} indeterminate={!all && (p.selected?.length ?? 0) > 0} onChange={() => p.onSelect?.(all ? [] : can)} /></th>}
              {columns.map((c) => (
                <th key={c.key} scope="col" className={c.align} aria-sort={c.sort && p.sort === c.sort ? 'descending' : undefined}>
                  {c.sort && p.onSort
                    ? <button type="button" className="sort" onClick={() => p.onSort?.(p.sort === c.sort ? undefined : c.sort)}>{c.title}{p.sort === c.sort ? <CaretDownFilled aria-hidden /> : <CaretUpFilled aria-hidden className="faint" />}</button>
                    : c.hint ? <Tooltip title={c.hint}><span className="hinted">{c.title}</span></Tooltip> : c.bare ? <span className="sr">{c.title}</span> : c.title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody ref={body}>
            {p.rows.map((row, i) => {
              const key = p.rowKey(row)
              return (
                <tr key={key} tabIndex={p.plain ? undefined : i === Math.max(0, at) ? 0 : -1}
                  className={[p.open ? 'opens' : '', p.current === key ? 'current' : '', p.selected?.includes(key) ? 'picked' : '', p.rowClass?.(row) ?? ''].join(' ').trim() || undefined}
                  onFocus={() => setAt(i)}
                  onKeyDown={(e) => { if (e.key === 'Enter' && e.target === e.currentTarget && p.open) { e.preventDefault(); p.open(row) } }}
                  onClick={(e) => { if (p.open && !(e.target as HTMLElement).closest('a,button,input,label') && !window.getSelection()?.toString()) p.open(row) }}>
                  {p.onSelect && <td className="pick"><Checkbox aria-label={t('table.select')} disabled={p.selectable && !p.selectable(row)} checked={p.selected?.includes(key)} onChange={() => toggle(key)} /></td>}
                  {columns.map((c) => (
                    c.head
                      ? <th key={c.key} scope="row" className={`row-head ${c.align ?? ''}`}>{c.render(row)}</th>
                      : <td key={c.key} className={[c.align ?? '', c.bare ? 'bare' : ''].join(' ').trim() || undefined} data-label={c.bare ? undefined : c.title}>{c.render(row)}</td>
                  ))}
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
      {p.foot}
    </div>
  )
}

/** usePager pages by key: the next key is in the URL, the ones before in memory. */
export function usePager(): { after: string | undefined; first: boolean; next: (key: string) => void; back: () => void } {
  const [query, set] = useUrl()
  const [before, setBefore] = useState<string[]>([])
  const after = query.after
  return {
    after,
    first: !after,
    next: (key) => { setBefore([...before, after ?? '']); set({ after: key }, { push: true }) },
    back: () => { const last = before.at(-1) ?? ''; setBefore(before.slice(0, -1)); set({ after: last }) },
  }
}

export function Pager({ pager, shown, next, total }: { pager: ReturnType<typeof usePager>; shown: number; next: string | undefined; total: number | undefined }) {
  const { t } = useTranslation()
  return (
    <div className="pager no-print">
      <span aria-live="polite">{total === undefined ? t('table.shown', { n: num(shown) }) : t('table.total', { n: num(total), shown: num(shown) })}</span>
      {(!pager.first || next) && (
        <span className="pager-buttons">
          <Button size="small" icon={<LeftOutlined />} disabled={pager.first} onClick={pager.back}>{t('table.back')}</Button>
          <Button size="small" disabled={!next} onClick={() => next && pager.next(next)}>{t('table.next')} <RightOutlined /></Button>
        </span>
      )}
    </div>
  )
}
