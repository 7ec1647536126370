// The columns of a table: their names and types as they will land.
import { DownOutlined } from '@ant-design/icons'
import { Button, Input, Select, Switch } from 'antd'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { Area, TableReport } from '../api/types'
import { Card } from '../app/bits'
import { num, pct } from '../app/format'
import { areaOf, withArea } from './grid'
import type { Item } from './machine'
import { uploader } from './uploader'
import { types } from './words'

export function Columns({ item, tables, table }: { item: Item; tables: TableReport[]; table: TableReport }) {
  const { t } = useTranslation()
  const [open, setOpen] = useState(table.columns.some((c) => c.unread > 0 || /^column_\d+$/.test(c.name)))
  const area = areaOf(table)
  const put = (patch: Partial<Area>) => uploader.adjust(item.key, withArea(item.options, tables, table.n, { ...area, ...patch }))
  const original = (name: string) => Object.entries(area.names ?? {}).find(([, v]) => v === name)?.[0] ?? name
  const skipped = area.skip ?? []
  return (
    <Card title={t('columns.title', { n: num(table.columns.length) })} flush extra={<Button type="text" size="small" aria-expanded={open} onClick={() => setOpen(!open)}>{t(open ? 'common.fold' : 'columns.set')} <DownOutlined rotate={open ? 180 : 0} className="tiny" /></Button>}>
      {open && (
        <div className="cols" role="region" aria-label={t('columns.title', { n: num(table.columns.length) })} tabIndex={0}>
          <table>
            <thead><tr><th scope="col">{t('columns.name')}</th><th scope="col">{t('columns.type')}</th><th scope="col">{t('columns.unit')}</th><th scope="col" className="right">{t('columns.nulls')}</th><th scope="col" className="right">{t('columns.unread')}</th><th scope="col">{t('columns.land')}</th></tr></thead>
            <tbody>
              {table.columns.map((c) => (
                <tr key={c.name} className={skipped.includes(c.name) ? 'dim' : ''}>
                  <td><Name label={t('columns.name_of', { name: c.name })} value={c.name} onCommit={(v) => put({ names: { ...area.names, [original(c.name)]: v } })} /></td>
                  <td><Select aria-label={t('columns.type_of', { name: c.name })} size="small" style={{ width: 110 }} value={c.type} options={types.map((v) => ({ value: v, label: t(`type.${v}`) }))} onChange={(v) => put({ types: { ...area.types, [c.name]: v } as never })} /></td>
                  <td>{c.unit || '—'}</td>
                  <td className="right num">{table.rows > 0 ? pct(c.nulls / table.rows) : '—'}</td>
                  <td className={`right num ${c.unread > 0 ? 'warn' : ''}`}>{num(c.unread)}</td>
                  <td><Switch size="small" aria-label={t('columns.land_of', { name: c.name })} checked={!skipped.includes(c.name)} onChange={(v) => put({ skip: v ? skipped.filter((s) => s !== c.name) : [...skipped, c.name] })} /></td>
                </tr>
              ))}
              {skipped.filter((s) => !table.columns.some((c) => c.name === s)).map((s) => (
                <tr key={s} className="dim"><td colSpan={5}>{s}</td><td><Switch size="small" aria-label={t('columns.land_of', { name: s })} checked={false} onChange={() => put({ skip: skipped.filter((x) => x !== s) })} /></td></tr>
              ))}
            </tbody>
          </table>
          <p className="muted">{t('columns.note')}</p>
        </div>
      )}
    </Card>
  )
}

function Name({ label, value, onCommit }: { label: string; value: string; onCommit: (v: string) => void }) {
  const [text, setText] = useState(value)
  const commit = () => { const v = text.trim(); if (v && v !== value) onCommit(v); else setText(value) }
  return <Input aria-label={label} size="small" value={text} onChange={(e) => setText(e.target.value)} onBlur={commit} onPressEnter={commit} />
}
