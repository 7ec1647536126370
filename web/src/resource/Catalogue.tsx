// 数据资源目录: every dataset the caller may see.
import { CloudUploadOutlined, DatabaseOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Button } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Dataset } from '../api/types'
import { Card, Chip, Dot, Fresh, Num, PageHead, type Tone } from '../app/bits'
import { bytes, fullTime, num } from '../app/format'
import { may, useMe } from '../app/session'
import { Empty, Loaded, NoResults } from '../app/states'
import { formatName } from '../app/status'
import { useUrl } from '../app/url'
import { DataTable, Pager, usePager, type Col } from '../table/DataTable'
import { Export } from '../table/Export'
import { FilterBar, FilterSelect, FilterText, type Choice } from '../table/FilterBar'

const filters = ['q', 'department', 'theme', 'format', 'status']
export const entryTone: Record<string, Tone> = { draft: 'warn', published: 'ok', retired: 'off' }

export default function Catalogue() {
  const { t } = useTranslation()
  const me = useMe()
  const [query, set] = useUrl()
  const navigate = useNavigate()
  const pager = usePager()
  const ask = { q: query.q, department: query.department, theme: query.theme, format: query.format, status: query.status, sort: query.sort }
  const list = useQuery({ queryKey: ['datasets', ask, pager.after], queryFn: () => hub.datasets({ ...ask, after: pager.after, limit: 50 }), placeholderData: keepPreviousData })
  const facet = (name: string, label?: (v: string) => string): Choice[] => (list.data?.facets.find((f) => f.name === name)?.values ?? []).map((v) => ({ value: v.value, label: label?.(v.value) ?? (v.label || v.value), count: v.count }))
  const filtered = filters.some((f) => query[f])
  const columns = useMemo<Col<Dataset>[]>(() => [
    { key: 'name', title: t('dataset.name'), head: true, width: '26%', render: (d) => <><Link to="/datasets/$id" params={{ id: d.id }} search={{}} className="name">{d.name}</Link><div className="sub">{d.id}</div></>, text: (d) => d.name },
    { key: 'id', title: t('dataset.id'), hidden: true, render: (d) => <code>{d.id}</code>, text: (d) => d.id },
    { key: 'department', title: t('common.department'), width: '15%', render: (d) => <span className="cut">{d.department_name || d.department || '—'}</span>, text: (d) => d.department_name ?? d.department },
    { key: 'rows', title: t('dataset.rows'), width: 104, align: 'right', sort: 'rows', render: (d) => <Num value={d.rows} />, text: (d) => d.rows },
    { key: 'fields', title: t('dataset.fields'), width: 76, align: 'right', render: (d) => <Num value={d.fields} />, text: (d) => d.fields },
    { key: 'quarantined', title: t('receipt.held'), width: 84, align: 'right', render: (d) => (d.quarantined > 0 ? <Link to="/quarantine" search={{ dataset: d.id }} className="warn num">{num(d.quarantined)}</Link> : <span className="num muted">0</span>), text: (d) => d.quarantined },
    { key: 'format', title: t('common.format'), width: 108, render: (d) => (d.format ? <Chip>{formatName(t, d.format)}</Chip> : '—'), text: (d) => d.format },
    { key: 'updated', title: t('dataset.updated'), width: 128, sort: 'updated', render: (d) => <Fresh at={d.updated_at} />, text: (d) => fullTime(d.updated_at) },
    { key: 'status', title: t('common.status'), width: 96, render: (d) => <Dot tone={entryTone[d.status] ?? 'off'}>{t(`entry.${d.status}`)}</Dot>, text: (d) => d.status },
    { key: 'theme', title: t('dataset.theme'), width: 110, hidden: true, render: (d) => d.theme || '—', text: (d) => d.theme },
    { key: 'batches', title: t('dataset.batches'), width: 84, align: 'right', hidden: true, render: (d) => <Num value={d.batches} />, text: (d) => d.batches },
    { key: 'size', title: t('dataset.size'), width: 100, align: 'right', hidden: true, render: (d) => <span className="num">{bytes(d.size_bytes)}</span>, text: (d) => d.size_bytes },
    { key: 'sql', title: t('receipt.sql'), width: 180, hidden: true, render: (d) => <code>{d.sql}</code>, text: (d) => d.sql },
  ], [t])
  const quick = facet('status', (v) => t(`entry.${v}`, v))
  return (
    <>
      <PageHead title={t('menu.datasets')} trail={t('menu.resource')} actions={<>
        <Export name="datasets" columns={columns} page={(after) => hub.datasets({ ...ask, after, limit: 1000 })} />
        {may(me, 'land') && <Link to="/collect"><Button type="primary" icon={<CloudUploadOutlined />} tabIndex={-1}>{t('menu.upload')}</Button></Link>}
      </>} />
      <FilterBar names={filters} page="datasets">
        <FilterText name="q" label={t('dataset.find')} placeholder={t('dataset.find_hint')} width={230} />
        <FilterSelect name="department" label={t('common.department')} choices={facet('department')} width={190} many />
        <FilterSelect name="format" label={t('common.format')} choices={facet('format', (v) => formatName(t, v))} width={150} many />
        {facet('theme').length > 0 && <FilterSelect name="theme" label={t('dataset.theme')} choices={facet('theme')} width={140} many />}
      </FilterBar>
      <Card flush>
        <Loaded of={list}>{(page) => (
          page.items.length === 0
            ? filtered ? <NoResults onClear={() => set({ ...Object.fromEntries(filters.map((f) => [f, undefined])), after: undefined })} />
              : <Empty icon={<DatabaseOutlined />} title={t('dataset.empty')} text={t('dataset.empty_text')} action={may(me, 'land') && <Link to="/collect"><Button type="primary" tabIndex={-1}>{t('menu.upload')}</Button></Link>} />
            : <DataTable id="datasets" caption={t('menu.datasets')} columns={columns} rows={page.items} rowKey={(d) => d.id} open={(d) => void navigate({ to: '/datasets/$id', params: { id: d.id }, search: {} })} dim={list.isPlaceholderData}
                sort={query.sort ?? (query.q ? undefined : 'updated')} onSort={(sort) => set({ sort, after: undefined })}
                left={<div className="quick" role="group" aria-label={t('common.status')}>
                  <button type="button" aria-pressed={!query.status} onClick={() => set({ status: undefined, after: undefined })}>{t('filter.all')}</button>
                  {quick.map((q) => <button key={q.value} type="button" aria-pressed={query.status === q.value} onClick={() => set({ status: q.value, after: undefined })}>{q.label}<span className="num"> {num(q.count)}</span></button>)}
                </div>}
                foot={<Pager pager={pager} shown={page.items.length} next={page.next} total={page.total_estimate} />} />
        )}</Loaded>
      </Card>
    </>
  )
}
