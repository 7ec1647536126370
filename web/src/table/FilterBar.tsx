// Filters of a list in one line. Every filter lives in the URL; views are URLs with a name.
import { DownOutlined, FilterOutlined, SearchOutlined, StarOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Dropdown, Input, Select } from 'antd'
import { useEffect, useId, useRef, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import { num } from '../app/format'
import { toQuery, useUrl, type Query } from '../app/url'

export interface Choice { value: string; label: string; count?: number }

/** FilterBar lays filters out; on a phone they fold behind one button. */
export function FilterBar({ names, page, children }: { names: string[]; page: string; children: ReactNode }) {
  const { t } = useTranslation()
  const [query, set] = useUrl()
  const [open, setOpen] = useState(false)
  const active = names.filter((n) => query[n])
  return (
    <div className={`filters no-print ${open ? 'open' : ''}`} role="search" aria-label={t('filter.label')}>
      <Button className="narrow-only" icon={<FilterOutlined />} aria-expanded={open} onClick={() => setOpen(!open)}>{t('filter.label')}{active.length > 0 && ` · ${active.length}`}</Button>
      <div className="filter-fields">{children}</div>
      <div className="filter-end">
        <Button disabled={active.length === 0} onClick={() => set({ ...Object.fromEntries(names.map((n) => [n, undefined])), after: undefined })}>{t('filter.reset')}</Button>
        <SavedViews page={page} names={names} />
      </div>
    </div>
  )
}

/** FilterText searches as one types, and writes the URL when one pauses. */
export function FilterText({ name, label, placeholder, width = 220 }: { name: string; label: string; placeholder?: string; width?: number }) {
  const [query, set] = useUrl()
  const [text, setText] = useState(query[name] ?? '')
  const id = useId()
  const written = useRef(query[name] ?? '')
  useEffect(() => {
    if ((query[name] ?? '') !== written.current) {
      written.current = query[name] ?? ''
      setText(written.current)
    }
  }, [query, name])
  useEffect(() => {
    if (text === written.current) return
    const timer = setTimeout(() => {
      written.current = text
      set({ [name]: text || undefined, after: undefined })
    }, 250)
    return () => clearTimeout(timer)
  }, [text, name, set])
  return (
    <div className="filter">
      <label htmlFor={id}>{label}</label>
      <Input id={id} allowClear prefix={<SearchOutlined />} value={text} placeholder={placeholder} style={{ width }} onChange={(e) => setText(e.target.value)} />
    </div>
  )
}

export function FilterSelect({ name, label, choices, width = 150, many }: { name: string; label: string; choices: Choice[]; width?: number; many?: boolean }) {
  const { t } = useTranslation()
  const [query, set] = useUrl()
  const id = useId()
  const value = query[name]
  const options = choices.map((c) => ({ value: c.value, label: c.count === undefined ? c.label : `${c.label} · ${num(c.count)}` }))
  return (
    <div className="filter">
      <label htmlFor={id}>{label}</label>
      {many
        ? <Select id={id} aria-label={label} mode="multiple" maxTagCount={1} allowClear style={{ width }} placeholder={t('filter.all')} options={options} value={value ? value.split(',') : []} onChange={(v: string[]) => set({ [name]: v.join(',') || undefined, after: undefined })} showSearch={{ optionFilterProp: 'label' }} />
        : <Select id={id} aria-label={label} allowClear style={{ width }} placeholder={t('filter.all')} options={options} value={value ?? null} onChange={(v: string | null | undefined) => set({ [name]: v ?? undefined, after: undefined })} showSearch={{ optionFilterProp: 'label' }} />}
    </div>
  )
}

function SavedViews({ page, names }: { page: string; names: string[] }) {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const [query, set] = useUrl()
  const queries = useQueryClient()
  const views = useQuery({ queryKey: ['views', page], queryFn: () => hub.views(page), staleTime: 300_000 })
  const now = toQuery(Object.fromEntries(names.map((n) => [n, query[n]])))
  const change = () => queries.invalidateQueries({ queryKey: ['views', page] })
  const save = () => {
    let name = ''
    modal.confirm({
      title: t('filter.save_title'), icon: null,
      content: <Input aria-label={t('filter.view_name')} placeholder={t('filter.view_name')} maxLength={60} autoFocus onChange={(e) => { name = e.target.value.trim() }} />,
      okText: t('common.save'),
      onOk: async () => {
        if (!name) throw new Error('empty')
        await hub.saveView({ page, name, query: new URLSearchParams(now as Record<string, string>).toString() })
        await change()
        void message.success(t('filter.saved'))
      },
    })
  }
  const take = (q: string) => set({ ...Object.fromEntries(names.map((n) => [n, undefined])), after: undefined, ...(Object.fromEntries(new URLSearchParams(q)) as Query) }, { push: true })
  const list = views.data ?? []
  return (
    <Dropdown trigger={['click']} menu={{ items: [
      ...list.map((v) => ({ key: v.id, label: v.name, onClick: () => take(v.query) })),
      ...(list.length ? [{ type: 'divider' as const }] : []),
      { key: '+', label: t('filter.save'), icon: <StarOutlined />, disabled: Object.keys(now).length === 0, onClick: save },
      ...(list.length ? [{ key: '-', label: t('filter.forget'), children: list.map((v) => ({ key: `-${v.id}`, label: v.name, onClick: () => void hub.dropView(v.id).then(change) })) }] : []),
    ] }}>
      <Button icon={<StarOutlined />}>{t('filter.views')} <DownOutlined className="tiny" /></Button>
    </Dropdown>
  )
}
