// One box that finds anything: datasets, fields, files, batches, and the pages.
import { CodeOutlined, DatabaseOutlined, FileOutlined, SearchOutlined, TableOutlined, TeamOutlined, UnorderedListOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { SearchHit } from '../api/types'
import { Marked } from './bits'
import { num } from './format'
import { Failure } from './states'

interface Entry { key: string; group: string; icon: ReactNode; title: ReactNode; sub?: ReactNode; go: () => void; total?: number }

const icons: Record<string, ReactNode> = { dataset: <DatabaseOutlined />, field: <TableOutlined />, object: <FileOutlined />, batch: <UnorderedListOutlined />, department: <TeamOutlined />, page: <CodeOutlined /> }
const pages = ['/', '/collect', '/batches', '/quarantine', '/datasets', '/query'] as const
const names: Record<(typeof pages)[number], string> = { '/': 'home', '/collect': 'upload', '/batches': 'batches', '/quarantine': 'quarantine', '/datasets': 'datasets', '/query': 'query' }

export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [text, setText] = useState('')
  const [asked, setAsked] = useState('')
  const [at, setAt] = useState(0)
  const box = useRef<HTMLDivElement>(null)
  const back = useRef<Element | null>(document.activeElement)
  useEffect(() => {
    const timer = setTimeout(() => { setAsked(text.trim()); setAt(0) }, 120)
    return () => clearTimeout(timer)
  }, [text])
  useEffect(() => () => { if (back.current instanceof HTMLElement) back.current.focus() }, [])
  const found = useQuery({ queryKey: ['search', asked], queryFn: () => hub.search(asked), enabled: asked !== '', placeholderData: keepPreviousData })

  const entries = useMemo<Entry[]>(() => {
    const close = (f: () => void) => () => { onClose(); f() }
    if (!asked) {
      return pages.map((to) => ({ key: to, group: 'page', icon: icons.page, title: t(`menu.${names[to]}`), go: close(() => void navigate({ to })) }))
    }
    return (found.data?.groups ?? []).flatMap((g) => g.hits.map((h) => ({
      key: `${g.kind}:${h.id}:${h.title.map((p) => p.text).join('')}`, group: g.kind, total: g.total, icon: icons[g.kind],
      title: <Marked parts={h.title} />, sub: sub(h), go: close(() => void navigate(target(g.kind, h) as never)),
    })))
  }, [asked, found.data, navigate, onClose, t])

  // Enter before the answer means its first hit, not what stood there before.
  const settled = asked === text.trim() && (asked === '' || (found.isSuccess && !found.isPlaceholderData))
  const hasty = useRef(false)
  useEffect(() => {
    if (!hasty.current || !settled) return
    hasty.current = false
    entries[0]?.go()
  }, [settled, entries])

  useEffect(() => { box.current?.querySelector(`#find-${at}`)?.scrollIntoView({ block: 'nearest' }) }, [at])
  const key = (e: React.KeyboardEvent) => {
    if (e.key === 'Escape') { e.preventDefault(); onClose() }
    if (e.key === 'ArrowDown') { e.preventDefault(); setAt((a) => Math.min(a + 1, entries.length - 1)) }
    if (e.key === 'ArrowUp') { e.preventDefault(); setAt((a) => Math.max(a - 1, 0)) }
    if (e.key === 'Enter' && !e.nativeEvent.isComposing) { e.preventDefault(); if (settled) entries[at]?.go(); else hasty.current = true }
    if (e.key === 'Tab') e.preventDefault()
  }
  return (
    <div className="palette" role="presentation" onMouseDown={(e) => { if (e.target === e.currentTarget) onClose() }}>
      <div className="palette-box" role="dialog" aria-modal="true" aria-label={t('find.title')} ref={box}>
        <div className="palette-input">
          <SearchOutlined aria-hidden />
          <input autoFocus value={text} placeholder={t('find.placeholder')} aria-label={t('find.title')} role="combobox" aria-expanded="true" aria-controls="find-list" aria-activedescendant={entries.length ? `find-${at}` : undefined} autoComplete="off" spellCheck={false} onChange={(e) => { setText(e.target.value); hasty.current = false }} onKeyDown={key} />
          <kbd>Esc</kbd>
        </div>
        <div className="palette-list" id="find-list" role="listbox" aria-label={t('find.results')} tabIndex={-1}>
          {entries.map((e, i) => {
            const head = e.group !== entries[i - 1]?.group
            return (
              <div key={e.key} role="presentation">
                {head && <div className="palette-group" role="presentation">{t(`find.${e.group}`)}{e.total !== undefined && <span className="num">{num(e.total)}</span>}</div>}
                <div id={`find-${i}`} role="option" tabIndex={-1} aria-selected={i === at} className={i === at ? 'on' : ''} onMouseMove={() => setAt(i)} onMouseDown={(ev) => { ev.preventDefault(); e.go() }}>
                  <span className="palette-icon" aria-hidden="true">{e.icon}</span>
                  <span className="palette-text"><span>{e.title}</span>{e.sub && <small>{e.sub}</small>}</span>
                </div>
              </div>
            )
          })}
        </div>
        {asked && found.isError && <Failure error={found.error} retry={() => void found.refetch()} compact />}
        {asked && found.isSuccess && !found.isPlaceholderData && entries.length === 0 && <p className="palette-none">{t('find.none', { q: asked })}</p>}
        <div className="palette-foot"><span>{t('find.keys')}</span><span>{t('find.hint')}</span></div>
      </div>
    </div>
  )
}

function sub(h: SearchHit): ReactNode {
  const m = h.matches[0]
  return <>{h.subtitle}{m && <>{h.subtitle ? ' · ' : ''}<Marked parts={m.text} /></>}</>
}

/** target is where a hit leads; a field's id names its dataset first. */
export function target(kind: string, h: SearchHit): { to: string; params?: Record<string, string>; search?: Record<string, string> } {
  switch (kind) {
    case 'dataset': return { to: '/datasets/$id', params: { id: h.id }, search: {} }
    case 'field': return { to: '/datasets/$id', params: { id: h.id.split(/[/.:#]/)[0] ?? h.id }, search: { tab: 'fields', q: h.title.map((p) => p.text).join('') } }
    case 'object': return { to: '/objects/$sha256', params: { sha256: h.id }, search: {} }
    case 'department': return { to: '/datasets', search: { department: h.id } }
    default: return { to: '/batches', search: { row: h.id } }
  }
}
