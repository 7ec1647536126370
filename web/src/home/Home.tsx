// 工作台: what needs me, what goes on, what came in.
import { ArrowRightOutlined, CheckCircleOutlined, CloseCircleOutlined, CloudUploadOutlined, QuestionCircleOutlined, SafetyCertificateOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button } from 'antd'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Summary } from '../api/types'
import { Days } from '../chart/Days'
import { RunList } from '../app/RunList'
import { statusTone } from '../app/status'
import { Card, Dot, Fresh, Num, PageHead, When } from '../app/bits'
import { hourOfDay, longDay, num, short, time } from '../app/format'
import { may, useMe } from '../app/session'
import { Empty, Loaded, NoRight, Skeleton } from '../app/states'

export default function Home() {
  const { t } = useTranslation()
  const me = useMe()
  const can = may(me, 'read_entry')
  const summary = useQuery({ queryKey: ['summary'], queryFn: hub.summary, enabled: can, refetchInterval: (q) => ((q.state.data?.running.length ?? 0) > 0 ? 4000 : 60_000) })
  const failed = useQuery({ queryKey: ['batches', 'failed'], queryFn: () => hub.batches({ status: 'failed', limit: 5 }), enabled: can, staleTime: 15_000 })
  const h = hourOfDay()
  const greeting = t(h < 6 ? 'home.night' : h < 11 ? 'home.morning' : h < 13 ? 'home.noon' : h < 18 ? 'home.afternoon' : 'home.evening', { name: me?.name ?? '' })
  return (
    <>
      <PageHead title={t('menu.home')} sub={<>{greeting} · {longDay()}</>} actions={may(me, 'land') && <Link to="/collect"><Button type="primary" icon={<CloudUploadOutlined />} tabIndex={-1}>{t('menu.upload')}</Button></Link>} />
      {me && !can ? <NoRight right="read_entry" /> : <Loaded of={summary} skeleton={<Skeleton kind="page" rows={8} />}>{(s) => <Board s={s} failed={failed.data?.items ?? []} failedTotal={failed.data?.total_estimate} canLand={may(me, 'land')} />}</Loaded>}
    </>
  )
}

function Board({ s, failed, failedTotal, canLand }: { s: Summary; failed: Summary['recent']; failedTotal: number | undefined; canLand: boolean }) {
  const { t } = useTranslation()
  const calm = s.waiting.length === 0 && s.quarantine.open === 0 && failed.length === 0
  const figures: [string, number, { to: string; search?: Record<string, string> }][] = [
    ['datasets', s.totals.datasets, { to: '/datasets' }], ['rows', s.totals.rows, { to: '/datasets', search: { sort: 'rows' } }], ['batches', s.totals.batches, { to: '/batches' }],
    ['departments', s.totals.departments, { to: '/datasets' }], ['objects', s.totals.objects, { to: '/batches', search: { status: 'kept_as_object' } }],
  ]
  return (
    <>
      <section className="figures" aria-label={t('home.totals')}>
        {figures.map(([k, n, door]) => {
          const v = short(n)
          return <Link key={k} to={door.to} search={(door.search ?? {})} className="figure"><b className="num">{v.value}<small>{v.unit || t(`home.unit_${k}`)}</small></b><span>{t(`home.${k}`)}</span></Link>
        })}
        <div className="figure figure-wide"><Days days={s.totals.days} /></div>
      </section>
      <div className="board">
        <div className="board-main">
          <Card title={t('home.mine')} flush>
            {calm ? <div className="calm"><CheckCircleOutlined aria-hidden /><div><b>{t('home.calm')}</b><p>{t('home.calm_text')}</p></div></div> : (
              <div className="needs">
                <Need icon={<QuestionCircleOutlined />} tone="warn" n={s.waiting.length} title={t('home.waiting')} to="/batches" search={{ status: 'waiting' }} none={t('home.waiting_none')}>
                  {s.waiting.slice(0, 3).map((b) => <li key={b.id}><Link to="/batches" search={{ row: b.id }}>{b.dataset_name || b.file}</Link><small>{b.reason || b.file}</small></li>)}
                </Need>
                <Need icon={<SafetyCertificateOutlined />} tone="bad" n={s.quarantine.open} title={t('home.held')} to="/quarantine" none={t('home.held_none')}>
                  {s.quarantine.datasets.slice(0, 3).map((d) => <li key={d.value}><Link to="/quarantine" search={{ dataset: d.value }}>{d.label || d.value}</Link><small className="num">{t('home.lines', { n: num(d.count) })}</small></li>)}
                </Need>
                <Need icon={<CloseCircleOutlined />} tone="bad" n={failedTotal ?? failed.length} title={t('home.failed')} to="/batches" search={{ status: 'failed' }} none={t('home.failed_none')}>
                  {failed.slice(0, 3).map((b) => <li key={b.id}><Link to="/batches" search={{ row: b.id }}>{b.file.slice(b.file.lastIndexOf('/') + 1)}</Link><small>{b.reason}</small></li>)}
                </Need>
              </div>
            )}
          </Card>
          <Card title={t('home.recent')} extra={<Link to="/batches" className="more">{t('common.all')} <ArrowRightOutlined aria-hidden /></Link>} flush>
            {s.recent.length === 0
              ? <Empty title={t('batch.empty')} text={t('batch.empty_text')} action={canLand && <Link to="/collect"><Button type="primary" tabIndex={-1}>{t('menu.upload')}</Button></Link>} />
              : <ul className="recent">{s.recent.slice(0, 8).map((b) => (
                <li key={b.id}>
                  <span className="recent-what"><Link to="/batches" search={{ row: b.id }} title={b.file}>{b.file.slice(b.file.lastIndexOf('/') + 1)}</Link><small>{b.status === 'kept_as_object' ? [b.department_name, t('object.trail')].filter(Boolean).join(' · ') : [b.department_name ?? b.department, b.dataset_name || b.dataset, b.member?.slice(b.member.lastIndexOf('/') + 1)].filter(Boolean).join(' · ')}</small></span>
                  <span className="recent-n"><Num value={b.rows_landed} />{b.rows_quarantined > 0 && <Link to="/quarantine" search={{ batch: b.id }} className="warn num">+{num(b.rows_quarantined)} {t('receipt.held')}</Link>}</span>
                  <Dot tone={statusTone[b.status] ?? 'off'}>{t(`status.${b.status}`, b.status)}</Dot>
                  <When at={b.at} />
                </li>
              ))}</ul>}
          </Card>
        </div>
        <div className="board-side">
          <Card title={t('home.running')} flush>
            {s.running.length === 0 ? <p className="quiet">{t('home.running_none')}</p> : <RunList runs={s.running} />}
          </Card>
          <Card title={t('home.fresh')} extra={<Link to="/datasets" className="more">{t('common.all')} <ArrowRightOutlined aria-hidden /></Link>} flush>
            {s.fresh.length === 0 ? <p className="quiet">{t('home.fresh_none')}</p> : <ul className="fresh">{s.fresh.slice(0, 8).map((d) => <li key={d.id}><span><Link to="/datasets/$id" params={{ id: d.id }} search={{}}>{d.name}</Link><small>{d.department_name || d.id} · {t('home.rows_n', { n: num(d.rows) })}</small></span><Fresh at={d.updated_at} /></li>)}</ul>}
          </Card>
          <p className="as-of num">{t('state.as_of', { at: time(s.generated_at) })}</p>
        </div>
      </div>
    </>
  )
}

function Need({ icon, tone, n, title, to, search, none, children }: { icon: ReactNode; tone: 'warn' | 'bad'; n: number; title: string; to: string; search?: Record<string, string>; none: string; children: ReactNode }) {
  return (
    <div className={`need ${n > 0 ? `need-${tone}` : ''}`}>
      <Link to={to} search={(search ?? {})} className="need-head"><span aria-hidden="true">{icon}</span><b className="num">{num(n)}</b><span>{title}</span></Link>
      {n > 0 ? <ul>{children}</ul> : <p className="muted">{none}</p>}
    </div>
  )
}
