// @vitest-environment node
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import en from '../src/locales/en-US.json'
import zh from '../src/locales/zh-CN.json'

const src = join(import.meta.dirname, '../src')

function keys(o: object, under = ''): string[] {
  return Object.entries(o).flatMap(([k, v]) => (typeof v === 'object' ? keys(v as object, `${under}${k}.`) : [under + k]))
}

function* files(dir: string): Generator<string> {
  for (const name of readdirSync(dir)) {
    const path = join(dir, name)
    if (statSync(path).isDirectory()) yield* files(path)
    else if (/\.tsx?$/.test(name) && name !== 'schema.d.ts') yield path
  }
}

const all = new Set(keys(zh))

test('both languages have the same keys', () => {
  expect(keys(en).sort()).toEqual(keys(zh).sort())
})

test('both languages fill the same blanks', () => {
  const at = (o: object, k: string) => k.split('.').reduce<unknown>((v, p) => (v as Record<string, unknown>)[p], o) as string
  const blanks = (s: string) => [...s.matchAll(/\{\{(\w+)\}\}/g)].map((m) => m[1]).filter((b) => b !== 'count').sort()
  for (const k of all) if (!k.endsWith('_one')) expect(blanks(at(en, k)), k).toEqual(blanks(at(zh, k)))
})

test('every key that a page names exists', () => {
  const missing: string[] = []
  for (const path of files(src)) {
    const text = readFileSync(path, 'utf8')
    const named = [...text.matchAll(/\bt\('([a-z_]+\.[a-z0-9_]+)'/g), ...text.matchAll(/\bt\([^'`)]*\? '([a-z_.]+)'/g), ...text.matchAll(/\bt\([^'`)]*\? '[a-z_.]+' : '([a-z_.]+)'/g)]
    for (const m of named) {
      const k = m[1] ?? ''
      if (!all.has(k) && !all.has(`${k}_other`)) missing.push(`${path.slice(src.length)}: ${k}`)
    }
  }
  expect(missing).toEqual([])
})

test('components hold no Chinese text', () => {
  const found: string[] = []
  for (const path of files(src)) {
    readFileSync(path, 'utf8').split('\n').forEach((line, i) => {
      const code = line.replace(/\/\/.*$|\/\*.*\*\/|^\s*\*.*$/g, '').replace(/\{\/\*.*?\*\/\}/g, '')
      // The two units are how Chinese counts; the patterns read reasons the hub wrote.
      if (/[\u4e00-\u9fff]/.test(code) && !/\['?亿|'万'|1e8|\/quote|reason\.matchAll/.test(code)) found.push(`${path.slice(src.length)}:${i + 1} ${code.trim()}`)
    })
  }
  expect(found).toEqual([])
})

test('a concept imports no other concept', () => {
  const shared = new Set(['app', 'api', 'table', 'form', 'chart', 'locales'])
  const broken: string[] = []
  for (const path of files(src)) {
    const rel = path.slice(src.length + 1)
    const own = rel.split('/')[0] ?? ''
    if (rel === 'main.tsx' || rel === 'app/router.tsx') continue
    for (const m of readFileSync(path, 'utf8').matchAll(/from '\.\.\/([a-z]+)\//g)) {
      const to = m[1] ?? ''
      if (to !== own && !shared.has(to)) broken.push(`${rel} imports ${to}`)
    }
  }
  expect(broken).toEqual([])
})
