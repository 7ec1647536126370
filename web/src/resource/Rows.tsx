// The rows of a dataset at a snapshot; a row opens the place it came from.
import { DownloadOutlined, FieldTimeOutlined, SearchOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Button, Input, Switch } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { DatasetDetail, Value } from '../api/types'
import { num } from '../app/format'
import { usePref } from '../app/prefs'
import { Loaded, NoResults, NoRight, Says } from '../app/states'
import { useUrl } from '../app/url'
import { DataTable, Pager, usePager, type Col } from '../table/DataTable'
import { OriginDrawer } from './OriginDrawer'

const reserved = new Set(['_batch', '_row'])

export function Rows({ d }: { d: DatasetDetail }) {
  const { t } = useTranslation()
  const [query, set] = useUrl()
  const pager = usePager()
  const [readings, setReadings] = usePref('rows.readings', false)
  const [text, setText] = useState(query.q ?? '')
  useEffect(() => {
    const timer = setTimeout(() => { if (text !== (query.q ?? '')) set({ q: text || undefined, after: undefined }) }, 300)
    return () => clearTimeout(timer)
  }, [text, query.q, set])
  const can = d.can.includes('read_rows')
  const ask = { contains: query.q, snapshot: query.snapshot, where: query.where }
  const rows = useQuery({ queryKey: ['rows', d.id, ask, pager.after], queryFn: () => hub.rows(d.id, { ...ask, after: pager.after, limit: 50 }), placeholderData: keepPreviousData, enabled: can })
  const data = rows.data
  const columns = useMemo<Col<Value[]>[]>(() => {
    if (!data) return []
    const rowAt = data.columns.findIndex((c) => c.name === '_row')
    const shown = data.columns.map((c, i) => ({ ...c, i })).filter((c) => !reserved.has(c.name) && (readings || !c.name.endsWith('__value')))
    return [
      { key: '_row', title: t('rows.row'), head: true, width: 72, render: (r) => <span className="num muted">{rowAt >= 0 ? String(r[rowAt] ?? '') : ''}</span> },
      ...shown.map((c): Col<Value[]> => ({
        key: c.name, title: c.unit ? `${c.name} (${c.unit})` : c.name,
        ...(c.type === 'integer' || c.type === 'decimal' ? { align: 'right' as const } : {}),
        render: (r) => <Cell v={r[c.i]} numeric={c.type !== 'text' && c.type !== 'boolean'} />,
      })),
    ]
  }, [data, readings, t])
  if (!can) return <NoRight right="read_rows" />
  const batchAt = data?.columns.findIndex((c) => c.name === '_batch') ?? -1
  const rowAt = data?.columns.findIndex((c) => c.name === '_row') ?? -1
  const key = (r: Value[]) => `${String(r[batchAt] ?? '')}:${String(r[rowAt] ?? '')}`
  const current = query.row
  const [batch, line] = current?.split(':') ?? []
  const hasReadings = data?.columns.some((c) => c.name.endsWith('__value'))
  return (
    <>
      {query.snapshot && <p className="travel"><FieldTimeOutlined aria-hidden /> {t('rows.travel', { snapshot: query.snapshot })} <button type="button" className="link" onClick={() => set({ snapshot: undefined, after: undefined })}>{t('rows.now')}</button></p>}
      <div className="rows-bar no-print">
        <Input allowClear prefix={<SearchOutlined />} aria-label={t('rows.find')} placeholder={t('rows.find')} style={{ width: 260 }} value={text} onChange={(e) => setText(e.target.value)} />
        {hasReadings && <label className="switch"><Switch size="small" checked={readings} onChange={setReadings} aria-label={t('rows.readings')} /> {t('rows.readings')}</label>}
        <span className="grow" />
        <span className="muted">{t('rows.hint')}</span>
        <Button icon={<DownloadOutlined />} href={hub.csvHref(d.id, ask)} download={`${d.id}.csv`}>{t('dataset.csv')}</Button>
      </div>
      <Loaded of={rows}>{(page) => (
        page.rows.length === 0
          ? query.q || query.where ? <NoResults onClear={() => { setText(''); set({ q: undefined, where: undefined, after: undefined }) }} /> : <Says title={t('rows.empty')} text={t('rows.empty_text')} />
          : <div className="rows-table"><DataTable id={`rows.${d.id}`} caption={t('tab.rows')} columns={columns} rows={page.rows} rowKey={key} current={current} open={(r) => set({ row: key(r) }, { push: true })} dim={rows.isPlaceholderData}
              foot={<Pager pager={pager} shown={page.rows.length} next={page.next} total={query.q || query.where ? undefined : page.total} />}
              left={<span className="muted num">{t('rows.of', { n: num(page.total) })}</span>} /></div>
      )}</Loaded>
      <OriginDrawer d={d} batch={batch} line={line ? Number(line) : undefined} onClose={() => set({ row: undefined })} onStep={(by) => { const at = (data?.rows ?? []).findIndex((r) => key(r) === current); const to = data?.rows[at + by]; if (to) set({ row: key(to) }) }} />
    </>
  )
}

function Cell({ v, numeric }: { v: Value | undefined; numeric: boolean }) {
  const { t } = useTranslation()
  if (v === null || v === undefined) return <span className="nil">{t('grid.nil')}</span>
  if (typeof v === 'boolean') return <>{t(v ? 'common.yes' : 'common.no')}</>
  const s = String(v)
  return <span className={numeric ? 'num cell' : 'cell'} title={s.length > 24 ? s : undefined}>{s}</span>
}
