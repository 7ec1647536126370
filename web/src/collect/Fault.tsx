import { faultAt } from './faultAt'

/** Fault shows a line's own text with the faulty part marked, when the reason names it. */
export function Fault({ text, reason, short }: { text: string; reason: string; short?: boolean }) {
  const at = faultAt(text, reason)
  const shown = short && text.length > 160 ? `${text.slice(0, 160)}…` : text
  if (!at || at.to > shown.length) return <code className={short ? 'raw one' : 'raw'}>{visible(shown)}</code>
  return <code className={short ? 'raw one' : 'raw'}>{visible(shown.slice(0, at.from))}<mark className="fault">{visible(shown.slice(at.from, at.to)) || '␣'}</mark>{visible(shown.slice(at.to))}</code>
}

/** visible makes separators that cannot be seen visible. */
const visible = (s: string) => s.replaceAll('\t', '⇥').replaceAll('\r', '␍').replaceAll('\u0000', '␀')
