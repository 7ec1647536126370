// Thirty small bars: rows landed a day. It is drawn by hand: a chart library
// would be two hundred kilobytes for it.
import { useTranslation } from 'react-i18next'
import { num } from '../app/format'

export function Days({ days }: { days: { day: string; batches: number; rows: number }[] }) {
  const { t } = useTranslation()
  const max = Math.max(1, ...days.map((d) => d.rows))
  const total = days.reduce((n, d) => n + d.rows, 0)
  const w = 100 / Math.max(1, days.length)
  return (
    <figure className="days">
      <svg viewBox="0 0 100 32" preserveAspectRatio="none" role="img" aria-label={t('home.days_label', { n: num(total) })}>
        {days.map((d, i) => {
          // square root: a day of a million must not flatten a day of a thousand
          const h = d.rows === 0 ? 0.8 : Math.max(1.6, Math.sqrt(d.rows / max) * 31)
          return <rect key={d.day} x={i * w + w * 0.14} width={w * 0.72} y={32 - h} height={h} rx={0.5} className={d.rows === 0 ? 'none' : i === days.length - 1 ? 'today' : ''}><title>{`${d.day}: ${num(d.rows)}`}</title></rect>
        })}
      </svg>
      <figcaption>{t('home.days')}</figcaption>
    </figure>
  )
}
