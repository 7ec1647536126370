import { ArrowRightOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { DatasetDetail } from '../api/types'
import { Bar, Chip, Code, Dot, Facts, Fresh, Num, When, Who } from '../app/bits'
import { bytes, num, pct } from '../app/format'
import { Loaded, Skeleton } from '../app/states'
import { encodingName, formatName, statusTone } from '../app/status'

/** Overview answers: what is it, how much, how fresh, how good, what happens to the next delivery. */
export function Overview({ d }: { d: DatasetDetail }) {
  const { t } = useTranslation()
  const fields = useQuery({ queryKey: ['fields', d.id], queryFn: () => hub.fields(d.id) })
  const batches = useQuery({ queryKey: ['batches', 'of', d.id], queryFn: () => hub.datasetBatches(d.id, { limit: 5 }) })
  const filled = fields.data?.flatMap((f) => (f.fill_rate === undefined ? [] : [f.fill_rate])) ?? []
  const fill = filled.length ? filled.reduce((a, b) => a + b, 0) / filled.length : undefined
  const thin = fields.data?.filter((f) => f.fill_rate !== undefined && f.fill_rate < 0.5) ?? []
  const unread = fields.data?.reduce((n, f) => n + (f.unread ?? 0), 0) ?? 0
  const total = d.rows + d.quarantined
  return (
    <div className="overview">
      <div className="overview-main">
        {d.description && <p className="lead">{d.description}</p>}
        <div className="tiles">
          <Link to="." search={{ tab: 'rows' }} className="tile"><span>{t('dataset.rows')}</span><b><Num value={d.rows} /></b></Link>
          <Link to="." search={{ tab: 'fields' }} className="tile"><span>{t('dataset.fields')}</span><b className="num">{num(d.fields)}</b></Link>
          <Link to="." search={{ tab: 'history' }} className="tile"><span>{t('dataset.updated')}</span><b><Fresh at={d.updated_at} /></b></Link>
          <Link to="/quarantine" search={{ dataset: d.id }} className="tile"><span>{t('dataset.held')}</span><b className={`num ${d.quarantined ? 'warn' : ''}`}>{num(d.quarantined)}</b></Link>
        </div>
        <h3>{t('dataset.about')}</h3>
        <Facts columns={2} items={[
          [t('dataset.id'), <Code key="i">{d.id}</Code>], [t('receipt.sql'), <Code key="s">{d.sql}</Code>],
          [t('common.department'), d.department_name || d.department], [t('dataset.theme'), d.theme],
          [t('dataset.station'), t(`station.${d.station}`)], [t('common.format'), d.format ? formatName(t, d.format) : ''],
          [t('dataset.size'), <span key="z" className="num">{bytes(d.size_bytes)}</span>], [t('dataset.by'), d.account ? <Who key="w" account={d.account} name={d.account_name} /> : '—'],
          [t('dataset.created'), <When key="c" at={d.created_at} />], [t('dataset.updated'), <When key="u" at={d.updated_at} />],
          [t('receipt.snapshot'), d.snapshot ? <Code key="n" cut={12}>{d.snapshot}</Code> : ''], [t('dataset.recipe'), recipe(d)],
        ]} />
        <h3>{t('dataset.latest')} <Link className="h3-link" to="." search={{ tab: 'history' }}>{t('common.all')} <ArrowRightOutlined aria-hidden /></Link></h3>
        <Loaded of={batches} skeleton={<Skeleton rows={3} />}>{(p) => (
          <ul className="recent">{p.items.map((b) => (
            <li key={b.id}>
              <span className="recent-what"><Link to="/batches" search={{ row: b.id }}>{b.file.slice(b.file.lastIndexOf('/') + 1)}</Link><small><Who account={b.account} name={b.account_name} /></small></span>
              <span className="recent-n"><Num value={b.rows_landed} /></span><Dot tone={statusTone[b.status] ?? 'off'}>{t(`status.${b.status}`, b.status)}</Dot><When at={b.at} />
            </li>
          ))}</ul>
        )}</Loaded>
      </div>
      <aside className="overview-side">
        <h3>{t('quality.title')}</h3>
        <dl className="quality">
          <div><dt>{t('quality.landed')}</dt><dd><Bar share={total ? d.rows / total : 1} tone="ok" label={t('quality.landed')} /><span className="num">{pct(total ? d.rows / total : 1)}</span></dd></div>
          <div><dt>{t('quality.fill')}</dt><dd>{fill === undefined ? '—' : <><Bar share={fill} tone={fill > 0.9 ? 'ok' : fill > 0.6 ? 'warn' : 'bad'} label={t('quality.fill')} /><span className="num">{pct(fill)}</span></>}</dd></div>
          <div><dt>{t('quality.unread')}</dt><dd><span className={`num ${unread ? 'warn' : ''}`}>{num(unread)}</span></dd></div>
          <div><dt>{t('quality.thin')}</dt><dd>{thin.length === 0 ? <span className="num">0</span> : <span className="chips">{thin.slice(0, 4).map((f) => <Chip key={f.id} tone="warn">{f.name} {pct(f.fill_rate)}</Chip>)}{thin.length > 4 && <Chip>+{thin.length - 4}</Chip>}</span>}</dd></div>
        </dl>
        <h3>{t('policy.title')}</h3>
        <p className="muted">{t('policy.text')}</p>
        <dl className="policy">
          {policyKinds.map((k) => <div key={k}><dt>{t(`policy.${k}`)}</dt><dd><Chip tone={policyTone[d.policy[k] ?? ''] ?? 'off'}>{t(`decision.${d.policy[k] || 'default'}`)}</Chip></dd></div>)}
        </dl>
        {d.source_files.length > 0 && <><h3>{t('dataset.sources')}</h3><ul className="plain-list">{d.source_files.slice(0, 6).map((f) => <li key={f} className="cut" title={f}>{f}</li>)}</ul></>}
      </aside>
    </div>
  )
}

export const policyKinds = ['column_new', 'column_gone', 'column_renamed', 'type_changed', 'unit_changed', 'rows_out_of_range'] as const
const policyTone: Record<string, 'ok' | 'run' | 'warn' | 'off'> = { accept: 'ok', evolve: 'run', quarantine: 'warn', ask: 'warn' }

function recipe(d: DatasetDetail): string {
  const r = d.recipe
  if (!r) return ''
  return [r.encoding ? encodingName(r.encoding) : '', r.delimiter ? `“${r.delimiter === '\t' ? '⇥' : r.delimiter}”` : '', ...(r.tables ?? []).map((a) => [a.sheet, a.range, a.first_line ? `L${a.first_line}` : ''].filter(Boolean).join(' '))].filter(Boolean).join(' · ')
}
