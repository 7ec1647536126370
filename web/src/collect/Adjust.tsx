// Every guess about how to read a file, each of which a person may set right.
import { MinusOutlined, PlusOutlined, UndoOutlined } from '@ant-design/icons'
import { Button, Input, Select, Tooltip } from 'antd'
import { useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Area, Report, TableReport } from '../api/types'
import { areaOf, ownOptions, parseRange, withArea, withOwn, type Own } from './grid'
import type { Item } from './machine'
import { uploader } from './uploader'
import { encodingName } from '../app/status'
import { delimiterName, delimiters, encodings, lined } from './words'

export function Adjust({ item, report, table }: { item: Item; report: Report; table: TableReport }) {
  const { t } = useTranslation()
  const ids = { encoding: useId(), delimiter: useId(), place: useId(), last: useId() }
  const text = !!table.dialect
  const area = areaOf(table)
  const own = ownOptions(item.options, table)
  const found = (table.member ? table.encoding : report.encoding) ?? ''
  const set = (patch: Own | null) => uploader.adjust(item.key, withOwn(item.options, table, patch))
  const put = (patch: Partial<Area>) => uploader.adjust(item.key, withArea(item.options, report.tables, table.n, { ...area, ...patch }))
  if (!text && table.place.range === undefined && !lined(table.format)) return null
  const touched = !!(own.encoding || own.delimiter || own.quote || own.tables?.length)
  return (
    <div className="adjust">
      {text && (
        <>
          <div className="field"><label htmlFor={ids.encoding}>{t('adjust.encoding')}</label>
            <Select id={ids.encoding} aria-label={t('adjust.encoding')} size="small" value={own.encoding ?? found} options={[...new Set([found, ...encodings])].filter(Boolean).map((e) => ({ value: e, label: encodingName(e) }))} showSearch onChange={(v: string) => set({ encoding: v })} /></div>
          <div className="field"><label htmlFor={ids.delimiter}>{t('adjust.delimiter')}</label>
            <Select id={ids.delimiter} aria-label={t('adjust.delimiter')} size="small" value={own.delimiter ?? table.dialect?.delimiter ?? ','} options={[...new Set([table.dialect?.delimiter ?? ',', ...delimiters])].map((d) => ({ value: d, label: delimiterName(t, d) }))} onChange={(v: string) => set({ delimiter: v })} /></div>
          <Line key={`first${area.first_line ?? table.place.first_line}`} id={ids.place} label={t('adjust.first_line')} value={area.first_line ?? table.place.first_line ?? 1} onCommit={(n) => put({ first_line: n })} />
          <Line key={`last${area.last_line ?? table.place.last_line}`} id={ids.last} label={t('adjust.last_line')} value={area.last_line || table.place.last_line || 0} onCommit={(n) => put({ last_line: n })} />
        </>
      )}
      {table.place.range !== undefined && !text && <RangeBox key={area.range ?? table.place.range} id={ids.place} value={area.range ?? table.place.range} onCommit={(range) => put({ range })} />}
      {lined(table.format) && <Stepper label={t('adjust.header_rows')} value={table.header_rows} onChange={(n) => put({ header_rows: n })} />}
      {text && own.delimiter && table.dialect && own.delimiter !== table.dialect.delimiter && <p className="adjust-note" role="status">{t('adjust.not_taken', { asked: delimiterName(t, own.delimiter), used: delimiterName(t, table.dialect.delimiter) })}</p>}
      {touched && <Tooltip title={t('adjust.reset_text')}><Button size="small" type="text" icon={<UndoOutlined />} onClick={() => set(null)}>{t('adjust.reset')}</Button></Tooltip>}
    </div>
  )
}

export function Stepper({ label, value, onChange }: { label: string; value: number; onChange: (n: number) => void }) {
  const { t } = useTranslation()
  return (
    <div className="field stepper" role="group" aria-label={label}>
      <span>{label}</span>
      <span className="stepper-box">
        <Button size="small" icon={<MinusOutlined />} aria-label={t('adjust.less')} disabled={value <= 0} onClick={() => onChange(value - 1)} />
        <output className="num">{value}</output>
        <Button size="small" icon={<PlusOutlined />} aria-label={t('adjust.more')} disabled={value >= 12} onClick={() => onChange(value + 1)} />
      </span>
    </div>
  )
}

/** Line commits when one leaves it or presses Enter: every letter would be a look. */
function Line({ id, label, value, onCommit }: { id: string; label: string; value: number; onCommit: (n: number) => void }) {
  const [text, setText] = useState(String(value || ''))
  const commit = () => { const n = Number(text); if (text !== String(value || '') && Number.isInteger(n) && n >= 0) onCommit(n) }
  return <div className="field"><label htmlFor={id}>{label}</label><Input id={id} size="small" className="num" inputMode="numeric" style={{ width: 72 }} value={text} onChange={(e) => setText(e.target.value.replace(/\D/g, ''))} onBlur={commit} onPressEnter={commit} /></div>
}

function RangeBox({ id, value, onCommit }: { id: string; value: string; onCommit: (range: string) => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState(value)
  const bad = parseRange(text) === null
  const commit = () => { if (!bad && text.trim() !== value) onCommit(text.trim().toUpperCase()) }
  return <div className="field"><label htmlFor={id}>{t('adjust.range')}</label><Input id={id} size="small" className="num" style={{ width: 110 }} status={bad ? 'error' : ''} value={text} onChange={(e) => setText(e.target.value)} onBlur={commit} onPressEnter={commit} /></div>
}
