// One file: what was found, what to confirm, how to set it right, where it goes, its receipt.
import { ArrowLeftOutlined, CheckOutlined, FileSearchOutlined, InboxOutlined, QuestionCircleOutlined, RedoOutlined } from '@ant-design/icons'
import { useQueries, useQuery } from '@tanstack/react-query'
import { Button, Checkbox, Input, Radio } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { LandedTable, Member, TableReport } from '../api/types'
import { Card, Chip, Code, Progress } from '../app/bits'
import { bytes, num } from '../app/format'
import { useKeys } from '../app/keyboard'
import { Says, Skeleton } from '../app/states'
import { TabBar } from '../app/TabBar'
import { useUrl } from '../app/url'
import { Adjust } from './Adjust'
import { Columns } from './Columns'
import { areaOf, withArea } from './grid'
import { Grid } from './Grid'
import type { Item } from './machine'
import { Receipts } from './Receipt'
import { Target } from './Target'
import { uploader } from './uploader'
import { encodingName, formatName } from '../app/status'
import { landingTotal, sayTable } from './words'

export function Review({ item, onBack, onNext }: { item: Item; onBack: () => void; onNext: () => void }) {
  const { t } = useTranslation()
  const r = item.report
  return (
    <article className="review" aria-label={item.name}>
      <header className="review-head">
        <Button type="text" className="narrow-only" icon={<ArrowLeftOutlined />} aria-label={t('common.back')} onClick={onBack} />
        <div>
          <h2>{item.name.slice(item.name.lastIndexOf('/') + 1)}</h2>
          <p className="muted">
            {bytes(item.size)}{r?.format && !r.refused && ` · ${formatName(t, r.format)}`}{r?.encoding && ` · ${encodingName(r.encoding)}`}
            {r?.sha256 && <> · <Code cut={14}>{r.sha256}</Code></>}
          </p>
        </div>
      </header>
      <Body item={item} onNext={onNext} />
    </article>
  )
}

function Body({ item, onNext }: { item: Item; onNext: () => void }) {
  const { t } = useTranslation()
  switch (item.stage) {
    case 'waiting':
    case 'uploading':
    case 'paused':
      return <Says icon={<InboxOutlined />} title={t(`stage.${item.stage}`)} text={<><Progress done={item.offset} total={item.size} label={t('stage.uploading')} /><p className="num">{bytes(item.offset)} / {bytes(item.size)}</p><p className={item.stalled ? 'warn' : ''} role="status">{t(item.stalled ? 'upload.stalled' : 'upload.going')}</p></>}
        action={item.stage === 'paused' ? <Button type="primary" onClick={() => uploader.resume(item.key)}>{t('upload.resume')}</Button> : <Button onClick={() => uploader.pause(item.key)}>{t('upload.pause')}</Button>} />
    case 'lost':
      return <Says tone="warn" icon={<FileSearchOutlined />} title={t('upload.lost')} text={t('upload.lost_text', { name: item.name, pct: item.size ? Math.floor((item.offset / item.size) * 100) : 0 })} action={<Repick item={item} />} />
    case 'analysing':
      return <div className="review-wait"><p role="status" className={item.stalled ? 'warn' : ''}>{t(item.stalled ? 'upload.stalled' : 'upload.analysing')}</p><Skeleton rows={7} /></div>
    case 'landing':
      return <Says icon={<InboxOutlined />} title={t('stage.landing')} text={<Landing item={item} />} />
    case 'failed':
      return <Says tone="bad" title={t(`upload.failed_${item.failedAt ?? 'uploading'}`)} text={<><p>{item.fault?.detail || t('state.failed')}</p><p className="says-hint">{item.fault?.hint || t(item.failedAt === 'landing' ? 'upload.safe_landing' : 'state.safe')}</p>{item.fault?.trace && <p>{t('state.trace')} <code>{item.fault.trace}</code></p>}</>} action={<Button type="primary" icon={<RedoOutlined />} onClick={() => uploader.retry(item.key)}>{t('state.retry')}</Button>} />
    case 'refused':
      return <Refused item={item} />
    case 'done':
      return <Receipts item={item} onNext={onNext} />
    case 'confirm':
      return item.report ? <Confirm key={item.uploadId} item={item} /> : <Skeleton />
  }
}

/** Landing shows the rows read so far against those that were found before. */
function Landing({ item }: { item: Item }) {
  const { t } = useTranslation()
  const total = landingTotal(item)
  return (
    <>
      <Progress done={item.done ?? 0} total={total} label={t('stage.landing')} />
      <p>{item.step ? t(`step.${item.step}`, item.step) : ''}{item.done && total > 0 ? <span className="num"> {t('upload.rows_of', { done: num(item.done), total: num(total) })}</span> : ''}</p>
      <p className={item.stalled ? 'warn' : ''} role="status">{t(item.stalled ? 'upload.stalled' : 'upload.landing_text')}</p>
    </>
  )
}

function Repick({ item }: { item: Item }) {
  const { t } = useTranslation()
  return (
    <label className="ant-btn ant-btn-primary ant-btn-variant-solid ant-btn-color-primary pick-again">
      {t('upload.pick_again')}
      <input type="file" className="sr" onChange={(e) => { const f = e.target.files?.[0]; if (f) uploader.add([{ file: f, path: f.name === item.name.slice(item.name.lastIndexOf('/') + 1) ? item.name : f.name }]) }} />
    </label>
  )
}

function Refused({ item }: { item: Item }) {
  const { t } = useTranslation()
  const [password, setPassword] = useState('')
  const why = item.report?.refused
  return (
    <Says tone="bad" title={t(`refusal.${why?.kind ?? 'unknown'}`)} text={<><p>{why?.message}</p><p className="says-hint">{why?.hint}</p><p>{t('refusal.kept')}</p></>}
      action={why?.kind === 'encrypted'
        ? <form className="inline" onSubmit={(e) => { e.preventDefault(); uploader.adjust(item.key, { ...item.options, password }) }}><Input.Password aria-label={t('refusal.password')} placeholder={t('refusal.password')} value={password} autoComplete="off" onChange={(e) => setPassword(e.target.value)} /><Button htmlType="submit" type="primary" loading={item.busy ?? false} disabled={!password}>{t('refusal.open')}</Button></form>
        : why?.kind === 'empty' || why?.kind === 'damaged' || why?.kind === 'pointer'
          ? <Button onClick={() => uploader.remove(item.key)}>{t('refusal.off_list')}</Button>
          : <Button icon={<RedoOutlined />} loading={item.busy ?? false} onClick={() => uploader.adjust(item.key, item.options)}>{t('refusal.again')}</Button>} />
  )
}

type Choice = Partial<Pick<LandedTable, 'land' | 'dataset' | 'name' | 'department'>>

function Confirm({ item }: { item: Item }) {
  const { t } = useTranslation()
  const [query, set] = useUrl()
  const [choices, setChoices] = useState<Record<number, Choice>>({})
  const [ticked, setTicked] = useState<string[]>([])
  const [save, setSave] = useState(true)
  const [named, setNamed] = useState<number[]>([])
  const departments = useQuery({ queryKey: ['departments'], queryFn: hub.departments, staleTime: 300_000 })
  const r = item.report
  const tables = useMemo(() => r?.tables ?? [], [r])
  const current: TableReport | undefined = tables.find((x) => String(x.n) === query.table) ?? tables[0]
  const questions = tables.flatMap((x) => x.questions.map((q) => ({ key: `${x.n}·${q}`, n: x.n, name: x.name, text: q, table: x, column: unitColumn(x, q) })))
  const unnamed = tables.filter((x) => x.suggested?.vague && !x.suggested.exists && (choices[x.n]?.land ?? true) && !choices[x.n]?.dataset && !named.includes(x.n) && !choices[x.n]?.name?.trim())
  const naming = tables.filter((x) => x.suggested?.vague && !x.suggested.exists && (choices[x.n]?.land ?? true) && !choices[x.n]?.dataset)
  const { ids, deriving } = useNewIds(tables, choices)
  const open = [...questions.filter((q) => !ticked.includes(q.key)), ...unnamed]
  const landing = tables.filter((x) => choices[x.n]?.land ?? true)
  const land = () => {
    const list: LandedTable[] = tables.map((x) => {
      const c = choices[x.n] ?? {}
      return { n: x.n, land: c.land ?? true, ...(c.dataset || ids.has(x.n) ? { dataset: c.dataset || ids.get(x.n) } : {}), ...(c.name ? { name: c.name } : {}), ...(c.department ? { department: c.department } : {}) }
    })
    void uploader.land(item.key, list.length > 0 ? list : undefined, save)
  }
  const can = !item.busy && !deriving && open.length === 0 && (tables.length === 0 || landing.length > 0)
  useKeys({ l: () => { if (can) land() } })
  if (!r) return null
  const change = (n: number, c: Choice) => setChoices({ ...choices, [n]: { ...choices[n], ...c } })
  const columnsWere = current && item.columnsWere?.[current.n]
  const tick = (key: string, n: number, on: boolean) => { setTicked(on ? [...ticked, key] : ticked.filter((k) => k !== key)); if (on && tables.length > 1) set({ table: String(n) }) }
  const one = current && (
      <div className={`one-table ${item.busy ? 'dim' : ''}`} aria-busy={item.busy}>
          <ul className="clauses" aria-label={t('upload.found')}>
            {sayTable(t, current).map((c) => <li key={c.key}><Chip tone={c.tone}>{c.text}</Chip></li>)}
          </ul>
          <Target table={current} choice={choices[current.n] ?? {}} derived={ids.get(current.n)} departments={departments.data ?? []} onChange={(c) => change(current.n, c)} />
          <Card title={t('upload.preview')} extra={item.busy ? <span className="busy">{t('upload.again')}</span> : <Legend />} flush>
            {columnsWere !== undefined && columnsWere !== current.columns.length && <p className="columns-changed" role="status">{t('upload.columns_changed', { was: num(columnsWere), now: num(current.columns.length) })}</p>}
            <Adjust item={item} report={r} table={current} />
            <Grid table={current} onArea={(a) => uploader.adjust(item.key, withArea(item.options, tables, current.n, a))} />
          </Card>
          <Columns key={current.n} item={item} tables={tables} table={current} />
        </div>
  )
  return (
    <>
      {item.fault && <Says tone="bad" title={t('upload.failed_analysing')} text={<><p>{item.fault.detail}</p><p className="says-hint">{item.fault.hint || t('upload.kept_first')}</p></>} />}
      {item.recipe && <p className="recipe"><CheckOutlined aria-hidden /> {t('upload.recipe', { name: item.recipe })}</p>}
      {questions.length + naming.length > 0 && (
        <section className={`questions ${open.length === 0 ? 'answered' : ''}`} aria-label={t('upload.questions')}>
          <h3 aria-live="polite">{open.length > 0 ? <><QuestionCircleOutlined aria-hidden /> {t('upload.questions_n', { count: open.length })}</> : <><CheckOutlined aria-hidden /> {t('upload.questions_done')}</>}</h3>
          {naming.map((x) => (
            <Naming key={`name${x.n}`} table={x} many={tables.length > 1} name={choices[x.n]?.name} done={named.includes(x.n) || !!choices[x.n]?.name?.trim()}
              onName={(name) => { change(x.n, { name }); setNamed(name.trim() ? [...named.filter((n) => n !== x.n), x.n] : named.filter((n) => n !== x.n)) }} />
          ))}
          {questions.map((q) => (
            <div key={q.key} className="question">
              {q.column
                ? <Units table={q.table} column={q.column} text={q.text} many={tables.length > 1} kept={ticked.includes(q.key)} busy={item.busy ?? false} onKeep={() => tick(q.key, q.n, true)}
                    onUnit={(u) => { const a = areaOf(q.table); uploader.adjust(item.key, withArea(item.options, tables, q.n, { ...a, units: { ...a.units, [q.column?.name ?? '']: u } })) }} />
                : <Checkbox checked={ticked.includes(q.key)} onChange={(e) => tick(q.key, q.n, e.target.checked)}>{tables.length > 1 && <Chip>{q.name}</Chip>} {q.text}</Checkbox>}
            </div>
          ))}
        </section>
      )}
      {r.members && r.members.length > 0 && <Members members={r.members} />}
      {tables.length === 0 && !r.members?.length && <Says icon={<InboxOutlined />} title={t('upload.object')} text={t('upload.object_text', { format: formatName(t, r.format) })} />}
      {tables.length > 1 && current
        ? <TabBar label={t('upload.found')} active={String(current.n)} onChange={(k) => set({ table: k })} items={tables.map((x) => ({ key: String(x.n), label: <span className={choices[x.n]?.land === false ? 'skipped' : ''}>{x.name || t('upload.table_n', { n: x.n })}{x.questions.some((q) => !ticked.includes(`${x.n}·${q}`)) && <i className="pin" title={t('upload.questions')} />}</span> }))}>{one}</TabBar>
        : one}
      <footer className="review-foot">
        {tables.length > 0 && <Checkbox checked={save} onChange={(e) => setSave(e.target.checked)}>{t('upload.save_recipe')}</Checkbox>}
        <span className="review-why" aria-live="polite">{open.length > 0 ? t('upload.confirm_first', { count: open.length }) : tables.length > 0 && landing.length === 0 ? t('upload.none_chosen') : ''}</span>
        <Button type="primary" size="large" disabled={!can} onClick={land}>{tables.length === 0 ? t('upload.keep') : tables.length > 1 ? t('upload.land_n', { n: landing.length }) : t('upload.land')}</Button>
      </footer>
    </>
  )
}

/** useNewIds asks for the ids of new datasets that a person named, or gave to another department, by the number of the table. */
function useNewIds(tables: TableReport[], choices: Record<number, Choice>): { ids: Map<number, string>; deriving: boolean } {
  const wanted = JSON.stringify(tables.flatMap((x) => {
    const c = choices[x.n]
    const name = c?.name?.trim() || (c?.department === undefined ? '' : x.suggested?.name)
    return !name || c?.dataset || x.suggested?.exists ? [] : [{ n: x.n, name, department: c?.department ?? x.suggested?.department ?? '' }]
  }))
  const [settled, setSettled] = useState(wanted)
  useEffect(() => {
    const timer = setTimeout(() => setSettled(wanted), 250)
    return () => clearTimeout(timer)
  }, [wanted])
  const list = JSON.parse(settled) as { n: number; name: string; department: string }[]
  const found = useQueries({ queries: list.map((d) => ({ queryKey: ['dataset-id', d.department, d.name], queryFn: () => hub.newId(d.name, d.department) })) })
  const ids = new Map(list.flatMap((d, i) => { const id = found[i]?.data?.id; return id ? [[d.n, id] as const] : [] }))
  return { ids, deriving: wanted !== settled || found.some((f) => f.isFetching) }
}

/** unitColumn is the column of several units that a question is about. */
const unitColumn = (x: TableReport, q: string) => x.columns.find((c) => (c.units?.length ?? 0) > 1 && q.includes(`“${c.name}”`))

/** Units asks in which unit a column is read as numbers. */
function Units({ table, column, text, many, kept, busy, onKeep, onUnit }: { table: TableReport; column: TableReport['columns'][number]; text: string; many: boolean; kept: boolean; busy: boolean; onKeep: () => void; onUnit: (unit: string) => void }) {
  const { t } = useTranslation()
  return (
    <>
      <span>{many && <><Chip>{table.name}</Chip> </>}{text}</span>
      <Radio.Group className="question-answers" aria-label={t('units.choose', { name: column.name })} disabled={busy} value={kept ? 'keep' : undefined}
        onChange={(e) => { const v = String(e.target.value); if (v === 'keep') onKeep(); else onUnit(v.slice(1)) }}>
        <Radio value="keep">{t('units.keep')}</Radio>
        {(column.units ?? []).map((u) => <Radio key={u.unit} value={`=${u.unit}`}>{t('units.read', { unit: u.unit || t('units.none'), n: num(u.count) })}</Radio>)}
      </Radio.Group>
      <small className="muted question-answers">{t('units.rest')}</small>
    </>
  )
}

/** Naming asks for a better name of a new dataset than 上海 or 附件2. */
function Naming({ table, many, name, done, onName }: { table: TableReport; many: boolean; name: string | undefined; done: boolean; onName: (name: string) => void }) {
  const { t } = useTranslation()
  const [text, setText] = useState('')
  const was = table.suggested?.name ?? table.name
  return (
    <div className="question">
      <span>{done && <><CheckOutlined aria-hidden className="ok" /> </>}{many && <><Chip>{table.name}</Chip> </>}{done ? t('naming.done', { name: name ?? was }) : t('naming.ask', { name: was })}</span>
      <div className="question-answers">
        {(table.suggested?.names ?? []).map((n) => <Button key={n} size="small" type={done && name === n ? 'primary' : 'default'} onClick={() => onName(n)}>{n}</Button>)}
        <Input size="small" maxLength={100} aria-label={t('naming.own')} placeholder={t('naming.own')} value={text} onChange={(e) => { setText(e.target.value); onName(e.target.value) }} />
        <Button size="small" type={done && name === was ? 'primary' : 'default'} onClick={() => onName(was)}>{t('naming.keep', { name: was })}</Button>
      </div>
    </div>
  )
}

/** Members lists what is in an archive, the files that hold no table too. */
function Members({ members }: { members: Member[] }) {
  const { t } = useTranslation()
  return (
    <details className="members" open={members.some((m) => m.refused)}>
      <summary>{t('members.title', { n: members.length })}</summary>
      <ul>
        {members.map((m) => (
          <li key={m.member}>
            <span className="cut" title={m.member}>{m.member}</span>
            <small className="muted num">{bytes(m.size_bytes)}</small>
            {m.refused ? <Chip tone="bad" title={m.refused.hint}>{m.refused.message}</Chip> : m.ignored ? <Chip>{m.ignored}</Chip> : m.tables > 0 ? <Chip tone="run">{t('members.tables', { count: m.tables })}</Chip> : <Chip tone="ok">{t('members.kept')}</Chip>}
          </li>
        ))}
      </ul>
    </details>
  )
}

function Legend() {
  const { t } = useTranslation()
  return <ul className="legend">{(['note', 'header', 'data', 'total', 'rejected'] as const).map((k) => <li key={k}><i className={`k-${k}`} aria-hidden="true" />{t(`grid.${k}`)}</li>)}</ul>
}
