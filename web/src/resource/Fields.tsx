import { useQuery } from '@tanstack/react-query'
import { Input } from 'antd'
import { SearchOutlined } from '@ant-design/icons'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { DatasetDetail, DatasetField } from '../api/types'
import { Bar, Chip, Num } from '../app/bits'
import { num, pct } from '../app/format'
import { Loaded, NoResults } from '../app/states'
import { useUrl } from '../app/url'
import { DataTable, type Col } from '../table/DataTable'
import { Export } from '../table/Export'

export function Fields({ d }: { d: DatasetDetail }) {
  const { t } = useTranslation()
  const [query, set] = useUrl()
  const fields = useQuery({ queryKey: ['fields', d.id], queryFn: () => hub.fields(d.id) })
  const columns = useMemo<Col<DatasetField>[]>(() => [
    { key: 'name', title: t('columns.name'), head: true, width: '18%', render: (f) => <><span className="name-plain">{f.name}</span>{f.comment && <div className="sub">{f.comment}</div>}</>, text: (f) => f.name },
    { key: 'type', title: t('columns.type'), width: 146, render: (f) => <span className="chips"><Chip tone={f.type === 'text' ? 'off' : 'run'}>{t(`type.${f.type}`)}</Chip>{f.reading && <Chip tone="violet" title={t('field.reading_text')}>{t('field.reading', { type: t(`type.${f.reading}`) })}</Chip>}</span>, text: (f) => f.type },
    { key: 'unit', title: t('columns.unit'), width: 76, render: (f) => f.unit || '—', text: (f) => f.unit },
    { key: 'fill', title: t('field.fill'), width: 150, render: (f) => (f.fill_rate === undefined ? '—' : <span className="fill"><Bar share={f.fill_rate} tone={f.fill_rate > 0.95 ? 'ok' : f.fill_rate > 0.5 ? 'warn' : 'bad'} label={`${t('field.fill')} ${pct(f.fill_rate)}`} /><span className="num">{pct(f.fill_rate)}</span></span>), text: (f) => f.fill_rate },
    { key: 'distinct', title: t('field.distinct'), width: 92, align: 'right', render: (f) => <Num value={f.distinct} />, text: (f) => f.distinct },
    { key: 'unread', title: t('field.unread'), hint: t('field.unread_text'), width: 106, align: 'right', render: (f) => <span className={`num ${f.unread ? 'warn' : 'muted'}`}>{num(f.unread ?? 0)}</span>, text: (f) => f.unread },
    { key: 'range', title: t('field.range'), width: '16%', render: (f) => (f.min === undefined && f.max === undefined ? '—' : <span className="range num" title={`${f.min} … ${f.max}`}><span>{f.min}</span><span>{f.max}</span></span>), text: (f) => `${f.min ?? ''} … ${f.max ?? ''}` },
    { key: 'samples', title: t('field.samples'), render: (f) => <span className="samples">{f.samples.slice(0, 3).map((s, i) => <code key={i} title={s}>{s}</code>)}</span>, text: (f) => f.samples.join(' | ') },
  ], [t])
  return (
    <Loaded of={fields}>{(all) => {
      const q = (query.q ?? '').trim().toLowerCase()
      const rows = q ? all.filter((f) => `${f.name} ${f.comment ?? ''}`.toLowerCase().includes(q)) : all
      return (
        <DataTable id="fields" caption={t('tab.fields')} columns={columns} rows={rows} rowKey={(f) => String(f.id)}
          left={<Input allowClear size="small" prefix={<SearchOutlined />} aria-label={t('field.find')} placeholder={t('field.find')} style={{ width: 220 }} value={query.q ?? ''} onChange={(e) => set({ q: e.target.value || undefined })} />}
          tools={<Export name={`${d.id}-fields`} columns={columns} page={async () => ({ items: rows })} />}
          foot={rows.length === 0 ? <NoResults onClear={() => set({ q: undefined })} /> : undefined} />
      )
    }}</Loaded>
  )
}
