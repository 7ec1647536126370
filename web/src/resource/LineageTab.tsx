import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { encodingName } from '../app/status'
import { hub } from '../api/hub'
import type { DatasetDetail, LineageNode } from '../api/types'
import { num, time } from '../app/format'
import { Empty, Loaded, Says } from '../app/states'
import { Graph } from '../chart/Graph'

/** LineageTab draws file → batch → table; a node opens what it stands for. */
export default function LineageTab({ d }: { d: DatasetDetail }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const [how, setHow] = useState<'graph' | 'list'>(window.innerWidth < 700 ? 'list' : 'graph')
  const lineage = useQuery({ queryKey: ['lineage', d.id], queryFn: () => hub.lineage(d.id) })
  const open = (n: LineageNode) => {
    if (n.kind === 'batch') void navigate({ to: '/batches', search: { row: bare(n) } as never })
    else if (n.kind === 'table') void navigate({ to: '.', search: { tab: 'rows' } as never })
    else if (n.kind === 'object') void navigate({ to: '/objects/$sha256', params: { sha256: n.facts.sha256 ?? bare(n) } })
    else void navigate({ to: '/batches', search: { q: n.label.slice(n.label.lastIndexOf('/') + 1) } as never })
  }
  return (
    <Loaded of={lineage}>{(l) => (
      l.nodes.length === 0 ? <Empty title={t('lineage.empty')} text={t('lineage.empty_text')} /> : (
        <>
          <div className="rows-bar no-print">
            <Segmented size="small" value={how} onChange={setHow} aria-label={t('lineage.view')} options={[{ value: 'graph', label: t('lineage.graph') }, { value: 'list', label: t('lineage.list') }]} />
            <span className="muted">{t('lineage.hint')}</span>
          </div>
          {l.truncated && <Says tone="warn" title={t('lineage.truncated')} />}
          {how === 'graph'
            ? <Graph label={t('tab.lineage')} nodes={l.nodes.map((n) => ({ id: n.id, kind: n.kind, kindName: t(`lineage.${n.kind}`), label: n.label.slice(n.label.lastIndexOf('/') + 1), title: n.label, sub: sub(t, n), open: () => open(n) }))} edges={l.edges.map((e) => ({ from: e.from, to: e.to, label: e.rows ? num(e.rows) : '' }))} />
            : <div className="table"><div className="table-scroll"><table><caption className="sr">{t('tab.lineage')}</caption><thead><tr><th scope="col">{t('lineage.from')}</th><th scope="col">{t('lineage.to')}</th><th scope="col" className="right">{t('dataset.rows')}</th></tr></thead>
              <tbody>{l.edges.map((e) => { const a = l.nodes.find((n) => n.id === e.from); const b = l.nodes.find((n) => n.id === e.to); return <tr key={`${e.from}${e.to}`}>{[a, b].map((n, i) => <td key={i} data-label={t(i ? 'lineage.to' : 'lineage.from')}>{n && <><button type="button" className="name" onClick={() => open(n)}>{n.label}</button><div className="sub">{t(`lineage.${n.kind}`)} · {sub(t, n)}</div></>}</td>)}<td className="right num" data-label={t('dataset.rows')}>{e.rows ? num(e.rows) : '—'}</td></tr> })}</tbody></table></div></div>}
        </>
      )
    )}</Loaded>
  )
}

/** bare is a node's id without the kind before it. */
const bare = (n: LineageNode) => n.id.replace(/^(file|object|batch|table):/, '')

function sub(t: (k: string, o?: Record<string, unknown>) => string, n: LineageNode): string {
  const f = n.facts
  const said = n.kind === 'table' ? [f.rows ? t('home.rows_n', { n: num(Number(f.rows)) }) : '', f.sql ?? '']
    : n.kind === 'batch' ? [f.rows_landed ?? f.rows ? t('home.rows_n', { n: num(Number(f.rows_landed ?? f.rows)) }) : '', f.account_name ?? f.account ?? '', /\d{4}-\d\d-\d\d/.test(n.label) || !n.at ? '' : time(n.at)]
      : [f.encoding ? encodingName(f.encoding) : '', f.sha256 ? f.sha256.slice(0, 8) : '']
  return said.filter(Boolean).join(' · ')
}
