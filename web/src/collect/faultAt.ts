/**
 * faultAt is the part of a line that its reason names: a quoted value that
 * stands in the line, bytes that could not be decoded, a lone quote.
 */
export function faultAt(text: string, reason: string): { from: number; to: number } | null {
  const bad = text.search(/\uFFFD+/)
  if (bad >= 0) return { from: bad, to: bad + (/^\uFFFD+/.exec(text.slice(bad))?.[0].length ?? 1) }
  for (const m of reason.matchAll(/["“「'‘]([^"”」'’]+)["”」'’]/g)) {
    const v = m[1] ?? ''
    const i = text.indexOf(v)
    if (i >= 0) return { from: i, to: i + v.length }
  }
  if (/quote|引号/i.test(reason)) {
    const i = text.lastIndexOf('"')
    if (i >= 0) return { from: i, to: i + 1 }
  }
  return null
}
