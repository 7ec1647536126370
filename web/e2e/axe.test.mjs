// Every route, wide and narrow, in both languages: no violation of WCAG 2.1 A and AA.
import { AxeBuilder } from '@axe-core/playwright'
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { base, login, open, settle } from './browser.mjs'
import { routes } from './routes.mjs'

const check = async (page, name, found) => {
  const r = await new AxeBuilder({ page }).withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa']).analyze()
  for (const v of r.violations) found.push(`${name}: ${v.id} x${v.nodes.length} ${v.nodes[0].target.join(' ')} ${v.nodes[0].any[0]?.message ?? v.nodes[0].all[0]?.message ?? ''}`.slice(0, 260))
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  if (wide > 1) found.push(`${name}: the page is ${wide} px too wide`)
}

for (const [width, height, lang] of [[1440, 900, 'zh-CN'], [1440, 900, 'en-US'], [390, 844, 'zh-CN'], [390, 844, 'en-US']]) {
  test(`${width} px, ${lang}`, { timeout: 400_000 }, async () => {
    const { browser, page } = await open({ width, height, lang })
    page.setDefaultTimeout(30_000)
    const found = []
    try {
      await page.goto(`${base}/login`)
      await page.locator('#account').waitFor()
      await check(page, 'login', found)
      await login(page)
      for (const r of await routes(page)) {
        await page.goto(base + r.path)
        await page.locator('h1').first().waitFor()
        if (r.act) await r.act(page)
        await settle(page)
        await check(page, r.name, found)
      }
    } finally {
      await browser.close()
    }
    // what stands on every page is said once
    const seen = new Set()
    assert.deepEqual(found.filter((f) => { const what = f.slice(f.indexOf(':')); const first = !seen.has(what); seen.add(what); return first }), [])
  })
}
