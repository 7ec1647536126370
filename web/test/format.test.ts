import { afterEach, expect, test } from 'vitest'
import { ApiError, href } from '../src/api/client'
import i18n from '../src/app/i18n'
import { bytes, pct, short, span, time } from '../src/app/format'
import { toQuery } from '../src/app/url'

afterEach(() => { void i18n.changeLanguage('zh-CN') })

test('large numbers read as people say them', async () => {
  expect(short(86_525)).toEqual({ value: '8.65', unit: '万' })
  expect(short(9_999)).toEqual({ value: '9,999', unit: '' })
  expect(short(120_000_000)).toEqual({ value: '1.2', unit: '亿' })
  await i18n.changeLanguage('en-US')
  expect(short(86_525)).toEqual({ value: '86.53', unit: 'K' })
})

test('a share is 100% only when it is all', () => {
  expect([1, 0.9996, 0.5, 0.0004, 0, undefined].map(pct)).toEqual(['100%', '99.9%', '50%', '<0.1%', '0%', '—'])
})

test('sizes, times and spans', () => {
  expect([0, 1023, 1024, 5_000_000].map(bytes)).toEqual(['0 B', '1023 B', '1.0 KB', '4.8 MB'])
  expect(time('2026-11-23T08:20:00Z', new Date('2026-12-01T00:00:00Z'))).toBe('11-23 16:20')
  expect(time('2025-11-23T08:20:00Z', new Date('2026-12-01T00:00:00Z'))).toBe('2025-11-23 16:20')
  expect(time('0001-01-01T00:00:00Z')).toBe('—')
  expect(span(125)).toContain('2')
  expect(span(0.003)).toMatch(/^< 0\.1/)
  expect(span(0)).toMatch(/^0/)
})

test('addresses carry what is said and nothing else', () => {
  expect(href('/api/x', { q: '市场', after: undefined, limit: 50, empty: '' })).toBe('/api/x?q=%E5%B8%82%E5%9C%BA&limit=50')
  expect(toQuery({ a: 1, b: '', c: undefined, d: 'x' })).toEqual({ a: '1', d: 'x' })
})

test('an error knows what it means', () => {
  expect(new ApiError(0, {}).offline).toBe(true)
  expect(new ApiError(403, { right: 'land' }).denied).toBe(true)
  expect(new ApiError(401, { detail: 'x' }).message).toBe('x')
})
