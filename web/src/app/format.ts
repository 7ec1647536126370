// Numbers, dates and sizes as a person reads them, in the chosen language.
import { langOf } from './i18n'

const none = '—'
const zone = 'Asia/Shanghai'
const isZh = () => langOf() === 'zh-CN'

/** num prints every digit: 86,525. */
export function num(n: number | null | undefined): string {
  return n === null || n === undefined || Number.isNaN(n) ? none : n.toLocaleString(langOf())
}

/** short prints a large number with its unit: 8.7 万, 1.2 亿; 87K, 120M in English. */
export function short(n: number | null | undefined): { value: string; unit: string } {
  if (n === null || n === undefined) return { value: none, unit: '' }
  const steps: [number, string][] = isZh() ? [[1e8, '亿'], [1e4, '万']] : [[1e9, 'B'], [1e6, 'M'], [1e4, 'K']]
  for (const [size, unit] of steps) {
    const by = unit === 'K' ? 1e3 : size
    if (Math.abs(n) >= size) return { value: (n / by).toLocaleString(langOf(), { maximumFractionDigits: n / by >= 1000 ? 0 : n / by >= 100 ? 1 : 2 }), unit }
  }
  return { value: num(n), unit: '' }
}

const trim = (s: string) => s.replace(/\.?0+$/, '')

/** bytes prints a size in binary steps with one decimal: 1.2 MB. */
export function bytes(n: number | null | undefined): string {
  if (n === null || n === undefined) return none
  if (n < 1024) return `${n} B`
  const units = ['KB', 'MB', 'GB', 'TB']
  let v = n
  let i = -1
  do {
    v /= 1024
    i++
  } while (v >= 1024 && i < units.length - 1)
  return `${v >= 100 ? v.toFixed(0) : v.toFixed(1)} ${units[i]}`
}

/** pct prints a share of 0 to 1; never "100%" for less than all. */
export function pct(share: number | null | undefined): string {
  if (share === null || share === undefined || Number.isNaN(share)) return none
  const p = share * 100
  if (p === 0 || p === 100) return `${p}%`
  if (p > 99.9) return '99.9%'
  return p < 0.1 ? '<0.1%' : `${trim(p.toFixed(1))}%`
}

/** time prints a moment: 11-23 16:20, with the year when it is another one. */
export function time(at: string | null | undefined, now = new Date()): string {
  const d = parse(at)
  if (!d) return none
  const p = parts(d)
  const day = p.year === parts(now).year ? `${p.month}-${p.day}` : `${p.year}-${p.month}-${p.day}`
  return `${day} ${p.hour}:${p.minute}`
}

/** fullTime prints a moment to the second. */
export function fullTime(at: string | null | undefined): string {
  const d = parse(at)
  if (!d) return none
  const p = parts(d)
  return `${p.year}-${p.month}-${p.day} ${p.hour}:${p.minute}:${p.second}`
}

/** longDay prints a day as it is said: 2026年11月25日 星期三. */
export function longDay(d = new Date()): string {
  return new Intl.DateTimeFormat(langOf(), { timeZone: zone, year: 'numeric', month: 'long', day: 'numeric', weekday: 'long' }).format(d)
}

/** hourOfDay is the hour in Shanghai, for a greeting. */
export const hourOfDay = (d = new Date()) => Number(parts(d).hour)

/** ago prints how long since: 3 分钟前. */
export function ago(at: string | null | undefined, now = Date.now()): string {
  const d = parse(at)
  if (!d) return none
  const s = Math.round((d.getTime() - now) / 1000)
  const f = new Intl.RelativeTimeFormat(langOf(), { numeric: 'auto' })
  const a = Math.abs(s)
  if (a < 45) return f.format(0, 'second')
  if (a < 3600) return f.format(Math.round(s / 60), 'minute')
  if (a < 86_400) return f.format(Math.round(s / 3600), 'hour')
  if (a < 30 * 86_400) return f.format(Math.round(s / 86_400), 'day')
  return time(at)
}

/** span prints how long something took: 0.4 s, 2 min 5 s. */
export function span(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined || Number.isNaN(seconds)) return none
  const unit = (v: number, u: string, digits = 0) =>
    new Intl.NumberFormat(langOf(), { style: 'unit', unit: u, unitDisplay: 'short', maximumFractionDigits: digits }).format(v)
  if (seconds > 0 && seconds < 0.05) return `< ${unit(0.1, 'second', 1)}`
  if (seconds < 60) return unit(seconds, 'second', seconds < 10 ? 1 : 0)
  if (seconds < 3600) return `${unit(Math.floor(seconds / 60), 'minute')} ${unit(Math.round(seconds % 60), 'second')}`
  return `${unit(Math.floor(seconds / 3600), 'hour')} ${unit(Math.round((seconds % 3600) / 60), 'minute')}`
}

function parse(at: string | null | undefined): Date | null {
  if (!at) return null
  const d = new Date(at)
  return Number.isNaN(d.getTime()) || d.getTime() <= 0 ? null : d
}

function parts(d: Date): Record<string, string> {
  const f = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
  return Object.fromEntries(f.formatToParts(d).map((p) => [p.type, p.value]))
}
