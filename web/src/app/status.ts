// Words and colours of states that several pages show.
import type { TFunction } from 'i18next'
import type { Tone } from './bits'

export const statusTone: Record<string, Tone> = { landed: 'ok', unchanged: 'off', kept_as_object: 'ok', waiting: 'warn', refused: 'bad', running: 'run', failed: 'bad', rolled_back: 'off', done: 'ok', cancelled: 'off', skipped: 'off' }

export const encodingName = (e: string): string => ({ 'utf-8-bom': 'UTF-8 BOM', shift_jis: 'Shift_JIS', 'mac-roman': 'Mac Roman' })[e] ?? e.replace(/^windows/, 'Windows').replace(/^(utf|gb|euc|big)/, (m) => m.toUpperCase()).replace(/(-?jp|-?kr|le|be|k)$/, (m) => m.toUpperCase())

export const formatName = (t: TFunction, f: string): string => t(`format.${f}`, f.toUpperCase())
