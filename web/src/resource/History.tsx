// 批次与快照: every state of the table; look at an earlier one, or go back to it.
import { EyeOutlined, RollbackOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { App, Button, Input } from 'antd'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { DatasetDetail, Snapshot } from '../api/types'
import { Chip, Code, Dot, Num, When, Who } from '../app/bits'
import { fullTime, num } from '../app/format'
import { Empty, Failure, Loaded } from '../app/states'
import { statusTone } from '../app/status'
import { useUrl } from '../app/url'
import { Pager, usePager } from '../table/DataTable'

export function History({ d }: { d: DatasetDetail }) {
  const { t } = useTranslation()
  const [, set] = useUrl()
  const pager = usePager()
  const { modal, message } = App.useApp()
  const queries = useQueryClient()
  const snapshots = useQuery({ queryKey: ['snapshots', d.id, pager.after], queryFn: () => hub.snapshots(d.id, { after: pager.after, limit: 50 }) })
  const batches = useQuery({ queryKey: ['batches', 'of', d.id, 100], queryFn: () => hub.datasetBatches(d.id, { limit: 100 }) })
  const of = new Map((batches.data?.items ?? []).map((b) => [b.id, b]))
  const back = (s: Snapshot, newer: number) => {
    let typed = ''
    modal.confirm({
      title: t('rollback.title', { at: fullTime(s.at) }), okText: t('rollback.do'), okButtonProps: { danger: true }, width: 520,
      content: (
        <div className="rollback">
          <p>{t('rollback.text', { now: num(d.rows), then: num(s.rows), diff: num(Math.abs(d.rows - s.rows)), more: d.rows >= s.rows ? t('rollback.fewer') : t('rollback.more') })}</p>
          <p>{t('rollback.batches', { n: newer })}</p>
          <p>{t('rollback.kept')}</p>
          <Input aria-label={t('rollback.type', { id: d.id })} placeholder={t('rollback.type', { id: d.id })} onChange={(e) => { typed = e.target.value.trim() }} />
        </div>
      ),
      onOk: async () => {
        if (typed !== d.id) {
          void message.warning(t('rollback.type', { id: d.id }))
          throw new Error('name')
        }
        try {
          await hub.rollback(d.id, s.id)
          void message.success(t('rollback.done', { n: num(s.rows) }))
          await Promise.all(['dataset', 'snapshots', 'rows', 'fields', 'changes'].map((k) => queries.invalidateQueries({ queryKey: [k] })))
        } catch (e) {
          modal.error({ title: t('state.failed'), content: <Failure error={e} compact /> })
        }
      },
    })
  }
  return (
    <Loaded of={snapshots}>{(page) => (
      page.items.length === 0 ? <Empty title={t('history.empty')} text={t('history.empty_text')} /> : (
        <>
          <ol className="timeline">
            {page.items.map((s, i) => {
              const b = s.batch ? of.get(s.batch) : undefined
              return (
                <li key={s.id} className={s.current ? 'on' : ''}>
                  <span className="timeline-when"><When at={s.at} /><small>{t(`operation.${s.operation}`, s.operation)}</small></span>
                  <span className="timeline-dot" aria-hidden="true" />
                  <div className="timeline-what">
                    <p><b className="num">{s.added > 0 ? `+${num(s.added)}` : num(s.added)}</b> {t('history.rows')} <span className="muted">→ <Num value={s.rows} full /></span> {s.current && <Chip tone="run">{t('history.current')}</Chip>} {b && <Dot tone={statusTone[b.status] ?? 'off'}>{t(`status.${b.status}`, b.status)}</Dot>}</p>
                    <p className="muted">{b ? <Link to="/batches" search={{ row: b.id }}>{b.file.slice(b.file.lastIndexOf('/') + 1)}</Link> : s.batch ? <Link to="/batches" search={{ row: s.batch }}>{s.batch}</Link> : ''}{b && <> · <Who account={b.account} name={b.account_name} />{b.rows_quarantined > 0 && <> · <Link to="/quarantine" search={{ batch: b.id }} className="warn">{t('receipt.held')} {num(b.rows_quarantined)}</Link></>}</>} <Code cut={12}>{s.id}</Code></p>
                  </div>
                  <span className="timeline-do no-print">
                    <Button size="small" icon={<EyeOutlined />} onClick={() => set({ tab: 'rows', snapshot: s.current ? undefined : s.id, after: undefined }, { push: true })}>{t('history.look')}</Button>
                    {!s.current && d.can.includes('rollback') && <Button size="small" danger icon={<RollbackOutlined />} onClick={() => back(s, i)}>{t('rollback.do')}</Button>}
                  </span>
                </li>
              )
            })}
          </ol>
          <Pager pager={pager} shown={page.items.length} next={page.next} total={page.total_estimate} />
        </>
      )
    )}</Loaded>
  )
}
