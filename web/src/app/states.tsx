// The states every view has: loading, empty, no results, error, no right, stale.
import { Button } from 'antd'
import { CloudSyncOutlined, CopyOutlined, InboxOutlined, LockOutlined, ReloadOutlined, SearchOutlined, WarningOutlined } from '@ant-design/icons'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/client'
import { useCopy } from './copy'
import { time } from './format'

/** Skeleton draws the layout that is coming, after 200 ms. */
export function Skeleton({ rows = 6, kind = 'rows' }: { rows?: number; kind?: 'rows' | 'cards' | 'page' }) {
  const { t } = useTranslation()
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 200)
    return () => clearTimeout(timer)
  }, [])
  return (
    <div className={`skel skel-${kind}`} role="status" aria-label={t('state.loading')} style={{ visibility: late ? 'visible' : 'hidden' }}>
      {Array.from({ length: rows }, (_, i) => (
        <div key={i} className="skel-line">
          <i style={{ width: `${[62, 48, 70, 54, 40][i % 5]}%` }} />
          {kind === 'rows' && <><i style={{ width: '60%' }} /><i style={{ width: '40%' }} /><i style={{ width: '50%' }} /></>}
        </div>
      ))}
    </div>
  )
}

interface Said { title: string; text?: ReactNode; action?: ReactNode; icon?: ReactNode; tone?: 'plain' | 'bad' | 'warn' }

/** Says is one calm message with what to do next. */
export function Says({ title, text, action, icon, tone = 'plain' }: Said) {
  return (
    <div className={`says says-${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <span className="says-icon" aria-hidden="true">{icon ?? <InboxOutlined />}</span>
      <p className="says-title">{title}</p>
      {text && <div className="says-text">{text}</div>}
      {action && <div className="says-action">{action}</div>}
    </div>
  )
}

/** Empty: there is nothing yet, why, and what to do. */
export const Empty = (p: { title: string; text?: ReactNode; action?: ReactNode; icon?: ReactNode }) => <Says {...p} />

/** NoResults: there is something, but not for these filters. */
export function NoResults({ onClear }: { onClear?: () => void }) {
  const { t } = useTranslation()
  return <Says icon={<SearchOutlined />} title={t('state.no_results')} text={t('state.no_results_text')} action={onClear && <Button onClick={onClear}>{t('state.clear_filters')}</Button>} />
}

/** Failure: what happened, what is safe, what to do, and the id to name when asking for help. */
export function Failure({ error, retry, compact }: { error: unknown; retry?: () => void; compact?: boolean }) {
  const { t } = useTranslation()
  const copy = useCopy()
  const api = error instanceof ApiError ? error : null
  if (api?.denied) return <NoRight right={api.problem.right} detail={api.problem.right ? undefined : api.problem.detail} />
  const problem = api?.problem
  const title = api?.offline ? t('state.offline') : problem?.title || t('state.failed')
  const detail = api?.offline ? t('state.offline_text') : problem?.detail || (error instanceof Error ? error.message : String(error))
  const retryButton = retry && <Button size={compact ? 'small' : 'middle'} icon={<ReloadOutlined />} onClick={retry}>{t('state.retry')}</Button>
  const trace = problem?.trace_id && (
    <button type="button" className="trace" onClick={() => copy(problem.trace_id ?? '')}>
      {t('state.trace')} <code>{problem.trace_id}</code> <CopyOutlined />
    </button>
  )
  return (
    <Says
      tone="bad"
      icon={api?.offline ? <CloudSyncOutlined /> : <WarningOutlined />}
      title={title}
      text={<>
        <div>{detail}</div>
        {problem?.errors?.map((e) => <div key={`${e.location}${e.message}`}>{e.location && <code>{e.location}</code>} {e.message}</div>)}
        {!api?.offline && <div className="says-hint">{problem?.hint || t('state.safe')}</div>}
        {trace}
      </>}
      action={retryButton}
    />
  )
}

/** NoRight says which right is missing and who gives it. */
export function NoRight({ right, detail }: { right?: string | undefined; detail?: string | undefined }) {
  const { t } = useTranslation()
  return (
    <Says tone="warn" icon={<LockOutlined />} title={t('state.no_right')}
      text={<>{detail && <div>{detail}</div>}<div>{right ? t('state.no_right_which', { right: t(`right.${right}`, right) }) : ''}{t('state.no_right_text')}</div></>} />
  )
}

/** Stale says that the figures are of an earlier moment. */
export function Stale({ at, retry }: { at: number; retry?: () => void }) {
  const { t } = useTranslation()
  return (
    <div className="stale" role="status">
      <WarningOutlined aria-hidden /> {t('state.stale', { at: time(new Date(at).toISOString()) })}
      {retry && <button type="button" className="link" onClick={retry}>{t('state.retry')}</button>}
    </div>
  )
}

interface Asked<T> { data: T | undefined; error: unknown; isPending: boolean; isError: boolean; dataUpdatedAt: number; refetch: () => unknown }

/** Loaded shows a query in whichever state it is; old data stays on screen when a refetch fails. */
export function Loaded<T>({ of, children, skeleton }: { of: Asked<T>; children: (data: T) => ReactNode; skeleton?: ReactNode }) {
  if (of.data !== undefined) {
    return <>{of.isError && <Stale at={of.dataUpdatedAt} retry={() => void of.refetch()} />}{children(of.data)}</>
  }
  if (of.isError) return <Failure error={of.error} retry={() => void of.refetch()} />
  return <>{skeleton ?? <Skeleton />}</>
}
