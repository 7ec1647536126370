// A batch in full: its receipt, what differs from last time and the answer to it, what was found.
import { RedoOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { App, Button, Drawer, Radio } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { BatchDetail } from '../api/types'
import { Chip, Code, Dot, Facts } from '../app/bits'
import { num, span } from '../app/format'
import { may, useMe } from '../app/session'
import { Loaded } from '../app/states'
import { ReceiptCard } from './Receipt'
import { RunActions } from '../app/RunList'
import { encodingName, formatName, statusTone } from '../app/status'

export function BatchDrawer({ id, onClose }: { id: string | undefined; onClose: () => void }) {
  const { t } = useTranslation()
  const batch = useQuery({ queryKey: ['batch', id], queryFn: () => hub.batch(id ?? ''), enabled: !!id })
  return (
    <Drawer open={!!id} onClose={onClose} size={680} title={t('batch.title')} destroyOnHidden>
      <Loaded of={batch}>{(b) => <Detail batch={b} />}</Loaded>
    </Drawer>
  )
}

function Detail({ batch: b }: { batch: BatchDetail }) {
  const { t } = useTranslation()
  const { message, modal } = App.useApp()
  const me = useMe()
  const queries = useQueryClient()
  const run = useQuery({ queryKey: ['run', b.run_id], queryFn: () => hub.run(b.run_id ?? ''), enabled: !!b.run_id })
  const again = () => modal.confirm({
    title: t('batch.rerun_title'), content: t('batch.rerun_text'), okText: t('batch.rerun'),
    onOk: async () => {
      try {
        await hub.rerun(b.id)
        void message.success(t('batch.rerun_done'))
        await queries.invalidateQueries({ queryKey: ['batches'] })
      } catch (e) {
        void message.error(e instanceof Error ? e.message : String(e))
      }
    },
  })
  return (
    <div className="drawer-body">
      {b.status === 'waiting' && <Answer batch={b} />}
      <ReceiptCard batch={b} bare />
      {b.first_batch && <p>{t('batch.same_as')} <Link to="/batches" search={{ row: b.first_batch }}>{b.first_batch}</Link></p>}
      {b.questions.length > 0 && <section><h3>{t('upload.questions')}</h3><ul className="plain-list">{b.questions.map((q) => <li key={q}>{q}</li>)}</ul></section>}
      <section>
        <h3>{t('batch.how')}</h3>
        <Facts columns={2} items={[
          [t('common.format'), b.format ? formatName(t, b.format) : '—'], [t('adjust.encoding'), b.encoding ? encodingName(b.encoding) : '—'],
          [t('batch.place'), [b.place?.sheet, b.place?.range, b.place?.path, b.place?.first_line ? t('batch.lines', { from: b.place.first_line, to: b.place.last_line ?? '' }) : ''].filter(Boolean).join(' · ') || '—'],
          [t('adjust.header_rows'), num(b.header_rows)],
        ]} />
      </section>
      {b.notes.length > 0 && <section><h3>{t('batch.notes')}</h3><ul className="notes">{b.notes.map((n, i) => <li key={i}><Chip>{t(`note.${n.kind}`, n.kind)}</Chip> {n.text} <small className="muted num">{n.place}</small></li>)}</ul></section>}
      {b.rejected.length > 0 && (
        <section><h3>{t('receipt.held')} <Link className="h3-link" to="/quarantine" search={{ batch: b.id }}>{t('batch.all_held', { n: num(b.rows_quarantined) })}</Link></h3>
          <ul className="notes">{b.rejected.slice(0, 5).map((r) => <li key={r.line}><Chip tone="bad">{t('quarantine.line_n', { n: r.line })}</Chip> {r.reason}<code className="raw">{r.text}</code></li>)}</ul></section>
      )}
      {run.data && (
        <section>
          <h3>{t('batch.run')}</h3>
          <ol className="steps">{run.data.steps.map((s, i) => <li key={i}><Dot tone={statusTone[s.state] ?? 'off'}>{t(`step.${s.name}`, s.name)}</Dot><small className="num muted">{s.started_at && s.ended_at ? span((Date.parse(s.ended_at) - Date.parse(s.started_at)) / 1000) : ''}</small>{s.message && <p className="muted">{s.message}</p>}</li>)}</ol>
          {run.data.errors.map((e) => <p key={e} className="bad">{e}</p>)}
          <p className="muted"><Code>{run.data.id}</Code> <RunActions run={run.data} /></p>
        </section>
      )}
      {may(me, 'land') && <div className="drawer-actions no-print"><Button icon={<RedoOutlined />} onClick={again}>{t('batch.rerun')}</Button></div>}
    </div>
  )
}

/** Answer decides on a delivery that differs from its dataset. */
function Answer({ batch: b }: { batch: BatchDetail }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const me = useMe()
  const queries = useQueryClient()
  const [decision, setDecision] = useState<string>('')
  const [busy, setBusy] = useState(false)
  const send = async () => {
    setBusy(true)
    try {
      await hub.answer(b.id, decision)
      void message.success(t('batch.answered'))
      await Promise.all(['batch', 'batches', 'summary'].map((k) => queries.invalidateQueries({ queryKey: [k] })))
    } catch (e) {
      void message.error(e instanceof Error ? e.message : String(e))
    } finally {
      setBusy(false)
    }
  }
  return (
    <section className="questions" aria-label={t('drift.title')}>
      <h3>{t('batch.answer_title')}</h3>
      <ul className="drift">{b.drift.map((d, i) => <li key={i}><Chip tone="warn">{t(`drift.${d.kind}`, d.kind)}</Chip> {d.text || [d.column, d.was, d.now].filter(Boolean).join(' · ')}</li>)}</ul>
      {may(me, 'land') && (
        <>
          <Radio.Group className="answers" value={decision} onChange={(e) => setDecision(e.target.value as string)} aria-label={t('batch.answer_title')}>
            {['evolve', 'accept', 'quarantine', 'refuse'].map((d) => <Radio key={d} value={d}><b>{t(`decision.${d}`)}</b><small>{t(`decision.${d}_text`)}</small></Radio>)}
          </Radio.Group>
          <Button type="primary" disabled={!decision} loading={busy} onClick={() => void send()}>{t('batch.answer')}</Button>
        </>
      )}
    </section>
  )
}
