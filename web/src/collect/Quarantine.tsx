// 隔离区: lines that did not land, each with its reason; mend, replay or give up.
import { CheckCircleOutlined, DeleteOutlined, PlayCircleOutlined } from '@ant-design/icons'
import { keepPreviousData, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { App, Button, Input } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Quarantined, Run } from '../api/types'
import { Card, Dot, PageHead, When, type Tone } from '../app/bits'
import { fullTime, num } from '../app/format'
import { may, useMe } from '../app/session'
import { watchRuns } from '../app/stream'
import { Empty, Loaded, NoResults } from '../app/states'
import { useUrl } from '../app/url'
import { DataTable, Pager, usePager, type Col } from '../table/DataTable'
import { Export } from '../table/Export'
import { FilterBar, FilterSelect, FilterText } from '../table/FilterBar'
import { Fault } from './Fault'
import { MendDrawer } from './MendDrawer'

const filters = ['q', 'status', 'dataset', 'batch', 'reason', 'department']
export const lineTone: Record<string, Tone> = { open: 'bad', mended: 'warn', replayed: 'ok', discarded: 'off' }

export default function Quarantine() {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const me = useMe()
  const [query, set] = useUrl()
  const pager = usePager()
  const queries = useQueryClient()
  const [picked, setPicked] = useState<string[]>([])
  const [replaying, setReplaying] = useState<string | null>(null)
  const status = query.status ?? 'open'
  const ask = { q: query.q, status: status === 'all' ? undefined : status, dataset: query.dataset, batch: query.batch, reason: query.reason, department: query.department }
  const list = useQuery({ queryKey: ['quarantine', ask, pager.after], queryFn: () => hub.quarantine({ ...ask, after: pager.after, limit: 50 }), placeholderData: keepPreviousData })
  const facet = (name: string) => list.data?.facets.find((f) => f.name === name)?.values ?? []
  const counts = new Map(facet('status').map((f) => [f.value, f.count]))
  const filtered = filters.some((f) => f !== 'status' && query[f]) || !!query.status
  const can = may(me, 'mend')
  const refresh = () => Promise.all(['quarantine', 'summary', 'batches', 'batch'].map((k) => queries.invalidateQueries({ queryKey: [k] })))

  const replay = async (body: { ids?: string[]; batch?: string }) => {
    try {
      const { run_id } = await hub.replay(body)
      setReplaying(run_id)
      const r = await settled(run_id)
      setReplaying(null)
      setPicked([])
      await refresh()
      if (r.state === 'done') void message.success(t('quarantine.replayed_done'))
      else void message.error(r.errors[0] ?? t('state.failed'))
    } catch (e) {
      setReplaying(null)
      void message.error(e instanceof Error ? e.message : String(e))
    }
  }
  const discard = (ids: string[]) => {
    let reason = ''
    modal.confirm({
      title: t('quarantine.discard_title', { count: ids.length }), okText: t('quarantine.discard'), okButtonProps: { danger: true },
      content: <><p>{t('quarantine.discard_text')}</p><Input.TextArea aria-label={t('quarantine.discard_reason')} placeholder={t('quarantine.discard_reason')} rows={3} maxLength={500} autoFocus onChange={(e) => { reason = e.target.value.trim() }} /></>,
      onOk: async () => {
        if (!reason) {
          void message.warning(t('quarantine.discard_need'))
          throw new Error('reason')
        }
        try {
          const { count } = await hub.discard(ids, reason)
          void message.success(t('quarantine.discarded_n', { n: count }))
          setPicked([])
          set({ row: undefined })
          await refresh()
        } catch (e) {
          void message.error(e instanceof Error ? e.message : String(e))
        }
      },
    })
  }

  const columns = useMemo<Col<Quarantined>[]>(() => [
    { key: 'reason', title: t('quarantine.reason'), head: true, width: '24%', render: (q) => <><button type="button" className="name" onClick={() => set({ row: q.id }, { push: true })}>{q.reason}</button>{q.note && <div className="sub">{q.note}</div>}</>, text: (q) => q.reason },
    { key: 'text', title: t('quarantine.text'), render: (q) => <Fault text={q.mended ?? q.text} reason={q.mended ? '' : q.reason} short />, text: (q) => q.mended ?? q.text },
    { key: 'where', title: t('quarantine.where'), width: '19%', render: (q) => <><span className="cut">{q.file?.slice(q.file.lastIndexOf('/') + 1) ?? q.batch}</span><div className="sub num">{t('quarantine.line_n', { n: q.line })}</div></>, text: (q) => `${q.file ?? ''}:${q.line}` },
    { key: 'dataset', title: t('batch.dataset'), width: 150, render: (q) => (q.dataset ? <Link to="/datasets/$id" params={{ id: q.dataset }} search={{}} className="plain cut" title={q.dataset}>{q.dataset_name || q.dataset}</Link> : '—'), text: (q) => q.dataset },
    { key: 'status', title: t('common.status'), width: 96, render: (q) => <Dot tone={lineTone[q.status] ?? 'off'}>{t(`line.${q.status}`)}</Dot>, text: (q) => q.status },
    { key: 'account', title: t('common.who'), width: 90, hidden: true, render: (q) => q.account ?? '—', text: (q) => q.account },
    { key: 'at', title: t('common.when'), width: 112, hidden: true, render: (q) => <When at={q.at} />, text: (q) => (q.at ? fullTime(q.at) : '') },
    { key: 'batch', title: t('receipt.batch'), width: 200, hidden: true, render: (q) => <Link to="/batches" search={{ row: q.batch }}><code>{q.batch}</code></Link>, text: (q) => q.batch },
  ], [set, t])
  const quick = (
    <div className="quick" role="group" aria-label={t('common.status')}>
      {['open', 'mended', 'replayed', 'discarded', 'all'].map((s) => <button key={s} type="button" aria-pressed={status === s} onClick={() => set({ status: s === 'open' ? undefined : s, after: undefined })}>{t(`line.${s}`)}{counts.get(s) !== undefined && <span className="num"> {num(counts.get(s))}</span>}</button>)}
    </div>
  )
  const mended = (list.data?.items ?? []).filter((q) => q.status === 'mended')
  const pickedMended = picked.filter((id) => mended.some((m) => m.id === id))
  const current = list.data?.items.find((q) => q.id === query.row)
  return (
    <>
      <PageHead title={t('menu.quarantine')} trail={t('menu.collect')} sub={t('quarantine.sub')} actions={<>
        <Export name="quarantine" columns={columns} page={(after) => hub.quarantine({ ...ask, after, limit: 1000 })} />
        {can && <Button type="primary" icon={<PlayCircleOutlined />} loading={!!replaying} disabled={(query.batch ? (counts.get('mended') ?? 0) : mended.length) === 0} onClick={() => void replay(query.batch ? { batch: query.batch } : { ids: mended.map((m) => m.id) })}>{t('quarantine.replay_n', { n: num(query.batch ? counts.get('mended') ?? 0 : mended.length) })}</Button>}
      </>} />
      <FilterBar names={filters} page="quarantine">
        <FilterText name="q" label={t('quarantine.find')} placeholder={t('quarantine.find_hint')} />
        <FilterSelect name="reason" label={t('quarantine.reason')} choices={facet('reason')} width={220} />
        {query.batch && <div className="filter"><span>{t('receipt.batch')}</span><Button size="small" onClick={() => set({ batch: undefined, after: undefined })}>{query.batch.slice(0, 10)}… ✕</Button></div>}
        {query.dataset && <div className="filter"><span>{t('batch.dataset')}</span><Button size="small" onClick={() => set({ dataset: undefined, after: undefined })}>{query.dataset} ✕</Button></div>}
      </FilterBar>
      <Card flush>
        <Loaded of={list}>{(page) => (
          page.items.length === 0
            ? <><div className="table-tools">{quick}</div>{filtered ? <NoResults onClear={() => set({ ...Object.fromEntries(filters.map((f) => [f, undefined])), after: undefined })} />
                : <Empty icon={<CheckCircleOutlined />} title={t('quarantine.empty')} text={t('quarantine.empty_text')} />}</>
            : <DataTable id="quarantine" caption={t('menu.quarantine')} columns={columns} rows={page.items} rowKey={(q) => q.id} current={query.row} open={(q) => set({ row: q.id }, { push: true })} dim={list.isPlaceholderData}
                {...(can ? { selected: picked, onSelect: setPicked, selectable: (q: Quarantined) => q.status === 'open' || q.status === 'mended' } : {})}
                left={picked.length === 0 ? quick : (
                  <div className="bulk"><span>{t('table.picked', { n: picked.length })}</span>
                    <Button size="small" icon={<PlayCircleOutlined />} disabled={pickedMended.length === 0 || !!replaying} onClick={() => void replay({ ids: pickedMended })}>{t('quarantine.replay')}</Button>
                    <Button size="small" danger icon={<DeleteOutlined />} onClick={() => discard(picked)}>{t('quarantine.discard')}</Button>
                    <Button size="small" type="text" onClick={() => setPicked([])}>{t('table.unpick')}</Button></div>
                )}
                foot={<Pager pager={pager} shown={page.items.length} next={page.next} total={page.total_estimate} />} />
        )}</Loaded>
      </Card>
      <MendDrawer line={current} lines={list.data?.items ?? []} busy={!!replaying} onPick={(id) => set({ row: id })} onClose={() => set({ row: undefined })} onReplay={(id) => void replay({ ids: [id] })} onDiscard={(id) => discard([id])} onSaved={() => void refresh()} />
    </>
  )
}

/** settled waits for the end of a run. */
async function settled(id: string): Promise<Run> {
  for (let n = 0; ; n++) {
    const r = await hub.run(id)
    if (r.state !== 'running' && r.state !== 'waiting') return r
    await new Promise<void>((ok) => {
      const timer = setTimeout(done, Math.min(2000, 150 + n * 100))
      const stop = watchRuns((e) => { if (e.key === id) done() })
      function done() { clearTimeout(timer); stop(); ok() }
    })
  }
}
