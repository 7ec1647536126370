// Mending one line: its columns, or the line as it stands; the original is kept.
import { DeleteOutlined, LeftOutlined, PlayCircleOutlined, RightOutlined, SaveOutlined } from '@ant-design/icons'
import { Link } from '@tanstack/react-router'
import { App, Button, Drawer, Input, Segmented } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Quarantined } from '../api/types'
import { Dot, Facts } from '../app/bits'
import { fullTime } from '../app/format'
import { may, useMe } from '../app/session'
import { Failure } from '../app/states'
import { Fault } from './Fault'
import { lineTone } from './Quarantine'

interface Props { line: Quarantined | undefined; lines: Quarantined[]; busy: boolean; onPick: (id: string) => void; onClose: () => void; onReplay: (id: string) => void; onDiscard: (id: string) => void; onSaved: () => void }

export function MendDrawer(p: Props) {
  const { t } = useTranslation()
  const at = p.lines.findIndex((l) => l.id === p.line?.id)
  return (
    <Drawer open={!!p.line} onClose={p.onClose} size={640} title={t('quarantine.mend_title')} destroyOnHidden
      extra={<span className="drawer-step"><Button type="text" icon={<LeftOutlined />} aria-label={t('table.back')} disabled={at <= 0} onClick={() => { const l = p.lines[at - 1]; if (l) p.onPick(l.id) }} /><Button type="text" icon={<RightOutlined />} aria-label={t('table.next')} disabled={at < 0 || at >= p.lines.length - 1} onClick={() => { const l = p.lines[at + 1]; if (l) p.onPick(l.id) }} /></span>}>
      {p.line && <Mend key={`${p.line.id}${p.line.mended ?? ''}`} {...p} line={p.line} />}
    </Drawer>
  )
}

function Mend({ line, busy, onReplay, onDiscard, onSaved }: Props & { line: Quarantined }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const me = useMe()
  const columns = line.columns ?? []
  const fits = columns.length > 0 && line.values?.length === columns.length
  const [how, setHow] = useState<'columns' | 'text'>(fits ? 'columns' : 'text')
  const [text, setText] = useState(line.mended ?? line.text)
  const [values, setValues] = useState<(string | null)[]>(columns.map((_, i) => line.values?.[i] ?? ''))
  const [saving, setSaving] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const can = may(me, 'mend') && (line.status === 'open' || line.status === 'mended')
  const save = async (replay: boolean) => {
    setSaving(true)
    setError(null)
    try {
      await hub.mend(line.id, how === 'columns' ? { values } : { text })
      void message.success(t('quarantine.mended_done'))
      onSaved()
      if (replay) onReplay(line.id)
    } catch (e) {
      setError(e)
    } finally {
      setSaving(false)
    }
  }
  return (
    <div className="drawer-body">
      <p className="reason"><Dot tone={lineTone[line.status] ?? 'off'}>{t(`line.${line.status}`)}</Dot> <b>{line.reason}</b></p>
      {line.note && <p className="muted">{line.note}</p>}
      <section><h3>{t('quarantine.original')}</h3><div className="raw-box"><span className="num">{line.line}</span><Fault text={line.text} reason={line.reason} /></div></section>
      {line.mended && <section><h3>{t('quarantine.now')}</h3><div className="raw-box ok"><Fault text={line.mended} reason="" /></div></section>}
      {can && (
        <section>
          <h3>{t('quarantine.mend')} {columns.length > 0 && <Segmented size="small" value={how} onChange={setHow} aria-label={t('quarantine.mend_how')} options={[{ value: 'columns', label: t('quarantine.by_column') }, { value: 'text', label: t('quarantine.by_line') }]} />}</h3>
          {how === 'text'
            ? <Input.TextArea aria-label={t('quarantine.by_line')} className="mono" autoSize={{ minRows: 3, maxRows: 10 }} value={text} onChange={(e) => setText(e.target.value)} />
            : <div className="mend-columns">{columns.map((c, i) => <label key={c}><span title={c}>{c}</span><Input size="small" value={values[i] ?? ''} onChange={(e) => setValues(values.map((v, j) => (j === i ? e.target.value : v)))} /></label>)}</div>}
          {how === 'columns' && (line.values?.length ?? 0) > columns.length && <p className="bad">{t('quarantine.extra')}: {line.values?.slice(columns.length).map((v, i) => <code key={i} className="extra">{v ?? ''}</code>)}</p>}
          <p className="muted">{t('quarantine.mend_note')}</p>
          {error !== null && <Failure error={error} compact />}
          <div className="drawer-actions">
            <Button danger icon={<DeleteOutlined />} onClick={() => onDiscard(line.id)}>{t('quarantine.discard')}</Button>
            <span className="grow" />
            <Button icon={<SaveOutlined />} loading={saving} onClick={() => void save(false)}>{t('quarantine.save')}</Button>
            <Button type="primary" icon={<PlayCircleOutlined />} loading={saving || busy} onClick={() => void save(true)}>{t('quarantine.save_replay')}</Button>
          </div>
        </section>
      )}
      <section>
        <Facts columns={2} items={[
          [t('common.file'), line.file ?? '—'], [t('quarantine.where'), t('quarantine.line_n', { n: line.line })],
          [t('batch.dataset'), line.dataset ? <Link key="d" to="/datasets/$id" params={{ id: line.dataset }} search={{}}>{line.dataset}</Link> : '—'],
          [t('receipt.batch'), <Link key="b" to="/batches" search={{ row: line.batch }}>{line.batch}</Link>],
          ...(line.account ? [[t('common.who'), line.account] as [string, string], [t('common.when'), line.at ? fullTime(line.at) : '—'] as [string, string]] : []),
        ]} />
      </section>
    </div>
  )
}
