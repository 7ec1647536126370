// 归集批次: every landing with its numbers, and the runs that are going on.
import { CloudUploadOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Batch } from '../api/types'
import { Card, Dot, Num, PageHead, When, Who } from '../app/bits'
import { fullTime, num } from '../app/format'
import { may, useMe } from '../app/session'
import { Empty, Loaded, NoResults } from '../app/states'
import { useUrl } from '../app/url'
import { DataTable, Pager, usePager, type Col } from '../table/DataTable'
import { Export } from '../table/Export'
import { FilterBar, FilterSelect, FilterText } from '../table/FilterBar'
import { BatchDrawer } from './BatchDrawer'
import { RunList } from '../app/RunList'
import { statusTone } from '../app/status'

const filters = ['q', 'status', 'department', 'dataset', 'since']
const statuses = ['landed', 'waiting', 'running', 'unchanged', 'kept_as_object', 'refused', 'failed', 'rolled_back']

/** sinceDays turns "7d" of the URL into the moment the hub wants. */
const sinceDays = (v: string | undefined) => {
  const d = Number(/^(\d+)d$/.exec(v ?? '')?.[1])
  return d ? new Date(Math.floor(Date.now() / 60_000) * 60_000 - d * 86_400_000).toISOString() : undefined
}

export default function Batches() {
  const { t } = useTranslation()
  const me = useMe()
  const [query, set] = useUrl()
  const pager = usePager()
  const ask = { q: query.q, status: query.status, department: query.department, dataset: query.dataset, since: sinceDays(query.since) }
  const list = useQuery({ queryKey: ['batches', ask, pager.after], queryFn: () => hub.batches({ ...ask, after: pager.after, limit: 50 }), placeholderData: keepPreviousData })
  const running = useQuery({ queryKey: ['runs', 'running'], queryFn: () => hub.runs({ state: 'running', limit: 20 }), refetchInterval: (q) => ((q.state.data?.items.length ?? 0) > 0 ? 3000 : false) })
  const departments = useQuery({ queryKey: ['departments'], queryFn: hub.departments, staleTime: 300_000 })
  const filtered = filters.some((f) => query[f])
  const columns = useMemo<Col<Batch>[]>(() => [
    { key: 'file', title: t('batch.file'), head: true, render: (b) => <><button type="button" className="name" onClick={() => set({ row: b.id }, { push: true })}>{b.file.slice(b.file.lastIndexOf('/') + 1)}</button><div className="sub">{b.member || (b.table > 0 ? t('upload.table_n', { n: b.table }) : '')}</div></>, text: (b) => b.file },
    { key: 'dataset', title: t('batch.dataset'), width: '20%', render: (b) => (b.status === 'kept_as_object' ? <Link to="/objects/$sha256" params={{ sha256: b.sha256 }} search={{}} className="plain">{t('lineage.object')}</Link> : b.dataset ? <><Link to="/datasets/$id" params={{ id: b.dataset }} search={{}} className="plain">{b.dataset_name || b.dataset}</Link><div className="sub">{b.dataset}</div></> : '—'), text: (b) => b.dataset },
    { key: 'department', title: t('common.department'), width: 130, hidden: true, render: (b) => b.department_name ?? b.department ?? '—', text: (b) => b.department_name ?? b.department },
    { key: 'status', title: t('common.status'), width: 118, render: (b) => <Dot tone={statusTone[b.status] ?? 'off'}>{t(`status.${b.status}`, b.status)}</Dot>, text: (b) => b.status },
    { key: 'in', title: t('receipt.in'), width: 96, align: 'right', render: (b) => <Num value={b.rows_in} full />, text: (b) => b.rows_in },
    { key: 'landed', title: t('receipt.landed'), width: 96, align: 'right', render: (b) => <Num value={b.rows_landed} full />, text: (b) => b.rows_landed },
    { key: 'held', title: t('receipt.held'), width: 84, align: 'right', render: (b) => (b.rows_quarantined > 0 ? <Link to="/quarantine" search={{ batch: b.id }} className="warn"><Num value={b.rows_quarantined} full /></Link> : <span className="num muted">0</span>), text: (b) => b.rows_quarantined },
    { key: 'account', title: t('common.who'), width: 96, render: (b) => <Who account={b.account} name={b.account_name} />, text: (b) => b.account_name ?? b.account },
    { key: 'at', title: t('common.when'), width: 112, render: (b) => <When at={b.at} />, text: (b) => fullTime(b.at) },
    { key: 'id', title: t('receipt.batch'), width: 200, hidden: true, render: (b) => <code>{b.id}</code>, text: (b) => b.id },
    { key: 'sha256', title: 'SHA-256', width: 140, hidden: true, render: (b) => <code title={b.sha256}>{b.sha256.slice(0, 12)}</code>, text: (b) => b.sha256 },
  ], [set, t])
  return (
    <>
      <PageHead title={t('menu.batches')} trail={t('menu.collect')} sub={t('batch.sub')} actions={<>
        <Export name="batches" columns={columns} page={(after) => hub.batches({ ...ask, after, limit: 1000 })} />
        {may(me, 'land') && <Link to="/collect"><Button type="primary" icon={<CloudUploadOutlined />} tabIndex={-1}>{t('menu.upload')}</Button></Link>}
      </>} />
      {(running.data?.items.length ?? 0) > 0 && <Card title={t('run.running_n', { n: num(running.data?.items.length) })}><RunList runs={running.data?.items ?? []} /></Card>}
      <FilterBar names={filters} page="batches">
        <FilterText name="q" label={t('batch.find')} placeholder={t('batch.find_hint')} />
        <FilterSelect name="status" label={t('common.status')} choices={statuses.map((s) => ({ value: s, label: t(`status.${s}`) }))} />
        <FilterSelect name="department" label={t('common.department')} choices={(departments.data ?? []).map((d) => ({ value: d.id, label: d.name }))} width={160} />
        <FilterSelect name="since" label={t('batch.since')} choices={['1', '7', '30'].map((n) => ({ value: `${n}d`, label: t('batch.days', { n }) }))} width={120} />
      </FilterBar>
      <Card flush>
        <Loaded of={list}>{(page) => (
          page.items.length === 0
            ? filtered ? <NoResults onClear={() => set({ ...Object.fromEntries(filters.map((f) => [f, undefined])), after: undefined })} />
              : <Empty title={t('batch.empty')} text={t('batch.empty_text')} action={may(me, 'land') && <Link to="/collect"><Button type="primary" tabIndex={-1}>{t('menu.upload')}</Button></Link>} />
            : <DataTable id="batches" caption={t('menu.batches')} columns={columns} rows={page.items} rowKey={(b) => b.id} current={query.row} open={(b) => set({ row: b.id }, { push: true })} dim={list.isPlaceholderData}
                left={<Tabs value={query.status ?? ''} onChange={(v) => set({ status: v || undefined, after: undefined })} />}
                foot={<Pager pager={pager} shown={page.items.length} next={page.next} total={page.total_estimate} />} />
        )}</Loaded>
      </Card>
      <BatchDrawer id={query.row} onClose={() => set({ row: undefined })} />
    </>
  )
}

function Tabs({ value, onChange }: { value: string; onChange: (v: string) => void }) {
  const { t } = useTranslation()
  return (
    <div className="quick" role="group" aria-label={t('common.status')}>
      {['', 'waiting', 'failed'].map((s) => <button key={s} type="button" aria-pressed={value === s} onClick={() => onChange(s)}>{t(s ? `batch.quick_${s}` : 'filter.all')}</button>)}
    </div>
  )
}
