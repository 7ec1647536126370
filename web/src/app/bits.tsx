// Small pieces that many pages share.
import { CopyOutlined } from '@ant-design/icons'
import { Tooltip } from 'antd'
import { useEffect, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { useCopy } from './copy'
import { ago, fullTime, num, short, time } from './format'

export type Tone = 'ok' | 'run' | 'warn' | 'bad' | 'off' | 'violet'

/** PageHead is the top of a page: where it stands, what it is, what to do on it. */
export function PageHead({ title, trail, sub, actions, mark }: { title: string; trail?: ReactNode; sub?: ReactNode; actions?: ReactNode; mark?: ReactNode }) {
  const { t } = useTranslation()
  useEffect(() => {
    document.title = `${title} · ${t('brand.name')}`
  }, [title, t])
  return (
    <header className="page-head">
      {trail && <nav className="trail" aria-label={t('shell.trail')}>{trail}</nav>}
      <div className="page-head-row">
        <div className="page-head-title"><h1 tabIndex={-1}>{title}</h1>{mark}</div>
        {actions && <div className="page-head-actions no-print">{actions}</div>}
      </div>
      {sub && <p className="page-sub">{sub}</p>}
    </header>
  )
}

/** Dot is a state: a colour and always its word. */
export function Dot({ tone, children }: { tone: Tone; children: ReactNode }) {
  return <span className={`dot dot-${tone}`}><i aria-hidden="true" />{children}</span>
}

export function Chip({ tone = 'off', children, title }: { tone?: Tone; children: ReactNode; title?: string }) {
  return <span className={`chip chip-${tone}`} title={title}>{children}</span>
}

/** Num is a number in tabular digits; long ones are shortened, and say the whole number on hover. */
export function Num({ value, full }: { value: number | null | undefined; full?: boolean }) {
  if (full || value === null || value === undefined || Math.abs(value) < 10_000) return <span className="num">{num(value)}</span>
  const s = short(value)
  return <Tooltip title={num(value)}><span className="num">{s.value}<small> {s.unit}</small></span></Tooltip>
}

/** When is a moment, with how long ago on hover. */
export function When({ at, sub }: { at: string | null | undefined; sub?: boolean }) {
  if (!at) return <span className="num">—</span>
  return <Tooltip title={`${fullTime(at)} · ${ago(at)}`}><time className="num" dateTime={at}>{sub ? ago(at) : time(at)}</time></Tooltip>
}

/** Who is a person: the name, with the account on hover; the account alone when nobody knows it any more. */
export function Who({ account, name }: { account: string; name?: string | undefined }) {
  return name ? <span title={account}>{name}</span> : <>{account}</>
}

/** Code is an identifier that can be copied; a long one is cut in the middle. */
export function Code({ children, cut }: { children: string; cut?: number }) {
  const { t } = useTranslation()
  const copy = useCopy()
  const shown = cut && children.length > cut ? `${children.slice(0, cut - 4)}…${children.slice(-4)}` : children
  return (
    <button type="button" className="code" title={children} onClick={(e) => { e.stopPropagation(); copy(children) }}>
      <span className="sr">{t('common.copy')}</span><code>{shown}</code><CopyOutlined aria-hidden />
    </button>
  )
}

/** Facts is a list of names and values in columns. */
export function Facts({ items, columns = 2 }: { items: [string, ReactNode][]; columns?: 1 | 2 | 3 | 4 }) {
  return (
    <dl className={`facts facts-${columns}`}>
      {items.map(([k, v]) => <div key={k}><dt>{k}</dt><dd>{v === '' || v === undefined || v === null ? '—' : v}</dd></div>)}
    </dl>
  )
}

export function Card({ title, extra, children, flush, className = '' }: { title?: ReactNode; extra?: ReactNode; children: ReactNode; flush?: boolean; className?: string }) {
  return (
    <section className={`card ${flush ? 'card-flush' : ''} ${className}`}>
      {title && <div className="card-head"><h2>{title}</h2>{extra && <div className="card-extra">{extra}</div>}</div>}
      {children}
    </section>
  )
}

/** Bar shows a share of 0 to 1. */
export function Bar({ share, label, tone = 'run' }: { share: number; label: string; tone?: Tone }) {
  return (
    <span className={`bar bar-${tone}`} role="img" aria-label={label}>
      <i style={{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }} />
    </span>
  )
}

/** Progress is how far a thing is; without a total it only moves. */
export function Progress({ done, total, label }: { done: number; total: number; label: string }) {
  const known = total > 0
  const p = known ? Math.min(100, Math.floor((done / total) * 100)) : undefined
  return (
    <span className={`prog ${known ? '' : 'prog-open'}`} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100} aria-valuenow={p}>
      <i style={known ? { width: `${p}%` } : undefined} />
    </span>
  )
}

/** Fresh is how new data is: green today, amber after a week, grey after a quarter. */
export function Fresh({ at }: { at: string | undefined }) {
  const days = daysSince(at)
  return <Dot tone={days < 7 ? 'ok' : days < 90 ? 'warn' : 'off'}><When at={at} sub /></Dot>
}

/** daysSince is how old a moment is, in days. */
function daysSince(at: string | undefined): number {
  return at ? (Date.now() - new Date(at).getTime()) / 86_400_000 : Number.POSITIVE_INFINITY
}

/** Marked draws text with the parts that were searched for. */
export function Marked({ parts }: { parts: { text: string; hit?: boolean }[] }) {
  return <>{parts.map((p, i) => (p.hit ? <mark key={i}>{p.text}</mark> : <span key={i}>{p.text}</span>))}</>
}
