// Where a table goes: an existing dataset or a new one, and what differs from last time.
import { useQuery } from '@tanstack/react-query'
import { AutoComplete, Input, Select, Switch } from 'antd'
import { useDeferredValue, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Department, LandedTable, TableReport } from '../api/types'
import { Chip } from '../app/bits'

type Choice = Partial<Pick<LandedTable, 'land' | 'dataset' | 'name' | 'department'>>

const legal = /^[a-z][a-z0-9_]{0,62}$/

export function Target({ table, choice, derived, departments, onChange }: { table: TableReport; choice: Choice; derived: string | undefined; departments: Department[]; onChange: (c: Choice) => void }) {
  const { t } = useTranslation()
  const ids = { dataset: useId(), name: useId(), department: useId(), land: useId() }
  const s = table.suggested
  const dataset = choice.dataset ?? derived ?? s?.id ?? ''
  const [find, setFind] = useState('')
  const text = useDeferredValue(find)
  const found = useQuery({ queryKey: ['datasets', 'pick', text], queryFn: () => hub.datasets({ q: text, limit: 20 }), enabled: text.length > 0, staleTime: 30_000 })
  const exists = dataset === s?.id ? s.exists : dataset !== derived && (found.data?.items.some((d) => d.id === dataset) ?? false)
  const bad = dataset !== '' && !legal.test(dataset)
  const off = choice.land === false
  return (
    <section className={`goal ${off ? 'dim' : ''}`} aria-label={t('target.title')}>
      <div className="goal-land"><label htmlFor={ids.land}>{t('target.land')}</label><Switch id={ids.land} checked={!off} onChange={(v) => onChange({ land: v })} /></div>
      <div className="field field-wide">
        <label htmlFor={ids.dataset}>{t('target.dataset')} {dataset && !bad && <Chip tone={exists ? 'run' : 'ok'}>{t(exists ? 'target.exists' : 'target.new')}</Chip>}</label>
        <AutoComplete id={ids.dataset} value={dataset} disabled={off} status={bad ? 'error' : ''} aria-describedby={`${ids.dataset}-why`}
          options={(found.data?.items ?? []).map((d) => ({ value: d.id, label: <span className="pick-dataset"><b>{d.name}</b><small>{d.id}</small></span> }))}
          onSearch={setFind} onChange={(v: string) => onChange({ dataset: v })} placeholder={t('target.dataset_hint')} />
        <small id={`${ids.dataset}-why`} className={bad ? 'bad' : 'muted'}>{bad ? t('target.bad_id') : dataset === s?.id ? (exists ? s?.why : t('target.none_found')) : t(exists ? 'target.add_to' : 'target.make')}</small>
      </div>
      {!exists && <div className="field"><label htmlFor={ids.name}>{t('target.name')}</label><Input id={ids.name} disabled={off} value={choice.name ?? s?.name ?? table.name} onChange={(e) => onChange({ name: e.target.value })} /></div>}
      {!exists && <div className="field"><label htmlFor={ids.department}>{t('common.department')}</label><Select id={ids.department} aria-label={t('common.department')} disabled={off} allowClear value={(choice.department ?? s?.department) || null} placeholder={t('target.no_department')} options={departments.map((d) => ({ value: d.id, label: d.name }))} showSearch={{ optionFilterProp: 'label' }} onChange={(v: string | null) => onChange({ department: v ?? '' })} /></div>}
      {exists && dataset === s?.id && s.drift.length > 0 && (
        <ul className="drift" aria-label={t('drift.title')}>
          {s.drift.map((d, i) => <li key={i}><Chip tone={d.decision === 'ask' || d.decision === 'refuse' ? 'warn' : 'run'}>{t(`drift.${d.kind}`, d.kind)}</Chip> {d.text || [d.column, d.was, d.now].filter(Boolean).join(' · ')} {d.decision && <small className="muted">{t(`decision.${d.decision}_will`, d.decision)}</small>}</li>)}
        </ul>
      )}
    </section>
  )
}
